package limits

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

func forcedCollections() uint32 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.NumForcedGC
}

// What was left behind may hold more than is allowed for good: that must not keep a core
// busy with collecting what is no garbage.
func TestCollectionsBecomeRareWhereNothingCanBeStopped(t *testing.T) {
	runtime.GC() // until the first one no heap is known
	w := newMemory(0)
	before := forcedCollections()
	w.look()
	if got := forcedCollections() - before; got != 1 {
		t.Fatalf("%d collections at the first look, want 1", got)
	}
	for range 1000 {
		w.look()
	}
	// 1, 2, 4 and so on to 64 looks apart, then each 65.
	if got := forcedCollections() - before; got < 10 || got > 25 {
		t.Errorf("%d collections in a thousand looks", got)
	}

	turn := w.Turn(t.Context())
	ctx := turn.Next(time.Minute)
	w.look()
	if cause := context.Cause(ctx); !errors.Is(cause, ErrMemory) {
		t.Errorf("a policy that runs beyond the bound ends by %v", cause)
	}
	turn.End()
	before = forcedCollections()
	w.look()
	if got := forcedCollections() - before; got != 1 {
		t.Errorf("%d collections at the first look after a policy was stopped, want 1", got)
	}
}
