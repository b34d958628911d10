package limits

import (
	"context"
	"errors"
	"testing"

	"github.com/open-policy-agent/opa/v1/topdown"
)

func TestBrake(t *testing.T) {
	memory := WatchMemory(1 << 30)
	defer memory.Close()
	ctx, cancel := context.WithCancel(t.Context())
	b := memory.Brake(ctx)
	told := func(op topdown.Op) (err error) {
		defer Stopped(&err)
		b.TraceEvent(topdown.Event{Op: op})
		return nil
	}
	for range LookEvery {
		if err := told(topdown.UnifyOp); err != nil {
			t.Fatalf("it is stopped before it is told to: %v", err)
		}
	}
	cancel()
	if err := told(topdown.EvalOp); err != nil {
		t.Errorf("it is stopped between two steps, where OPA looks itself: %v", err)
	}
	if err := told(topdown.UnifyOp); !topdown.IsCancel(err) {
		t.Errorf("got %v, want what OPA gives where it is stopped", err)
	}
}

// A fault of OPA's is not taken for a brake.
func TestStoppedPassesOtherPanicsOn(t *testing.T) {
	fault := errors.New("some fault")
	defer func() {
		if p := recover(); p != any(fault) {
			t.Errorf("recovered %v", p)
		}
	}()
	var err error
	defer Stopped(&err)
	panic(fault)
}
