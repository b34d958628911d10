package policytest

import (
	"fmt"
	"io"
	"strings"
)

// TextOptions say how much an outcome is told.
type TextOptions struct {
	// Verbose lists the tests that passed, too.
	Verbose bool
}

// Text writes an outcome for people: what failed first, a line to grep last.
func Text(w io.Writer, o *Outcome, opt TextOptions) error {
	t := &text{}
	t.tests(o, opt)
	t.gate(o)
	t.coverage(o.Coverage)
	t.ablation(o.Ablation)
	t.mutation(o.Mutation)
	t.summary(o)
	_, err := io.WriteString(w, t.out.String())
	if err != nil {
		return fmt.Errorf("writing test results: %w", err)
	}
	return nil
}

type text struct{ out strings.Builder }

func (t *text) line(format string, args ...any) { fmt.Fprintf(&t.out, format+"\n", args...) }

func (t *text) tests(o *Outcome, opt TextOptions) {
	for i := range o.Tests {
		test := &o.Tests[i]
		switch {
		case test.Failure != "":
			t.line("FAIL %s  %s", test.Name, place(test.File, test.Line))
			t.line("     %s", test.Failure)
			for line := range strings.SplitSeq(test.Detail, "\n") {
				if strings.TrimSpace(line) != "" {
					t.line("     %s", strings.TrimRight(line, " "))
				}
			}
		case opt.Verbose:
			t.line("ok   %s", test.Name)
		}
	}
}

func (t *text) gate(o *Outcome) {
	for _, lack := range o.Gate {
		words := make([]string, len(lack.Verdicts))
		for i, v := range lack.Verdicts {
			words[i] = string(v)
		}
		t.line("GATE %s has no case that wants %s  %s", lack.Policy, strings.Join(words, ", nor "), lack.File)
	}
}

func (t *text) coverage(c *Coverage) {
	if c == nil {
		return
	}
	t.line("")
	t.line("coverage: %d of %d lines, %.1f %%", c.Reached, c.Lines, c.Percent)
	for _, f := range c.Files {
		for _, m := range f.Missed {
			lines := fmt.Sprint(m.From)
			if m.To > m.From {
				lines = fmt.Sprintf("%d-%d", m.From, m.To)
			}
			t.line("  %s:%s not reached: %s", f.File, lines, m.Why)
		}
	}
}

func (t *text) ablation(a *Ablation) {
	if a == nil {
		return
	}
	t.line("")
	t.line("ablation: %d passes, evidence removed %d times, %d vacuous", a.Passes, a.Removals, len(a.Vacuous))
	for _, v := range a.Vacuous {
		t.line("  %s/%s passes for %s though it was removed: %s", v.Policy, v.Case, v.Subject, v.Removed)
	}
}

func (t *text) mutation(m *Mutation) {
	if m == nil {
		return
	}
	t.line("")
	t.line("mutation: %d of %d mutants noticed, %.1f %% (at least %.0f %% wanted)", m.Killed, m.Total, 100*m.Score, 100*m.Want)
	if m.Untried > 0 {
		t.line("  %d mutants were not tried: the time was up", m.Untried)
	}
	for _, p := range m.Policies {
		for _, s := range p.Survivors {
			t.line("  %s survives: %s:%d: %s", p.Policy, s.File, s.Line, s.What)
		}
	}
}

func (t *text) summary(o *Outcome) {
	all, failed := o.Count("")
	var kinds []string
	for _, kind := range []string{Unit, Evidence, Story} {
		n, _ := o.Count(kind)
		kinds = append(kinds, fmt.Sprintf("%s=%d", kind, n))
	}
	if t.out.Len() > 0 {
		t.line("")
	}
	t.line("regpolicy test: policies=%d %s passed=%d failed=%d gate=%d", o.Policies, strings.Join(kinds, " "), all-failed, failed, len(o.Gate))
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}
