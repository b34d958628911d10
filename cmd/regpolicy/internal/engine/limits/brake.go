package limits

import (
	"context"

	"github.com/open-policy-agent/opa/v1/topdown"
)

// brake stops a query within a step. OPA looks whether it is to stop between two steps,
// and one step unifies two values of any size by a call for each of their parts, none of
// which returns before the last: values of a million parts, or twenty levels of values
// that share theirs, fill all the stack that Go allows, which ends the program and cannot
// be recovered from. That OPA tells a tracer of each unification is the one way in.
type brake struct {
	ctx    context.Context //nolint:containedctx // it lives as long as the query
	memory *Memory
	told   int
}

// Brake is OPA's tracer for a query: it panics once ctx has ended, and looks itself at
// what the process holds, since the watch may be late. Stopped takes the panic.
func (w *Memory) Brake(ctx context.Context) topdown.QueryTracer { return &brake{ctx: ctx, memory: w} }

// stopping is what a brake panics with.
type stopping struct{}

// Enabled, Config and TraceEvent make it OPA's tracer.
func (*brake) Enabled() bool               { return true }
func (*brake) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (b *brake) TraceEvent(e topdown.Event) {
	if e.Op != topdown.UnifyOp {
		return
	}
	if b.told++; b.told%LookEvery == 0 {
		b.memory.look()
	}
	if b.ctx.Err() != nil {
		panic(stopping{})
	}
}

// Stopped is deferred where a query with a brake runs: it makes of the brake's panic the
// error that OPA gives where it is stopped between two steps.
func Stopped(err *error) {
	switch p := recover(); p {
	case nil:
	case stopping{}:
		*err = &topdown.Error{Code: topdown.CancelErr, Message: "stopped within a step"}
	default:
		panic(p)
	}
}
