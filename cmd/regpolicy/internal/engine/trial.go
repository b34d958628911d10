package engine

import (
	"cmp"
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/terms"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// trial is one document before the policies.
type trial struct {
	in    *Input
	value ast.Value
	at    evidence.Time
	sum   string
	size  int
	opt   Options
	packs bool

	// By policy:
	results  resultLists
	passes   []packed
	failures []error
	// answers are those that are asked for again at dates to come; nil for all others, and
	// where a policy was asked alone.
	answers []*answer

	foreseen foresight
	err      error // why nothing came of it
}

// judge judges documents by one policy after the other. What a processor has at hand of
// a policy's rules serves all of them: judging eight small documents takes a third less
// time so than one document after the other. What came of each, or why nothing did, is
// at its place.
func (j *Judging) judge(ctx context.Context, inputs []*Input, jobs int) ([]*Judged, []error) {
	judged, failures := make([]*Judged, len(inputs)), make([]error, len(inputs))
	trials := make([]*trial, 0, len(inputs))
	places := make([]int, 0, len(inputs))
	table := terms.NewTable() // documents of one kind repeat each other's words
	for i, in := range inputs {
		t, err := j.open(in, table)
		if err != nil {
			failures[i] = err
			continue
		}
		trials, places = append(trials, t), append(places, i)
	}
	j.library.hear(ctx, trials, jobs)
	j.library.foresee(ctx, trials, jobs)
	for n, t := range trials {
		judged[places[n]], failures[places[n]] = t.close(j.library.left)
	}
	return judged, failures
}

// open begins with a document: reads it as policies do.
func (j *Judging) open(in *Input, table *terms.Table) (*trial, error) {
	l, t := j.library, &trial{in: in, at: in.Document.CollectedAt, sum: in.digest(), size: in.size(), opt: j.opt}
	if in.Document.At != nil {
		t.at = *in.Document.At
	}
	if t.opt.At != nil {
		t.at = evidence.At(*t.opt.At)
	}
	var err error
	if t.value, err = in.convert(table, t.at, l.left, t.opt.LetGo); err != nil {
		return nil, err
	}
	if t.opt.Tracer == nil { // each policy is to be seen to run its own way
		var fixed *rulecache.Fixed
		if t.opt.Many {
			fixed = l.fixed
		}
		t.opt.shared = l.shared.Document(t.foresees(), fixed)
	}
	if t.opt.LetGo {
		in.Bytes = nil
	}
	t.packs = !t.opt.Many && !t.foresees()
	t.results = make(resultLists, len(l.policies))
	t.passes = make([]packed, len(l.policies))
	t.failures = make([]error, len(l.policies))
	t.answers = make([]*answer, len(l.policies))
	return t, nil
}

// hear has the documents judged by each policy. One that was stopped because of memory
// is heard again alone.
func (l *Library) hear(ctx context.Context, trials []*trial, jobs int) {
	if len(trials) == 0 {
		return
	}
	exclusive := trials[0].opt.exclusive
	exclusive.RLock()
	side(len(l.policies), jobs, func(i int) {
		turn := trials[0].opt.memory.Turn(ctx)
		defer turn.End()
		for _, t := range trials {
			t.hear(ctx, turn, i, l.policies[i])
		}
	})
	exclusive.RUnlock()
	for _, t := range trials {
		for i, failure := range t.failures {
			if errors.Is(failure, errTooMuchMemory) {
				t.results[i], t.failures[i] = l.policies[i].judgeAlone(ctx, t.in.Document, t.value, t.opt.shared, t.options(i))
			}
		}
	}
	for _, t := range trials {
		if t.err = errors.Join(t.failures...); t.err != nil {
			continue
		}
		t.results = append(t.results, required(t.in.Document, t.opt.Require))
		t.results.settle(t.in, t.opt)
	}
}

// hear has the document judged by one policy, in its turn.
func (t *trial) hear(ctx context.Context, turn *limits.Turn, i int, p *Policy) {
	opt := t.options(i)
	opt.turn = turn
	a, err := p.ask(ctx, t.in.Document, t.value, opt)
	if err != nil {
		t.failures[i] = err
		return
	}
	if t.results[i], t.failures[i] = p.results(t.in.Document, a, opt); t.foresees() && p.timeDependent() {
		t.answers[i] = a
	}
}

func (t *trial) foresees() bool { return foresees(t.size, t.opt) }

// options are those of one policy, which packs for itself.
func (t *trial) options(policy int) Options {
	opt := t.opt
	if t.packs {
		opt.packs = &t.passes[policy]
	}
	return opt
}

// close is what came of it.
func (t *trial) close(left map[string]bool) (*Judged, error) {
	if t.err != nil {
		return nil, t.err
	}
	in, doc := t.in, t.in.Document
	out := &Judged{
		document: report.Document{
			URI: in.URI, SHA256: t.sum, CollectedAt: doc.CollectedAt, Cluster: doc.Cluster, At: t.at,
		},
		value: readable{value: t.value}, results: t.results, passes: t.passes, foreseen: t.foreseen,
		pulls: pullsOf(in), told: toldOf(t.results, doc), coverage: doc.Coverage, size: t.size,
	}
	if !t.opt.Bare {
		out.paths = trustPaths(t.results, in, t.opt.Many, t.at)
	}
	if len(left) > 0 {
		out.value.left, out.value.document = left, doc
	}
	if t.opt.Many {
		out.document.Cluster = cmp.Or(doc.Cluster, in.Name)
		out.coverage = coverageOf(doc.Coverage, clusterOf(in))
		out.facts = fleet.Of(doc)
	}
	return out, nil
}
