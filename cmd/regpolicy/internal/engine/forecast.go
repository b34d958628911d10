package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// foreseen is the size of a document up to which a report whose format tells it carries
// the next change of each verdict. Beyond it the policies over time are judged again only
// where a forecast is asked for: each date costs as much as the verdict itself.
const foreseen = 4 << 20

// nextDates is how many dates to come are tried where no forecast is asked for.
const nextDates = 40

func foresees(size int, opt Options) bool { return opt.Forecast > 0 || size <= foreseen && !opt.Today }

// foresee judges the policies whose verdicts time alone can change at each date to
// come, and settles the results' NextChange.
func (l *Library) foresee(ctx context.Context, trials []*trial, jobs int) {
	outlooks := make([]*outlook, 0, len(trials))
	for _, t := range trials {
		if t.err == nil && t.foresees() {
			outlooks = append(outlooks, newOutlook(t))
		}
	}
	if len(outlooks) == 0 {
		return
	}
	side(len(l.policies), jobs, func(i int) {
		p := l.policies[i]
		if !p.timeDependent() {
			return
		}
		still := p.keepsToSubjects() && !l.shared.Moves(p.ref.Append(ast.StringTerm(subjectsRule)))
		turn := outlooks[0].trial.opt.memory.Turn(ctx)
		defer turn.End()
		for _, o := range outlooks {
			if still && o.skips(i) {
				continue
			}
			if results := o.read(i); len(results) > 0 {
				v := vista{policy: p, trial: o.trial, future: o.future, turn: turn, results: results, before: o.trial.answers[i]}
				o.failures[i] = v.look(ctx, l.params[p.ID])
				o.found[i] = v.found
			}
		}
	})
	for _, o := range outlooks {
		o.trial.err = errors.Join(o.failures...)
		for _, f := range o.found {
			o.trial.foreseen.changes = append(o.trial.foreseen.changes, f.changes...)
			o.trial.foreseen.gaps = append(o.trial.foreseen.gaps, f.gaps...)
		}
	}
}

// outlook is a document that is judged as of dates to come.
type outlook struct {
	trial  *trial
	future *future

	// By policy:
	found    []foresight
	failures []error
}

func newOutlook(t *trial) *outlook {
	return &outlook{
		trial: t, future: newFuture(t.size, t.value, t.opt.shared),
		found: make([]foresight, len(t.results)), failures: make([]error, len(t.results)),
	}
}

// skips tells that a policy has nothing to judge.
func (o *outlook) skips(policy int) bool {
	list := o.trial.results[policy]
	return len(list) == 1 && list[0].Verdict == report.Skip
}

// read are the results of a policy that somebody will read of.
func (o *outlook) read(policy int) []*report.Result {
	list, opt := o.trial.results[policy], o.trial.opt
	out := make([]*report.Result, 0, len(list))
	for i := range list {
		v := list[i].Verdict
		if opt.OnlyFindings && opt.Forecast == 0 && (v == report.Pass || v == report.Skip) {
			continue
		}
		out = append(out, &list[i])
	}
	return out
}

// timeDependent tells whether the policy holds certificates against the clock.
func (p *Policy) timeDependent() bool {
	clock, certificates := false, false
	for _, r := range p.Reads {
		clock = clock || r.Section == "at" || r.Section == "collected_at"
		certificates = certificates || r.Section == "certificates"
	}
	return clock && certificates
}

// datesOf are the moments to come at which a certificate begins or ends to be valid,
// or comes as near to its end as one of the policy's parameters in days says.
func datesOf(doc *evidence.Document, at evidence.Time, params map[string]any, horizon time.Duration) []evidence.Time {
	var days []time.Duration
	for name, value := range params {
		if n, ok := number(value); ok && strings.HasSuffix(name, "_days") {
			days = append(days, time.Duration(n*24*float64(time.Hour)))
		}
	}
	moments := map[int64]evidence.Time{}
	note := func(t time.Time) {
		if t.After(at.Time) && t.Year() < 9999 && (horizon == 0 || !t.After(at.Add(horizon))) {
			moments[t.Unix()] = evidence.At(t)
		}
	}
	for _, c := range doc.Certificates {
		note(c.NotBefore.Time)
		end := c.NotAfter.Add(time.Second)
		note(end)
		for _, d := range days {
			note(end.Add(-d))
		}
	}
	out := make([]evidence.Time, 0, len(moments))
	for _, unix := range slices.Sorted(maps.Keys(moments)) {
		if horizon == 0 && len(out) == nextDates {
			break
		}
		out = append(out, moments[unix])
	}
	return out
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case float64:
		return n, true
	case interface{ Float64() (float64, error) }: // json.Number
		f, err := n.Float64()
		return f, err == nil
	}
	return 0, false
}

// judgedAt is a document as policies read it, at another moment. All else is shared.
func judgedAt(input ast.Value, at evidence.Time) ast.Value {
	object, ok := input.(ast.Object)
	if !ok {
		return input
	}
	pairs := make([][2]*ast.Term, 0, object.Len()+1)
	object.Foreach(func(k, v *ast.Term) {
		if !k.Equal(atKey) {
			pairs = append(pairs, [2]*ast.Term{k, v})
		}
	})
	return ast.NewObject(append(pairs, [2]*ast.Term{atKey, ast.StringTerm(at.Format(time.RFC3339))})...)
}

var atKey = ast.StringTerm("at") //nolint:gochecknoglobals // a constant that Go cannot write as one

// waiverChanges are the dates at which waivers stop to excuse.
func waiverChanges(results []report.Result, at evidence.Time, horizon time.Duration) []report.Change {
	var out []report.Change
	for i := range results {
		r := &results[i]
		if r.Waiver == nil {
			continue
		}
		until, ok := endOf(r.Waiver)
		if !ok {
			continue // it was checked when it was read
		}
		r.NextChange = NextUnder(r.Waiver, r.NextChange)
		if horizon > 0 && !until.After(at.Add(horizon)) {
			out = append(out, report.Change{
				At: until, ID: r.ID, Title: r.Title, Subject: r.Subject, From: report.Waived, To: r.Waiver.Verdict, Severity: r.Severity,
				Message: fmt.Sprintf("the waiver by %s ends; %s", r.Waiver.Owner, r.Message),
			})
		}
	}
	return out
}

// NextUnder is the next change of a result that a waiver excuses, next being what it
// would be without.
func NextUnder(w *report.Waiver, next *report.NextChange) *report.NextChange {
	until, ok := endOf(w)
	if ok && (next == nil || next.Becomes == report.Fail || until.Before(next.At.Time)) {
		return &report.NextChange{At: until, Becomes: w.Verdict}
	}
	return next
}

// endOf is the moment after a waiver's last day.
func endOf(w *report.Waiver) (evidence.Time, bool) {
	day, err := time.Parse(time.DateOnly, w.Expires)
	return evidence.At(day.AddDate(0, 0, 1)), err == nil
}
