package policytest

import (
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/policies"
)

// comparing is a rule's body that compares two values of 2^n parts, which takes a call
// within a call for each.
func comparing(n int) string {
	var out strings.Builder
	for _, name := range []string{"a", "b"} {
		fmt.Fprintf(&out, "\t%s0 := [\"x\"]\n", name)
		for i := range n {
			fmt.Fprintf(&out, "\t%[1]s%[3]d := pair(%[1]s%[2]d)\n", name, i, i+1)
		}
	}
	return out.String() + fmt.Sprintf("\ta%[1]d == b%[1]d\n", n)
}

// pairing are a policy with the function pair, and tests of it.
func pairing(t *testing.T, tests string) *engine.Sources {
	t.Helper()
	schema, err := fs.ReadFile(policies.FS, policies.Schema)
	if err != nil {
		t.Fatal(err)
	}
	s, err := engine.Parse(engine.Config{Tests: true, Schema: schema, Modules: []engine.Module{
		{Path: "a.rego", Source: []byte("package org.a\n\npair(x) := [x, x]\n\ndeny contains \"x\" if input.pods\n")},
		{Path: "a_test.rego", Source: []byte("package org.a_test\n\nimport data.org.a.pair\n\n" + tests)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestUnitTestsThatFillTheStackFail(t *testing.T) {
	tests := "test_fills if {\n" + comparing(16) + "}\n\n" +
		"test_fills if {\n" + comparing(16) + "}\n\n" + // OPA's tester numbers them
		"deep.test_fills if {\n" + comparing(16) + "}\n\n" +
		"test_wrong if pair(1) == [1, 2]\n\n" +
		"test_table[name] if {\n\tsome name, n in {\"one\": 1, \"two\": 2}\n\tpair(n) == [n, 1]\n}\n\n" +
		"todo_test_later if false\n\n"
	for i := range 20 {
		tests += fmt.Sprintf("test_right_%d if pair(%d) == [%d, %d]\n\n", i, i, i, i)
	}
	s := pairing(t, tests)
	// A quarter of seven tenths is what stacks may take.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(200 << 20))
	const filled = "its stack grew beyond 35 MiB: compare sets, or values of fewer parts or less deep"
	want := map[string]string{
		"test_fills": filled, "test_fills#01": filled, "deep.test_fills": filled,
		"test_wrong": "the test is not true", "test_table/one": "", "test_table/two": "the case fails",
		"todo_test_later": "it is marked todo_, which would pass for tested",
	}
	for i := range 20 {
		want[fmt.Sprintf("test_right_%d", i)] = ""
	}
	for name, covered := range map[string]*cover.Cover{"plain": nil, "with coverage": cover.New()} {
		got, err := unitTests(t.Context(), s, Options{Jobs: 4}, covered)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d tests, want %d", name, len(got), len(want))
		}
		for _, test := range got {
			failure, ok := want[strings.TrimPrefix(test.Name, "org.a_test.")]
			if !ok || test.Failure != failure || test.File != "a_test.rego" || test.Line == 0 || test.Kind != Unit {
				t.Errorf("%s: got %+v, want the failure %q", name, test, failure)
			}
			if test.Name == "org.a_test.test_wrong" && covered == nil && !strings.Contains(test.Detail, "pair(1)") {
				t.Errorf("the failure of %s is not explained: %q", test.Name, test.Detail)
			}
		}
	}
}

// OPA writes out all values at each step of a test of cases: between two steps it would not
// look for hours.
func TestUnitTestsThatDoNotStopFail(t *testing.T) {
	u := newUnits(pairing(t, "test_cases[name] if {\n\tsome name in [\"one\", \"two\"]\n"+comparing(13)+"}\n\ntest_right if pair(1) == [1, 1]\n"), Options{Jobs: 1}, nil)
	u.timeout = time.Second
	got, err := u.results(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Test{
		{Kind: Unit, Name: "org.a_test.test_cases", File: "a_test.rego", Line: 5, Failure: "it took longer than 1s and was stopped"},
		{Kind: Unit, Name: "org.a_test.test_right", File: "a_test.rego", Line: 38},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
