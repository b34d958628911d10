package policytest

import (
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// The kinds of Test.
const (
	Unit     = "unit"     // a Rego unit test, or one case of its table
	Evidence = "evidence" // a policy judging an evidence case
	Story    = "story"    // all policies judging a fixture story
)

// Test is one test and what became of it.
type Test struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Failure is why it failed; empty where it passed. Detail shows the values.
	Failure string `json:"failure,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// Lack is a policy that the two-sided gate refuses.
type Lack struct {
	Policy   string           `json:"policy"`
	File     string           `json:"file"`
	Verdicts []report.Verdict `json:"verdicts"` // of which there is no case
}

// Outcome is what a run of tests found.
type Outcome struct {
	Policies int       `json:"policies"`
	Tests    []Test    `json:"tests"`
	Gate     []Lack    `json:"gate"`
	Coverage *Coverage `json:"coverage,omitempty"`
	Mutation *Mutation `json:"mutation,omitempty"`
	Ablation *Ablation `json:"ablation,omitempty"`
}

// Count is how many tests of a kind there are, and how many failed; kind "" is all.
func (o *Outcome) Count(kind string) (all, failed int) {
	for i := range o.Tests {
		if kind != "" && o.Tests[i].Kind != kind {
			continue
		}
		all++
		if o.Tests[i].Failure != "" {
			failed++
		}
	}
	return all, failed
}

func (o *Outcome) failed() bool {
	_, failed := o.Count("")
	return failed > 0 || len(o.Gate) > 0
}

// Failed tells whether anything that was asked for is not met.
func (o *Outcome) Failed() bool {
	return o.failed() || o.Mutation != nil && !o.Mutation.Enough || o.Ablation != nil && len(o.Ablation.Vacuous) > 0
}
