package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"
)

// errTooMuchMemory is why a policy was stopped, errTooMuchStack where it was for what its
// calls within calls take.
var (
	errTooMuchMemory = errors.New("too much memory")
	errTooMuchStack  = fmt.Errorf("%w for its stack", errTooMuchMemory)
)

// memoryWatch stops the policies that run when together they hold more memory than
// they may. Go tells only how much the whole process holds.
type memoryWatch struct {
	limit atomic.Int64
	// ceiling is what it may hold whatever the limit says.
	ceiling int64
	// stack is what all stacks together may take.
	stack int64

	mu      sync.Mutex
	running map[int]context.CancelCauseFunc
	next    int
	done    chan struct{}
	ended   sync.WaitGroup
}

// A document takes about ten times its bytes as policies read it, and what they
// derive from it as much again.
const defaultMemory, memoryPerByte = 1 << 30, 20

// maxStack bounds the stacks of the whole process. Go doubles a stack, and ends the
// program where one would have a GiB. While it doubles both are held.
const maxStack = 200 << 20

// watchMemory lets the process hold that many bytes.
func watchMemory(limit uint64) *memoryWatch {
	w := &memoryWatch{running: map[int]context.CancelCauseFunc{}, done: make(chan struct{}), ceiling: ceiling()}
	w.stack = min(maxStack, w.ceiling/4)
	w.limit.Store(int64(min(limit, math.MaxInt64)))
	w.ended.Go(func() {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-w.done:
				return
			case <-ticker.C:
				w.look()
			}
		}
	})
	return w
}

// ceiling is seven tenths of the memory that Go may use, by GOMEMLIMIT or by the
// container's limit: the collector must have room, too, and a policy is to be stopped
// before the kernel ends the process.
func ceiling() int64 {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return limit
	}
	return limit / 10 * 7
}

func (w *memoryWatch) allowed() int64 { return max(min(w.limit.Load(), w.ceiling), 0) }

// look stops what runs where the last garbage collection left more than is allowed, or
// where stacks have grown beyond their bound.
func (w *memoryWatch) look() {
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(held)
	switch heap, stacks := held[0].Value.Uint64(), held[1].Value.Uint64(); {
	case stacks > uint64(w.stack): //nolint:gosec // neither is negative
		w.stopAll(errTooMuchStack)
	case heap > uint64(w.allowed()): //nolint:gosec // nor this
		w.stopAll(errTooMuchMemory)
	}
}

func (w *memoryWatch) stopAll(why error) {
	w.mu.Lock()
	stopped := len(w.running)
	for _, stop := range w.running {
		stop(why)
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

func (w *memoryWatch) allowance() string { return fmt.Sprintf("%d MiB", w.allowed()>>20) }

// allow lets the process hold so many bytes more, or less.
func (w *memoryWatch) allow(bytes int64) { w.limit.Add(bytes) }
