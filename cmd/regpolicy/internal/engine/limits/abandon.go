package limits

import (
	"context"
	"time"
)

// RunOrAbandon returns what work returns, which may be such that cannot be stopped. Where ctx has ended and work goes on for longer than a
// grace, it is abandoned: the value is nothing, and running is closed once work ends.
func RunOrAbandon[T any](ctx context.Context, grace time.Duration, work func() T) (value T, running <-chan struct{}) {
	var result T
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result = work()
	}()
	select {
	case <-ended:
		return result, nil
	case <-ctx.Done():
	}
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-ended:
		return result, nil
	case <-patience.C:
		return value, ended
	}
}
