package main

import (
	"context"
	"fmt"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
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
	o, running := limits.RunOrAbandon(ctx, grace, func() outcome {
		value, err := work(ctx)
		return outcome{value, err}
	})
	if running == nil {
		return o.value, o.err
	}
	return o.value, fmt.Errorf("compiling the policies: %w", context.Cause(ctx))
}
