// Package limits stops policies that take more of the process than they may: heap, stack
// or time.
package limits

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

// ErrMemory is why a policy was stopped, ErrStack where it was for what its calls within
// calls take.
var (
	ErrMemory = errors.New("too much memory")
	ErrStack  = fmt.Errorf("%w for its stack", ErrMemory)
)

// Memory stops the policies that run when together they hold more memory than
// they may. Go tells only how much the whole process holds.
type Memory struct {
	limit atomic.Int64
	// ceiling is what it may hold whatever the limit says.
	ceiling int64
	stack   Stack
	left    leftBehind

	mu      sync.Mutex
	running map[*Turn]context.CancelCauseFunc
	rest    rest
	done    chan struct{}
	ended   sync.WaitGroup
}

// WatchMemory begins a watch that lets the process hold that many bytes, until it is closed.
func WatchMemory(limit uint64) *Memory {
	w := newMemory(limit)
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

func newMemory(limit uint64) *Memory {
	w := &Memory{running: map[*Turn]context.CancelCauseFunc{}, done: make(chan struct{}), ceiling: ceiling(), stack: StackBound()}
	w.limit.Store(int64(min(limit, math.MaxInt64)))
	w.left.patience.Store(int64(maxPatience))
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

func (w *Memory) allowed() int64 { return max(min(w.limit.Load(), w.ceiling), 0) }

// look stops what runs where the last garbage collection left more than is allowed, or
// where stacks have grown beyond their bound.
func (w *Memory) look() {
	held := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: stacks}}
	metrics.Read(held)
	switch heap := held[0].Value.Uint64(); {
	case w.stack.exceededBy(held[1].Value.Uint64()):
		w.stopAll(ErrStack)
	case heap > uint64(w.allowed()): //nolint:gosec // it is not negative
		w.stopAll(ErrMemory)
	default:
		w.mu.Lock()
		w.rest = rest{}
		w.mu.Unlock()
	}
}

func (w *Memory) stopAll(why error) {
	w.mu.Lock()
	for _, stop := range w.running {
		stop(why)
	}
	collect := false
	if len(w.running) > 0 {
		w.rest = rest{}
	} else {
		collect = w.rest.over()
	}
	w.mu.Unlock()
	if collect {
		runtime.GC() // what they held is garbage now, and the next must not answer for it
	}
}

// rest is how many looks pass between garbage collections while nothing runs that could be
// stopped. What was left behind may hold what it has for good: each rest is twice the last.
type rest struct{ length, left int }

// maxRest is about three seconds.
const maxRest = 64

// over tells whether the rest is over, and begins the next one then.
func (r *rest) over() bool {
	if r.left > 0 {
		r.left--
		return false
	}
	r.length = min(max(2*r.length, 1), maxRest)
	r.left = r.length
	return true
}

// Close ends the watch.
func (w *Memory) Close() {
	close(w.done)
	w.ended.Wait()
}

// Allowance is how much the process may hold.
func (w *Memory) Allowance() string { return fmt.Sprintf("%d MiB", w.allowed()>>20) }

// Stack is what stacks may take.
func (w *Memory) Stack() Stack { return w.stack }

// Allow lets the process hold so many bytes more, or less.
func (w *Memory) Allow(bytes int64) { w.limit.Add(bytes) }
