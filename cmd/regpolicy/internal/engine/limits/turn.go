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
	} else {
		t.End()
		ctx, stop := context.WithCancelCause(t.parent)
		t.ctx, t.stop = ctx, stop
		t.timer = time.AfterFunc(limit, func() { stop(context.DeadlineExceeded) })
	}
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	t.memory.running[t] = t.stop
	return t.ctx
}

// Rest tells that the policy is done with the document: nothing is to be stopped until
// the next.
func (t *Turn) Rest() {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	delete(t.memory.running, t)
}

// End ends the turn; Next begins it anew.
func (t *Turn) End() {
	if t.timer == nil {
		return
	}
	t.Rest()
	t.timer.Stop()
	t.stop(nil)
	t.timer = nil
}
