package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Compiling takes a second or two; what takes longer than compileLimit is a text that
// OPA's compiler needs hours for.
const (
	compileLimit = 5 * time.Minute
	compileGrace = time.Second
)

var errCompileLimit = errors.New("the time for compiling is up")

// compiling has policies compiled within compileLimit.
func compiling[T any](ctx context.Context, work func(context.Context) (T, error)) (T, error) {
	return leaving(ctx, compileLimit, compileGrace, work)
}

// leaving returns when work is done, or when ctx or a limit above zero ends it. OPA's compiler
// takes no context: where work has not ended a grace later, it is left behind, and
// ends with the program.
func leaving[T any](ctx context.Context, limit, grace time.Duration, work func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	limited := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeoutCause(ctx, limit, errCompileLimit)
		defer cancel()
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work(limited)
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-limited.Done():
	}
	patience, end := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer end()
	select {
	case o := <-done:
		return o.value, o.err
	case <-patience.Done():
	}
	var none T
	if errors.Is(context.Cause(limited), errCompileLimit) {
		return none, usage("look for rules of thousands of expressions, `else` branches or comprehensions in each other: give -p one file after the other to find the one; data belongs into --data",
			"compiling the policies: it took longer than %s and was stopped", limit)
	}
	return none, fmt.Errorf("compiling the policies: %w", context.Cause(ctx))
}
