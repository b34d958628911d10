package policytest

import (
	"runtime"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
)

// brake ends a unit test that fills the stack or does not stop in time. OPA's tester runs each test in a goroutine
// of its own, recovers from no panic there and looks for nothing within a step: only the
// goroutine can be ended. The tester goes on and has no result for the test.
type brake struct {
	stack   limits.Stack
	told    atomic.Int64
	late    atomic.Bool  // whatever runs is to end
	covered *cover.Cover // nil where nobody asks which lines were reached
}

// Enabled, Config and TraceEvent make it OPA's tracer. It is told of all tests at once:
// which of them fills the stack it does not know.
func (*brake) Enabled() bool               { return true }
func (*brake) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (b *brake) TraceEvent(e topdown.Event) {
	if b.covered != nil {
		b.covered.TraceEvent(e)
	}
	if e.Op != topdown.UnifyOp {
		return
	}
	if b.late.Load() || b.told.Add(1)%limits.LookEvery == 0 && b.stack.Exceeded() {
		runtime.Goexit()
	}
}
