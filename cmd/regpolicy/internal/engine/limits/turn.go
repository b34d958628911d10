package limits

import (
	"context"
	"time"
)

// Turn is one policy's turn to run, on one document after the other. A context and a timer
// for each of them took a fiftieth of judging many small documents.
type Turn struct {
	memory *Memory
	parent context.Context //nolint:containedctx // that of the whole turn
	id     int

	ctx   context.Context //nolint:containedctx // that of the present document, and of the next unless it was stopped
	stop  context.CancelCauseFunc
	timer *time.Timer
}

// Turn begins a turn, which is to be ended.
func (w *Memory) Turn(ctx context.Context) *Turn { return &Turn{memory: w, parent: ctx} }

// Next is the context for the next document, which may take as long as limit.
func (t *Turn) Next(limit time.Duration) context.Context {
	// A timer that can be stopped has not stopped, and never will stop, what comes next.
	if t.timer != nil && t.timer.Stop() && t.ctx.Err() == nil {
		t.timer.Reset(limit)
		return t.ctx
	}
	t.End()
	ctx, stop := context.WithCancelCause(t.parent)
	t.ctx, t.stop = ctx, stop
	t.timer = time.AfterFunc(limit, func() { stop(context.DeadlineExceeded) })
	w := t.memory
	w.mu.Lock()
	defer w.mu.Unlock()
	t.id = w.next
	w.next++
	w.running[t.id] = stop
	return ctx
}

// End ends the turn; Next begins it anew.
func (t *Turn) End() {
	if t.timer == nil {
		return
	}
	t.memory.mu.Lock()
	delete(t.memory.running, t.id)
	t.memory.mu.Unlock()
	t.timer.Stop()
	t.stop(nil)
	t.timer = nil
}
