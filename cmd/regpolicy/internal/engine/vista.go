package engine

import (
	"context"
	"errors"
	"maps"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// vista is one policy's view of a document from date to date.
type vista struct {
	policy  *Policy
	trial   *trial
	future  *future
	turn    *limits.Turn
	results []*report.Result // of today, at least one
	// before is what the policy said at the date before, nil where that is not known.
	before *answer
	found  foresight

	// By subject, from the first date at which the policy says something else:
	now   map[string]report.Verdict
	first map[string]*report.Result
	open  int // results of which no change is known
}

// look judges the policy at each date to come, in their order, up to the first at which
// it fails: what it would take at the next ones nobody knows.
func (v *vista) look(ctx context.Context, params map[string]any) error {
	in, opt := v.trial.in, v.trial.opt
	for _, r := range v.results {
		if r.Verdict == report.Error {
			if opt.Forecast > 0 { // else nobody asked for more than the result tells
				v.found.endsAt(v.policy, in, v.trial.at, r.Message, opt)
			}
			return nil
		}
	}
	for _, date := range datesOf(in.Document, v.trial.at, params, opt.Forecast) {
		later, err := v.judge(ctx, date)
		if err != nil {
			return err
		}
		for i := range later {
			if later[i].Verdict == report.Error {
				v.found.endsAt(v.policy, in, date, later[i].Message, opt)
				return nil
			}
		}
		for i := range later {
			v.compare(date, &later[i])
		}
		if v.first != nil && v.open == 0 && opt.Forecast == 0 {
			break
		}
	}
	return nil
}

// judge is the policy's results as of a date to come; none where it says what it said at
// the date before.
func (v *vista) judge(ctx context.Context, date evidence.Time) ([]report.Result, error) {
	then := v.future.at(date)
	results, err := v.judgeAmongOthers(ctx, then)
	if errors.Is(err, errTooMuchMemory) {
		v.before = nil
		return v.policy.judgeAlone(ctx, v.trial.in.Document, then.input, v.future, v.trial.opt)
	}
	return results, err
}

func (v *vista) judgeAmongOthers(ctx context.Context, then moment) ([]report.Result, error) {
	p, doc, opt := v.policy, v.trial.in.Document, v.trial.opt
	opt.shared, opt.turn = then.shared, v.turn
	opt.exclusive.RLock()
	defer opt.exclusive.RUnlock()
	a, err := p.ask(ctx, doc, then.input, opt)
	if err != nil {
		return nil, err
	}
	// What others' policies give may take long to compare, and nothing could stop that.
	if p.trusted && a.same(v.before) {
		return nil, nil
	}
	v.before = a
	return p.results(doc, a, opt)
}

// compare notes what a result of a date to come tells that is new.
func (v *vista) compare(date evidence.Time, later *report.Result) {
	v.begin()
	subject := later.Subject
	if v.trial.opt.Many {
		subject = maps.Clone(subject) // gaps share it
		subject["cluster"] = clusterOf(v.trial.in)
	}
	key := subject.String()
	was, known := v.now[key]
	if !known {
		// What is not a subject today passes as far as anybody can tell; only what it
		// will be denied for is news.
		was = report.Pass
	}
	if !news(was, later.Verdict, known) {
		return
	}
	v.now[key] = later.Verdict
	v.found.changes = append(v.found.changes, report.Change{
		At: date, ID: later.ID, Title: later.Title, Subject: subject, From: was, To: later.Verdict, Severity: later.Severity, Message: later.Message,
	})
	if r := v.first[key]; r != nil && r.NextChange == nil {
		r.NextChange = &report.NextChange{At: date, Becomes: later.Verdict}
		v.open--
	}
}

// begin puts today's subjects into words.
func (v *vista) begin() {
	if v.first != nil {
		return
	}
	v.now, v.first = map[string]report.Verdict{}, map[string]*report.Result{}
	for _, r := range v.results {
		key := r.Subject.String()
		v.now[key], v.first[key] = r.Verdict, r
	}
	v.open = len(v.first)
}

func news(was, is report.Verdict, known bool) bool {
	return was != is && (known || is == report.Fail || is == report.Warn)
}
