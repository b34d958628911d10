// Package policytest tests policies: Rego unit tests, evidence cases, fixture
// stories, and what these tests are worth (the two-sided gate, coverage,
// mutation, ablation).
package policytest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Case is one evidence document and the verdict that a policy must come to.
type Case struct {
	// Name begins with the verdict that it wants: "fail-key-missing".
	Name string
	Want report.Verdict
	File string
	Line int // in a suite, else 0
	// Params are parameters of the policy in this case.
	Params map[string]any
	Expect []Expect
	Input  engine.Input
}

// Expect is a result that a case wants besides its verdict.
type Expect struct {
	Verdict  report.Verdict    `yaml:"verdict"`
	Severity string            `yaml:"severity"`
	Subject  map[string]string `yaml:"subject"` // the keys given must be equal
	Message  string            `yaml:"message"` // a regular expression
	// Count is how many results must be so; absent means at least one.
	Count *int `yaml:"count"`

	message *regexp.Regexp
}

// wanted are the verdicts that a case's name may begin with.
var wanted = []report.Verdict{report.Fail, report.Pass, report.Inconclusive, report.Warn, report.Skip, report.Error}

// wantOf reads the verdict off a case's name; "" where it has none.
func wantOf(name string) report.Verdict {
	prefix, _, _ := strings.Cut(name, "-")
	if v := report.Verdict(prefix); slices.Contains(wanted, v) {
		return v
	}
	return ""
}

// Unmet says how results miss what the case wants, or "". A pass case passes
// throughout. An inconclusive one fails nowhere: what fails anyway would hide that
// evidence is missing. Only a real failure meets an expected one.
func (c *Case) Unmet(results []report.Result) string {
	met := false
	for i := range results {
		r := &results[i]
		met = met || r.Verdict == c.Want
		if !c.tolerates(r.Verdict) {
			return fmt.Sprintf("wants %s, got %s for %s: %s", c.Want, r.Verdict, r.Subject, said(r))
		}
	}
	if !met {
		return fmt.Sprintf("wants %s, and no result of %d is: %s", c.Want, len(results), tally(results))
	}
	for i := range c.Expect {
		if message := c.Expect[i].unmet(results); message != "" {
			return message
		}
	}
	return ""
}

func (c *Case) tolerates(v report.Verdict) bool {
	switch c.Want {
	case report.Pass, report.Skip, report.Error:
		return v == c.Want
	case report.Fail:
		return v != report.Error
	default: // a warning or a gap beside others, but nothing worse
		return v != report.Error && v != report.Fail
	}
}

func (e *Expect) unmet(results []report.Result) string {
	n := 0
	for i := range results {
		if e.matches(&results[i]) {
			n++
		}
	}
	if e.Count != nil && n != *e.Count || e.Count == nil && n == 0 {
		want := "at least 1"
		if e.Count != nil {
			want = fmt.Sprint(*e.Count)
		}
		return fmt.Sprintf("%d results are %s, wants %s; there are %s", n, e, want, tally(results))
	}
	return ""
}

func (e *Expect) matches(r *report.Result) bool {
	for key, value := range e.Subject {
		if r.Subject[key] != value {
			return false
		}
	}
	return (e.Verdict == "" || e.Verdict == r.Verdict) && (e.Severity == "" || e.Severity == r.Severity) &&
		(e.message == nil || e.message.MatchString(r.Message))
}

// String is what an expectation asks for, for messages.
func (e *Expect) String() string {
	var parts []string
	if e.Verdict != "" {
		parts = append(parts, string(e.Verdict))
	}
	if e.Severity != "" {
		parts = append(parts, "of severity "+e.Severity)
	}
	for _, key := range slices.Sorted(maps.Keys(e.Subject)) {
		parts = append(parts, key+"="+e.Subject[key])
	}
	if e.Message != "" {
		parts = append(parts, fmt.Sprintf("with a message like %q", e.Message))
	}
	return strings.Join(parts, " ")
}

// tally lists a few results for a person who looks for what is wrong.
func tally(results []report.Result) string {
	var out []string
	for i := range results {
		r := &results[i]
		out = append(out, fmt.Sprintf("%s %s (%s)", r.Verdict, r.Subject, said(r)))
	}
	if len(out) > 4 {
		out = append(out[:4], fmt.Sprintf("and %d more", len(out)-4))
	}
	return strings.Join(out, "; ")
}

func said(r *report.Result) string {
	if r.Message == "" {
		return "no message"
	}
	return r.Message
}
