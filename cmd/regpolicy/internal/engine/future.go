package engine

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// future is what rules of libraries come to at the dates to come.
type future struct {
	shared *rulecache.Document
	input  ast.Value
	// keep tells that policies share a date's values, too, and not only what is the
	// same at all dates: only for documents so small that few dates are tried.
	keep bool

	mu    sync.Mutex
	dates map[int64]moment
}

// moment is a document as of a date to come.
type moment struct {
	input  ast.Value
	shared *rulecache.Document // nil where nothing is
}

// newFuture begins for a document of so many bytes, which may be let go by now.
func newFuture(size int, input ast.Value, shared *rulecache.Document) *future {
	return &future{input: input, shared: shared, keep: size <= foreseen, dates: map[int64]moment{}}
}

func (f *future) at(date evidence.Time) moment {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, known := f.dates[date.Unix()]
	if known {
		return m
	}
	m.input = judgedAt(f.input, date)
	if f.shared != nil {
		m.shared = f.shared.At()
	}
	if f.keep && len(f.dates) < nextDates {
		f.dates[date.Unix()] = m
	}
	return m
}

// Drop forgets what policies share, at all dates, and keeps nothing from now on.
func (f *future) Drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shared == nil {
		return
	}
	f.shared.Drop()
	for _, m := range f.dates {
		m.shared.Drop()
	}
	f.keep, f.dates = false, nil
}

// foresight is what time alone will change, up to a horizon, and of which policies
// that is not known in full.
type foresight struct {
	changes []report.Change
	gaps    []report.ForecastGap
}

// endsAt notes that a policy could not be judged as of a date to come.
func (f *foresight) endsAt(p *Policy, in *Input, date evidence.Time, reason string, opt Options) {
	gap := report.ForecastGap{From: date, ID: p.ID, Title: p.Title, Reason: strings.TrimPrefix(reason, failedPolicy)}
	if opt.Many {
		gap.Cluster = clusterOf(in)
	}
	f.gaps = append(f.gaps, gap)
}

func sortForecastGaps(gaps []report.ForecastGap) {
	slices.SortStableFunc(gaps, func(a, b report.ForecastGap) int {
		return cmp.Or(a.From.Compare(b.From.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Cluster, b.Cluster))
	})
}
