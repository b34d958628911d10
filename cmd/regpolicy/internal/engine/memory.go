package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// errTooMuchMemory is why a policy was stopped.
var errTooMuchMemory = errors.New("too much memory")

// memoryWatch stops the policies that run when together they hold more memory than
// they may. Go tells only how much the whole process holds.
type memoryWatch struct {
	limit uint64

	mu      sync.Mutex
	running map[int]context.CancelCauseFunc
	next    int
	done    chan struct{}
	ended   sync.WaitGroup
}

// A document takes about ten times its bytes as policies read it, and what they
// derive from it as much again.
const defaultMemory, memoryPerByte = 1 << 30, 20

func memoryFor(inputs []Input) uint64 {
	size := uint64(defaultMemory)
	for i := range inputs {
		size += memoryPerByte * uint64(len(inputs[i].Bytes))
	}
	return size
}

// watchMemory lets the process hold that many bytes.
func watchMemory(limit uint64) *memoryWatch {
	w := &memoryWatch{limit: limit, running: map[int]context.CancelCauseFunc{}, done: make(chan struct{})}
	w.ended.Go(func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ticker.C:
				if liveHeap() > w.limit {
					w.stopAll()
				}
			}
		}
	})
	return w
}

// liveHeap is what the last garbage collection left.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func (w *memoryWatch) stopAll() {
	w.mu.Lock()
	stopped := len(w.running)
	for _, stop := range w.running {
		stop(errTooMuchMemory)
	}
	w.mu.Unlock()
	if stopped == 0 {
		runtime.GC() // what they held is garbage now, and the next must not answer for it
	}
}

// policy is the context in which one policy runs.
func (w *memoryWatch) policy(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	limited, cancel := context.WithTimeout(ctx, limit)
	stoppable, stop := context.WithCancelCause(limited)
	w.mu.Lock()
	defer w.mu.Unlock()
	id := w.next
	w.next++
	w.running[id] = stop
	return stoppable, func() {
		w.mu.Lock()
		delete(w.running, id)
		w.mu.Unlock()
		stop(nil)
		cancel()
	}
}

func (w *memoryWatch) close() {
	close(w.done)
	w.ended.Wait()
}

func (w *memoryWatch) allowance() string { return fmt.Sprintf("%d MiB", w.limit>>20) }
