package main

import (
	"context"
	"fmt"
	"time"
)

// compileGrace is how long compiling may go on after it was interrupted.
const compileGrace = time.Second

// compiling has policies compiled, and returns when that is done or ctx has ended. OPA's compiler
// takes no context: where it has not ended a grace later, it is left behind, and
// ends with the program. How long it may take uninterrupted is the engine's to say.
func compiling[T any](ctx context.Context, work func(context.Context) (T, error)) (T, error) {
	return leaving(ctx, compileGrace, work)
}

func leaving[T any](ctx context.Context, grace time.Duration, work func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work(ctx)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	patience, end := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer end()
	select {
	case o := <-done:
		return o.value, o.err
	case <-patience.Done():
	}
	var none T
	return none, fmt.Errorf("compiling the policies: %w", context.Cause(ctx))
}
