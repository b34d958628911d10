package repair

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// State is the files, the evidence that they give, and its report.
type State struct {
	Manifests *Manifests
	Document  *evidence.Document
	Report    *report.Report
}

// Judge gathers the evidence of changed files and judges it.
type Judge func(ctx context.Context, m *Manifests) (State, error)

// Outcome is what became of the repairs.
type Outcome struct {
	State
	// Proven are the repairs that were made: their policies deny no more, and no
	// other verdict became worse.
	Proven []*Repair
	// Failed are those that did not prove themselves, and why; they were not made.
	Failed []Failure
	// Problems are findings of a kind that can be repaired, but not here.
	Problems []Problem
	// Waiting are the policies that look at nodes and pods as they are, sorted: they
	// fail until the nodes have rolled.
	Waiting []string
	// Left are the causes that no repair has touched.
	Left []report.Diagnosis
}

// Failure is a repair that did not prove itself.
type Failure struct {
	Repair *Repair
	Why    string
}

// rounds bounds how often a repair may bring up what hid behind it.
const rounds = 6

// Run makes the repairs that a report asks for, and judges what they come to.
func Run(ctx context.Context, from State, opt Options, judge Judge) (*Outcome, error) {
	out := &Outcome{State: from}
	waiting := map[string]bool{}
	failed := map[string]bool{}
	for range rounds {
		repairs, problems := Plan(out.Manifests, out.Document, out.Report, opt)
		out.Problems = problems
		repairs = slices.DeleteFunc(repairs, func(r *Repair) bool { return failed[r.Of+r.Does] })
		// What moves fields goes first: the others are planned anew then.
		if slices.ContainsFunc(repairs, func(r *Repair) bool { return r.moves }) {
			repairs = slices.DeleteFunc(repairs, func(r *Repair) bool { return !r.moves })
		}
		if len(repairs) == 0 {
			break
		}
		made, err := out.together(ctx, repairs, judge, waiting)
		if err != nil {
			return nil, err
		}
		if !made {
			if err := out.oneByOne(ctx, repairs, judge, waiting); err != nil {
				return nil, err
			}
		}
		for _, f := range out.Failed {
			failed[f.Repair.Of+f.Repair.Does] = true
		}
	}
	out.settle(from.Report, waiting)
	return out, nil
}

func (o *Outcome) together(ctx context.Context, repairs []*Repair, judge Judge, waiting map[string]bool) (bool, error) {
	why, err := o.try(ctx, repairs, judge, waiting)
	return why == "", err
}

// oneByOne finds out which of several repairs stand.
func (o *Outcome) oneByOne(ctx context.Context, repairs []*Repair, judge Judge, waiting map[string]bool) error {
	for _, r := range repairs {
		why, err := o.try(ctx, []*Repair{r}, judge, waiting)
		if err != nil {
			return err
		}
		if why != "" {
			o.Failed = append(o.Failed, Failure{r, why})
		}
	}
	return nil
}

// try makes repairs if they prove themselves; else it says why not.
func (o *Outcome) try(ctx context.Context, repairs []*Repair, judge Judge, waiting map[string]bool) (why string, err error) {
	var changes []change
	for _, r := range repairs {
		changes = append(changes, r.changes...)
	}
	changed, err := o.Manifests.make(changes)
	if err != nil {
		return err.Error(), nil //nolint:nilerr // the file cannot be edited, which is an outcome
	}
	next, err := judge(ctx, changed)
	if err != nil {
		return "", err
	}
	behind, why := prove(o.Report, next.Report, repairs)
	if why != "" {
		return why, nil
	}
	o.State = next
	o.Proven = append(o.Proven, repairs...)
	for _, id := range behind {
		waiting[id] = true
	}
	return "", nil
}

