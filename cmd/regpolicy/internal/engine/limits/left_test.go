package limits

import (
	"testing"
	"time"
)

func TestSettle(t *testing.T) {
	w := newMemory(1 << 30)
	w.Settle(t.Context())
	ended := w.Leave()
	never := w.Leave()
	go func() {
		time.Sleep(50 * time.Millisecond)
		ended()
		never()
	}()
	began := time.Now()
	w.Settle(t.Context())
	if w.left.runs.Load() != 0 || time.Since(began) < 50*time.Millisecond {
		t.Errorf("%d still run after %s", w.left.runs.Load(), time.Since(began))
	}
	w.Leave()
	w.left.patience.Store(int64(50 * time.Millisecond))
	w.Settle(t.Context())
	w.Settle(t.Context()) // at once: what never ends is waited for no more
	if w.left.runs.Load() != 1 || w.left.patience.Load() >= 0 {
		t.Errorf("%d run, patience is %d", w.left.runs.Load(), w.left.patience.Load())
	}
}
