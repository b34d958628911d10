package engine

import (
	"strings"
	"testing"
)

// Among policies that run side by side the one that takes the memory is stopped, and
// the others are judged.
func TestPoliciesThatTakeTooMuchMemoryAreStopped(t *testing.T) {
	const greedy = "package org.greedy\n\ndeny contains sprintf(\"%d\", [i]) if {\n\tinput.pods\n\tsome i in numbers.range(1, 100000000)\n}\n"
	const modest = "package org.modest\n\ndeny contains \"x\" if input.pods\n"
	got := judged(t, document(t, nil), Options{Memory: 256 << 20}, greedy, modest)
	if len(got) != 2 || !strings.HasPrefix(got[0], "error kind=document: the policy failed: it took too much memory and was stopped: the process may hold ") ||
		!strings.HasPrefix(got[1], "fail ") {
		t.Errorf("results %q", got)
	}
}
