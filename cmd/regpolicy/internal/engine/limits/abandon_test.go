package limits

import (
	"context"
	"testing"
	"time"
)

func TestRunOrAbandon(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	release := make(chan struct{})
	stuck := func() string { <-release; return "late" }
	if value, running := RunOrAbandon(t.Context(), 0, func() string { return "done" }); value != "done" || running != nil {
		t.Errorf("work that ends gives %q, running %v", value, running)
	}
	if value, running := RunOrAbandon(cancelled, time.Minute, func() string { return "done" }); value != "done" || running != nil {
		t.Errorf("work that ends within the grace gives %q, running %v", value, running)
	}
	value, running := RunOrAbandon(cancelled, time.Millisecond, stuck)
	if value != "" || running == nil {
		t.Fatalf("work that goes on gives %q, running %v", value, running)
	}
	select {
	case <-running:
		t.Error("it has ended before it could")
	default:
	}
	close(release)
	<-running
}
