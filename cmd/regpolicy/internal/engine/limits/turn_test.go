package limits

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A turn has one context for all documents, until one of them is stopped.
func TestTurn(t *testing.T) {
	w := newMemory(1 << 60)
	turn := w.Turn(t.Context())
	defer turn.End()
	first := turn.Next(time.Hour)
	if second := turn.Next(time.Hour); second != first {
		t.Error("the second document has a context of its own, though the first was not stopped")
	}
	short := turn.Next(time.Millisecond)
	<-short.Done()
	if cause := context.Cause(short); !errors.Is(cause, context.DeadlineExceeded) {
		t.Errorf("the end of its time is %v", cause)
	}
	if again := turn.Next(time.Hour); again.Err() != nil {
		t.Errorf("what comes after a document that was stopped is %v", again.Err())
	}
	w.stopAll(ErrMemory)
	if cause := context.Cause(turn.ctx); !errors.Is(cause, ErrMemory) {
		t.Errorf("too much memory is %v", cause)
	}
	if after := turn.Next(time.Hour); after.Err() != nil || len(w.running) != 1 {
		t.Errorf("after too much memory it is %v, and %d run, want 1", after.Err(), len(w.running))
	}
	turn.Rest()
	w.stopAll(ErrMemory)
	if len(w.running) != 0 || turn.ctx.Err() != nil {
		t.Errorf("%d run between two documents, and it was stopped: %v", len(w.running), turn.ctx.Err())
	}
	turn.End()
	if len(w.running) != 0 || turn.ctx.Err() == nil {
		t.Errorf("%d run after the end, and its context is %v", len(w.running), turn.ctx.Err())
	}
}

// Each document has its time from when it begins: that of the one before is no part of it.
func TestTurnsTimeBeginsAnew(t *testing.T) {
	turn := newMemory(1 << 60).Turn(t.Context())
	defer turn.End()
	turn.Next(20 * time.Millisecond)
	select {
	case <-turn.Next(time.Hour).Done():
		t.Error("it was stopped when the time of the one before was over")
	case <-time.After(60 * time.Millisecond):
	}
	begun := time.Now()
	const limit = 50 * time.Millisecond
	<-turn.Next(limit).Done()
	if took := time.Since(begun); took < limit {
		t.Errorf("it was stopped after %s", took)
	}
}

// Whoever ends all judging ends the turn's documents, too.
func TestTurnEndsWithItsParent(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	turn := newMemory(1 << 60).Turn(ctx)
	defer turn.End()
	document := turn.Next(time.Hour)
	why := errors.New("enough")
	cancel(why)
	if cause := context.Cause(document); !errors.Is(cause, why) {
		t.Errorf("its end is %v", cause)
	}
	if next := turn.Next(time.Hour); !errors.Is(context.Cause(next), why) {
		t.Errorf("the next one's is %v", context.Cause(next))
	}
}
