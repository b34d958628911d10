package repair

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// State is the files, the evidence that they give, and its report.
type State struct {
	Manifests *Manifests
	Document  *evidence.Document
	Report    *report.Report
	// Ahead is what is foreseen; nil where that is what is.
	Ahead *Ahead
	// Rolling are changes that were made before and that nodes do not have yet.
	Rolling []Roll
}

// Ahead is what comes of a state once nodes have rolled, pods have pulled again, and
// registries send what they should.
type Ahead struct {
	Report *report.Report
	// Clear is the report without the pull failures whose end nobody can tell; nil
	// where there are none.
	Clear *report.Report
	// Nodes and Clusters are whose nodes are made anew, sorted; Held the clusters that
	// get no new nodes for now, and why.
	Nodes, Clusters []string
	Held            map[string]string
	// Pulled tells that pulls that failed succeed, Served that a registry sends
	// another chain.
	Pulled, Served bool
	// Loose are CA files of the old nodes that no configuration names, sorted.
	Loose []string
}

// ahead is the report on what is foreseen.
func (s State) ahead() *report.Report {
	if s.Ahead != nil {
		return s.Ahead.Report
	}
	return s.Report
}

// Judge gathers the evidence of changed files and judges it, and what is foreseen of
// it.
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
	// Foreseen are the policies that fail now and pass in what is foreseen, sorted;
	// without those that a repair is for.
	Foreseen []string
	// Open are those over pull failures whose end nobody can tell, sorted.
	Open []string
	// Left are the causes that fail still in what is foreseen.
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
	failed := map[string]bool{}
	for range rounds {
		repairs, problems, err := Plan(ctx, out.State, opt)
		if err != nil {
			return nil, err
		}
		out.Problems = problems
		repairs = slices.DeleteFunc(repairs, func(r *Repair) bool { return failed[r.Of+r.Does] })
		// What moves fields goes first: the others are planned anew then.
		if slices.ContainsFunc(repairs, func(r *Repair) bool { return r.moves }) {
			repairs = slices.DeleteFunc(repairs, func(r *Repair) bool { return !r.moves })
		}
		if len(repairs) == 0 {
			break
		}
		made, err := out.together(ctx, repairs, judge)
		if err != nil {
			return nil, err
		}
		if !made {
			if err := out.oneByOne(ctx, repairs, judge); err != nil {
				return nil, err
			}
		}
		for _, f := range out.Failed {
			failed[f.Repair.Of+f.Repair.Does] = true
		}
	}
	out.settle()
	return out, nil
}

func (o *Outcome) together(ctx context.Context, repairs []*Repair, judge Judge) (bool, error) {
	why, err := o.try(ctx, repairs, judge)
	return why == "", err
}

// oneByOne finds out which of several repairs stand.
func (o *Outcome) oneByOne(ctx context.Context, repairs []*Repair, judge Judge) error {
	for _, r := range repairs {
		why, err := o.try(ctx, []*Repair{r}, judge)
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
func (o *Outcome) try(ctx context.Context, repairs []*Repair, judge Judge) (why string, err error) {
	changed, err := o.Manifests.make(ctx, repairs)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		return err.Error(), nil //nolint:nilerr // the file cannot be edited, which is an outcome
	}
	next, err := judge(ctx, changed)
	if err != nil {
		return "", err
	}
	why, err = prove(ctx, o.State, next, repairs)
	if why != "" || err != nil {
		return why, err
	}
	o.State = next
	o.Proven = append(o.Proven, repairs...)
	return "", nil
}

// prove holds two states against each other: what the repairs are for is denied no
// more, and nothing else is worse. What nodes hold is held against what is foreseen of
// them: until they roll it cannot be better.
func prove(ctx context.Context, before, after State, repairs []*Repair) (why string, err error) {
	now, ahead := byVerdict(after.Report), byVerdict(after.ahead())
	for _, r := range repairs {
		in := now
		if r.ahead {
			in = ahead
		}
		for _, t := range r.targets {
			for _, s := range r.forward(t.subject) {
				if res := in[verdictKey(t.policy, r.later(s))]; res != nil && rank(res) > 0 {
					return fmt.Sprintf("%s is %s still: %s", t.policy, res.Verdict, res.Message), nil
				}
			}
		}
	}
	was := map[string]int{}
	for i := range before.Report.Results {
		if i%100 == 0 && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		r := &before.Report.Results[i]
		for _, s := range forwardAll(repairs, r.Subject) {
			key := verdictKey(r.ID, s)
			was[key] = max(was[key], rank(r))
		}
	}
	for i := range after.Report.Results {
		r := &after.Report.Results[i]
		if !ofNodes(r.Subject) && rank(r) > was[verdictKey(r.ID, r.Subject)] {
			return fmt.Sprintf("%s would be %s: %s", r.ID, r.Verdict, r.Message), nil
		}
	}
	return "", nil
}

func byVerdict(rep *report.Report) map[string]*report.Result {
	out := map[string]*report.Result{}
	for i := range rep.Results {
		r := &rep.Results[i]
		out[verdictKey(r.ID, r.Subject)] = r
	}
	return out
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

// settle sorts what fails: what passes in what is foreseen, what nobody can tell, and
// what no repair has touched.
func (o *Outcome) settle() {
	ahead := o.ahead()
	last := ahead
	if o.Ahead != nil && o.Ahead.Clear != nil && len(o.Proven)+len(o.Rolling) > 0 {
		last = o.Ahead.Clear
	}
	known := failing(ahead)
	for _, r := range o.Proven {
		for _, id := range r.Policies {
			known[id] = true
		}
	}
	o.Foreseen = without(failing(o.Report), known)
	o.Open = without(failing(ahead), failing(last))
	o.Left = last.Diagnosis
	o.Failed = slices.DeleteFunc(o.Failed, func(f Failure) bool {
		return slices.ContainsFunc(o.Proven, func(r *Repair) bool { return r.Of == f.Repair.Of && slices.Equal(r.Policies, f.Repair.Policies) })
	})
}

// failing are the policies that fail.
func failing(rep *report.Report) map[string]bool {
	out := map[string]bool{}
	for i := range rep.Results {
		if rep.Results[i].Verdict == report.Fail {
			out[rep.Results[i].ID] = true
		}
	}
	return out
}

func without(all, some map[string]bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(id string) bool { return some[id] })
}