// prove holds two reports against each other. behind are the policies that now deny
// what nodes, which have not rolled yet, do not have.
func prove(before, after *report.Report, repairs []*Repair) (behind []string, why string) {
	now := map[string]*report.Result{}
	for i := range after.Results {
		r := &after.Results[i]
		now[verdictKey(r.ID, r.Subject)] = r
	}
	for _, r := range repairs {
		for _, t := range r.targets {
			for _, s := range r.forward(t.subject) {
				if res := now[verdictKey(t.policy, s)]; res != nil && rank(res) > 0 {
					return nil, fmt.Sprintf("%s is %s still: %s", t.policy, res.Verdict, res.Message)
				}
			}
		}
	}
	was := map[string]int{}
	for i := range before.Results {
		r := &before.Results[i]
		for _, s := range forwardAll(repairs, r.Subject) {
			key := verdictKey(r.ID, s)
			was[key] = max(was[key], rank(r))
		}
	}
	for i := range after.Results {
		r := &after.Results[i]
		if rank(r) <= was[verdictKey(r.ID, r.Subject)] {
			continue
		}
		if !ofNodes(r.Subject) {
			return nil, fmt.Sprintf("%s would be %s: %s", r.ID, r.Verdict, r.Message)
		}
		behind = append(behind, r.ID)
	}
	return behind, ""
}

func forwardAll(repairs []*Repair, s evidence.Subject) []evidence.Subject {
	subjects := []evidence.Subject{s}
	for _, r := range repairs {
		var next []evidence.Subject
		for _, one := range subjects {
			next = append(next, r.forward(one)...)
		}
		subjects = next
	}
	return subjects
}

func verdictKey(id string, s evidence.Subject) string { return id + " " + s.String() }

// ofNodes tells what nodes hold, which they keep until they roll.
func ofNodes(s evidence.Subject) bool {
	switch s["kind"] {
	case "node", "trust_file", "machine":
		return true
	default:
		return false
	}
}

// rank orders verdicts: the higher, the worse.
func rank(r *report.Result) int {
	switch r.Verdict {
	case report.Warn:
		return min(1, slices.Index(report.Severities, r.Severity)) // info is an inventory
	case report.Inconclusive, report.Error:
		return 2
	case report.Fail:
		return 3 + slices.Index(report.Severities, r.Severity)
	default:
		return 0
	}
}

// settle sorts what still fails: what waits for the nodes, and what no repair has
// touched.
func (o *Outcome) settle(before *report.Report, behind map[string]bool) {
	explained := o.explained(before)
	// Pods cannot pull until the nodes have rolled, whatever they are denied for.
	waits := func(id string) bool {
		return len(o.Proven) > 0 && (behind[id] || explained[id] || strings.HasPrefix(id, "RT-EVT-"))
	}
	fromNodes := failuresFromNodes(o.Report)
	for _, d := range o.Report.Diagnosis {
		if !fromNodes[d.ID] || !waits(d.ID) {
			o.Left = append(o.Left, d)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(fromNodes)) {
		if fromNodes[id] && waits(id) {
			o.Waiting = append(o.Waiting, id)
		}
	}
	o.Failed = slices.DeleteFunc(o.Failed, func(f Failure) bool {
		return slices.ContainsFunc(o.Proven, func(r *Repair) bool { return r.Of == f.Repair.Of && slices.Equal(r.Policies, f.Repair.Policies) })
	})
}

// explained are the policies whose failures the repaired ones accounted for.
func (o *Outcome) explained(before *report.Report) map[string]bool {
	repaired, out := map[string]bool{}, map[string]bool{}
	for _, r := range o.Proven {
		for _, id := range r.Policies {
			repaired[id] = true
		}
	}
	for _, d := range before.Diagnosis {
		for _, e := range d.Explains {
			out[e.ID] = out[e.ID] || repaired[d.ID]
		}
	}
	return out
}

// failuresFromNodes are the policies that fail, and whether all that each denies is
// of nodes and pods as they are.
func failuresFromNodes(rep *report.Report) map[string]bool {
	out := map[string]bool{}
	for i := range rep.Results {
		if r := &rep.Results[i]; r.Verdict == report.Fail {
			before, known := out[r.ID]
			out[r.ID] = (before || !known) && (ofNodes(r.Subject) || seenFromNodes(r))
		}
	}
	return out
}

// seenFromNodes tells what nodes make of a registry, and what pods came to.
func seenFromNodes(r *report.Result) bool {
	_, store := r.Subject["trust_store"]
	_, node := r.Subject["node"]
	return store || node || strings.HasPrefix(r.ID, "RT-EVT-")
}
