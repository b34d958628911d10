package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// doubled is a rule's body that builds a value of 2^n parts out of n steps.
func doubled(name string, n int) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\t%s0 := [\"x\"]\n", name)
	for i := range n {
		fmt.Fprintf(&out, "\t%[1]s%[3]d := [%[1]s%[2]d, %[1]s%[2]d]\n", name, i, i+1)
	}
	return out.String()
}

// A call that does not look whether it is to stop is left behind: the other policies
// are judged, and the policy is not run again as long as it goes on.
func TestPoliciesThatCannotBeStoppedAreLeftBehind(t *testing.T) {
	endless := "package org.b\n\ndeny contains \"x\" if {\n\tinput.pods\n" + doubled("a", 24) + "\tobject.subset(a24, a24)\n\tfalse\n}\n"
	quick := "package org.a\n\ndeny contains \"one\" if input.pods\n"
	l, err := load(t, endless, quick)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		rep, err := l.Judge(t.Context(), []Input{document(t, nil)}, Options{Timeout: 100 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Results) != 2 || rep.Results[0].Verdict != "fail" || !strings.Contains(rep.Results[1].Message, "could not be stopped") {
			t.Errorf("results %+v", rep.Results)
		}
	}
	for _, p := range l.policies {
		if left := p.prepared.left.Load(); left > 1 {
			t.Errorf("policy %q runs %d times", p.ID, left)
		}
		for p.prepared.left.Load() > 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// What comes out of a policy is told in full: it must not be written out for ever.
func TestResultsThatCannotBeToldAreRefused(t *testing.T) {
	err := bounded(map[ast.Var]*ast.Term{"r0": ast.StringTerm(strings.Repeat("x", 1000))})
	if err != nil {
		t.Error(err)
	}
	term := ast.StringTerm(strings.Repeat("x", 1000))
	for range 60 {
		term = ast.ArrayTerm(term, term)
	}
	if err := bounded(map[ast.Var]*ast.Term{"r0": term}); err == nil || !strings.Contains(err.Error(), "longer than 512 MiB") {
		t.Errorf("got %v", err)
	}
	for range 2_000_000 {
		term = ast.ArrayTerm(term)
	}
	if err := bounded(map[ast.Var]*ast.Term{"r0": term}); err == nil || !strings.Contains(err.Error(), "nests more than 10000 deep") {
		t.Errorf("got %v", err)
	}
}

// The compiler writes out the types of values that are compared.
func TestCompilationIsGivenUp(t *testing.T) {
	source := "package org.b\n\ndeny contains \"x\" if {\n\tinput.pods\n" + doubled("a", 10) + doubled("b", 10) + "\ta10 == b10\n}\n"
	m, err := ast.ParseModule("org/b.rego", source)
	if err != nil {
		t.Fatal(err)
	}
	faults := compileWithin(time.Microsecond, ast.NewCompiler(), map[string]*ast.Module{"org/b.rego": m})
	if len(faults) != 1 || !strings.Contains(faults[0].Message, "took longer than 1µs") || faults[0].Hint == "" {
		t.Errorf("faults %v", faults)
	}
}
