package limits

import (
	"context"
	"sync/atomic"
	"time"
)

// leftBehind are the runs that were told to stop and go on.
type leftBehind struct {
	runs     atomic.Int32
	patience atomic.Int64 // how long they are still waited for
}

// maxPatience is for all of them together: some never end.
const maxPatience = 10 * time.Second

// Leave counts a run that is left behind until it has ended.
func (w *Memory) Leave() (ended func()) {
	w.left.runs.Add(1)
	return func() { w.left.runs.Add(-1) }
}

// Settle waits for what was left behind: a deep stack takes seconds to unwind, and what
// runs next must not answer for it.
func (w *Memory) Settle(ctx context.Context) {
	const step = 10 * time.Millisecond
	ticker := time.NewTicker(step)
	defer ticker.Stop()
	for w.left.runs.Load() > 0 && w.left.patience.Add(-int64(step)) >= 0 {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
