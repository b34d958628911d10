package engine

import (
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
)

// unhurried is time enough to fill memory under the race detector on a slow machine,
// so that a policy is stopped for its memory and for nothing else.
const unhurried = 10 * time.Minute

// Among policies that run side by side the one that takes the memory is stopped, and
// the others are judged.
func TestPoliciesThatTakeTooMuchMemoryAreStopped(t *testing.T) {
	const greedy = "package org.greedy\n\ndeny contains sprintf(\"%d\", [i]) if {\n\tinput.pods\n\tsome i in numbers.range(1, 100000000)\n}\n"
	const modest = "package org.modest\n\ndeny contains \"x\" if input.pods\n"
	got := judged(t, document(t, nil), Options{Memory: 256 << 20, Timeout: unhurried}, greedy, modest)
	if len(got) != 2 || !strings.HasPrefix(got[0], "error kind=document: the policy failed: it took too much memory and was stopped: the process may hold ") ||
		!strings.HasPrefix(got[1], "fail ") {
		t.Errorf("results %q", got)
	}
}

// What Go may use by GOMEMLIMIT, or by the container's limit, bounds policies where it
// is less than their own bound.
func TestPoliciesStayBelowTheProcessLimit(t *testing.T) {
	const greedy = "package org.greedy\n\ndeny contains sprintf(\"%d\", [i]) if {\n\tinput.pods\n\tsome i in numbers.range(1, 100000000)\n}\n"
	const modest = "package org.modest\n\ndeny contains \"x\" if input.pods\n"
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(400 << 20))
	got := judged(t, document(t, nil), Options{Timeout: unhurried}, greedy, modest)
	const want = "error kind=document: the policy failed: it took too much memory and was stopped: the process may hold 280 MiB"
	if len(got) != 2 || got[0] != want || !strings.HasPrefix(got[1], "fail ") {
		t.Errorf("results %q, want first %q", got, want)
	}
}

// A stack is told of whether or not it took long to unwind.
func TestGreedIsToldByItsCause(t *testing.T) {
	memory := limits.WatchMemory(64 << 20)
	defer memory.Close()
	for _, c := range []struct {
		cause error
		left  bool
		want  string
	}{
		{limits.ErrStack, false, "its stack grew beyond"},
		{limits.ErrStack, true, "its stack grew beyond"},
		{limits.ErrMemory, false, "it took too much memory and was stopped: the process may hold 64 MiB"},
		{limits.ErrMemory, true, "it took too much memory and could not be stopped"},
	} {
		if got := greed(c.cause, c.left, memory); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v, left %v: %q, want %q", c.cause, c.left, got, c.want)
		}
	}
}
