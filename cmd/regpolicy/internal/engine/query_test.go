package engine

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// twice is a rule's body that builds the value NAME16 of 2^16 parts by a function, whose
// result has a type that does not grow.
func twice(name, function string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\t%s0 := [\"x\"]\n", name)
	for i := range 16 {
		fmt.Fprintf(&out, "\t%[1]s%[3]d := %[4]s(%[1]s%[2]d)\n", name, i, i+1, function)
	}
	return out.String()
}

// To unify two values of many parts takes a call within a call for each: that would end
// the program at some hundred thousand.
func TestPoliciesThatFillTheStackAreStopped(t *testing.T) {
	const quick = "package org.b\n\ndeny contains \"one\" if input.pods\n"
	const head = "package org.a\n\npair(x) := [x, x]\nkeyed(x) := {\"a\": x, \"b\": x}\nsame(x, x) := true\n"
	const flat = "[[x] | some x in numbers.range(1, 60000)]"
	// A quarter of seven tenths is what stacks may take.
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(200 << 20))
	for name, c := range map[string]struct{ rules, body string }{
		"arrays that share their parts":    {body: twice("a", "pair") + twice("b", "pair") + "\ta16 == b16\n"},
		"objects that share their parts":   {body: twice("a", "keyed") + twice("b", "keyed") + "\ta16 = b16\n"},
		"lists of many lists":              {body: "\ta := " + flat + "\n\ta == " + flat + "\n"},
		"an object of many keys":           {body: "\ta := {x: [x] | some x in numbers.range(1, 60000)}\n\tb := {x: [x] | some x in numbers.range(1, 60000)}\n\ta == b\n"},
		"a function's arguments":           {body: twice("a", "pair") + twice("b", "pair") + "\tsame(a16, b16)\n"},
		"what a set is asked for":          {rules: "s contains x if {\n" + twice("b", "pair") + "\tx := b16\n}\n", body: twice("a", "pair") + "\ts[a16]\n"},
		"what a built-in function answers": {body: twice("a", "pair") + twice("b", "pair") + "\twalk([a16], [[0], b16])\n"},
		"what a function answers":          {rules: "b(_) := y if {\n" + twice("b", "pair") + "\ty := b16\n}\n", body: twice("a", "pair") + "\tb(1) == a16\n"},
		"what stands below a key":          {body: twice("a", "pair") + twice("b", "pair") + "\t{\"k\": a16}.k == b16\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, document(t, nil), Options{}, head+c.rules+"\ndeny contains \"x\" if {\n\tinput.pods\n"+c.body+"}\n", quick)
			if len(got) != 2 || !strings.HasPrefix(got[0], "error kind=document: the policy failed: its stack grew beyond 35 MiB: ") ||
				!strings.HasPrefix(got[1], "fail ") {
				t.Errorf("results %q", got)
			}
		})
	}
}

// What could not be stopped in time while another filled the stack does not answer for it.
func TestPoliciesBesideOneThatFillsTheStackAreJudged(t *testing.T) {
	const deep = "package org.b\n\npair(x) := [x, x]\n\ndeny contains \"x\" if {\n\tinput.pods\n"
	const words, pattern = "abcdefghij klmnop qrstuvwxyz 0123456789 ", `(?:(?:[a-z]+ )+[0-9]*){3,40}X`
	// One step of four seconds on this machine, with the race detector or without.
	began := time.Now()
	regexp.MustCompile(pattern).FindAllStringIndex(strings.Repeat(words, 1<<12), -1)
	parts := slices.Repeat([]string{"t12"}, max(1, int(4*time.Second/time.Since(began))))
	slow := "package org.a\n\ndeny contains \"slow\" if {\n\tinput.pods\n" + long("t", words) +
		"\tcount(t17) > 0\n\tt := concat(\"\", [" + strings.Join(parts, ", ") + "])\n\tregex.find_n(`" + pattern + "`, t, -1) == []\n}\n"
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(400 << 20))
	got := judged(t, document(t, nil), Options{Jobs: 2}, slow, deep+twice("a", "pair")+twice("b", "pair")+"\t[a16, a16, a16, a16] == [b16, b16, b16, b16]\n}\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], "fail ") || !strings.Contains(got[1], "its stack grew beyond 70 MiB: ") {
		t.Errorf("results %q", got)
	}
}

// Where others' rules stand among our own, ours may call them.
func TestOurPoliciesAreTrustedOnlyAmongThemselves(t *testing.T) {
	ours := Module{Path: "ours.rego", Builtin: true, Source: []byte("package regpolicy.org.ours\n\nimport data.regpolicy.lib.some_lib\n\ndeny contains \"x\" if input.collected_at == some_lib.value\n")}
	lib := Module{Path: "lib.rego", Source: []byte("package regpolicy.lib.some_lib\n\nvalue := \"x\"\n")}
	theirs := Module{Path: "theirs.rego", Source: []byte("package org.theirs\n\ndeny contains \"x\" if input.pods\n")}
	for name, c := range map[string]struct {
		builtin bool
		want    string
	}{
		"our own library": {true, "regpolicy.org.ours"},
		"theirs":          {false, ""},
	} {
		lib.Builtin = c.builtin
		l, err := Load(t.Context(), Config{Schema: builtin(t).Schema, Modules: []Module{ours, lib, theirs}})
		if err != nil {
			t.Fatal(err)
		}
		var trusted []string
		for _, p := range l.policies {
			if p.prepared.trusted {
				trusted = append(trusted, p.ID)
			}
		}
		if got := strings.Join(trusted, " "); got != c.want {
			t.Errorf("%s: trusted %q, want %q", name, got, c.want)
		}
	}
}
