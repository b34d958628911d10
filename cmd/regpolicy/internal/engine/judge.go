package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Options are what a verdict may depend on besides document and policies.
type Options struct {
	// At judges as of this time instead of each document's own.
	At *time.Time
	// Require names collectors whose evidence must be there: what nobody asked
	// for is inconclusive then, not skipped.
	Require []string
	// Waivers excuse failures.
	Waivers []Waiver
	// Timeout bounds each policy on each document; zero means 30 seconds.
	Timeout time.Duration
	// Memory bounds, in bytes, what the process may hold while policies run; zero
	// means 1 GiB and twenty times the documents.
	Memory uint64
	// Within bounds all judging: policies that are not done by then are errors, and
	// the rest is reported. Zero is no bound.
	Within time.Duration
	// Jobs is how many policies are evaluated at once; zero means all cores.
	Jobs int
	// ToolVersion stands in the report.
	ToolVersion string
	// Forecast lists the changes of verdicts to come within this time; zero lists none.
	Forecast time.Duration
	// Strict makes a finding on a subject that the policy does not declare an error.
	Strict bool
	// Many tells that the document is one of several, whose results name their cluster.
	// Judge sees to it by itself.
	Many bool
	// LetGo lets go of each document's bytes once they are read, and of the document
	// once it is judged: nobody else needs them.
	LetGo bool
	// OnlyFindings keeps no results that passed or were skipped, only their count.
	OnlyFindings bool
	// Packed leaves passes of a document's many pods and nodes packed in the report.
	Packed bool
	// Today finds out no verdicts to come, but for what Forecast lists: results have no
	// NextChange but the end of their waiver.
	Today bool
	// Bare leaves out what a report only quotes or draws: excerpts of the evidence and
	// trust paths.
	Bare bool
	// Tracer is told of every step of the evaluation, for coverage.
	Tracer topdown.QueryTracer

	// memory stops policies that take too much; alone tells that only one runs, so
	// that it was that one.
	memory *limits.Memory
	alone  bool
	// turn is the policy's on several documents; nil where it has one by itself.
	turn *limits.Turn
	// packs takes what passes and nothing but the report looks at; nil takes nothing.
	packs *packed
	// exclusive is held by all policies that run side by side, or by one alone.
	exclusive *sync.RWMutex
	// shared holds what rules of libraries come to over the document; nil shares nothing.
	shared *rulecache.Document
}

// Judge evaluates every policy over every document. It returns an error only
// where no report can be believed: a document that is none, a policy whose
// result has no shape that could be reported, a cancelled context.
func (l *Library) Judge(ctx context.Context, inputs []Input, opt Options) (*report.Report, error) {
	opt.Many = opt.Many || len(inputs) > 1
	if opt.Within > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opt.Within, errTimeIsUp)
		defer cancel()
	}
	j := l.Begin(opt)
	j.expected = len(inputs)
	defer j.Close()
	for i := range inputs {
		j.allow(memoryPerByte * inputs[i].size())
	}
	for rest := inputs; len(rest) > 0; {
		n := together(rest)
		if err := j.judgeTogether(ctx, rest[:n]); err != nil {
			return nil, err
		}
		rest = rest[n:]
	}
	return j.Report(), nil
}

// judgeAlone judges once more what was stopped among others: which of them took the
// memory is not known. Shared is what policies keep for one another, nil for nothing.
func (p *Policy) judgeAlone(ctx context.Context, doc *evidence.Document, input ast.Value, shared interface{ Drop() }, opt Options) ([]report.Result, error) {
	opt.exclusive.Lock()
	defer opt.exclusive.Unlock()
	// What policies share is not this one's fault.
	if opt.shared != nil {
		shared.Drop()
	}
	opt.memory.Settle(ctx)
	runtime.GC()
	opt.alone, opt.shared, opt.turn = true, nil, nil
	return p.judge(ctx, doc, input, opt)
}

// clusterOf tells the results of one of several documents apart.
func clusterOf(in *Input) string { return cmp.Or(in.Document.Cluster, in.Name, in.URI) }

// judge evaluates one policy over one document and puts what it says into results.
func (p *Policy) judge(ctx context.Context, doc *evidence.Document, input ast.Value, opt Options) ([]report.Result, error) {
	a, err := p.ask(ctx, doc, input, opt)
	if err != nil {
		return nil, err
	}
	return p.results(doc, a, opt)
}

// errTooMuchMemory tells that a policy was stopped among others, so that which of them took
// the memory is not known.
var errTooMuchMemory = errors.New("too much memory among others")

// evaluate runs a query; failed is the result where the policy itself fails.
func (p *Policy) evaluate(ctx context.Context, q *query, input ast.Value, opt Options) (bound topdown.QueryResult, failed []report.Result, err error) {
	timeout := cmp.Or(opt.Timeout, 30*time.Second)
	turn := opt.turn
	if turn == nil {
		turn = opt.memory.Turn(ctx)
		defer turn.End()
	}
	limited := turn.Next(timeout)
	bound, err = q.ask(limited, input, opt.shared, opt.Tracer, opt.memory)
	turn.Rest()
	if err == nil {
		return bound, nil, nil
	}
	message := err.Error()
	left := errors.Is(err, errLeft)
	greedy, deep := errors.Is(context.Cause(limited), limits.ErrMemory), errors.Is(context.Cause(limited), limits.ErrStack)
	switch {
	case greedy && !opt.alone && (deep || !left):
		return nil, nil, errTooMuchMemory
	case greedy:
		message = greed(context.Cause(limited), left, opt.memory)
	case timeIsUp(ctx):
		message = fmt.Sprintf("the %s for all judging were over before it was done", opt.Within)
	case ctx.Err() != nil:
		return nil, nil, fmt.Errorf("evaluating policy %q: %w", p.ID, context.Cause(ctx))
	case left && limited.Err() != nil:
		message = fmt.Sprintf("it took longer than %s and could not be stopped", timeout)
	case topdown.IsCancel(err):
		message = fmt.Sprintf("it took longer than %s and was stopped", timeout)
	}
	return nil, []report.Result{p.result(report.Error, wholeDocument(), failedPolicy+evidence.Scrub(message))}, nil
}

const failedPolicy = "the policy failed: "

var errTimeIsUp = errors.New("the time for all judging is up")

func timeIsUp(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errTimeIsUp) }

// ToolName is how reports call this program.
const ToolName = "regpolicy"

// OwnIDs are the ids of results that no policy made.
var OwnIDs = []string{requiredID, WaiverID, FleetID}

const (
	requiredID = "evidence-required"
	WaiverID   = "waiver-expired"
)

// required is a result for each kind of evidence that --require names and that
// was not asked for, or of which nothing at all was had without a gap to say so.
func required(doc *evidence.Document, names []string) []report.Result {
	var out []report.Result
	for _, name := range names {
		c := doc.Coverage[name]
		if c.Requested && (c.Answered > 0 || c.Skipped == 0) {
			continue
		}
		message := name + " were required and not asked for"
		if c.Requested {
			message = name + " were required, and the source holds none of what was looked for"
		}
		r := (&Policy{
			ID: requiredID, Package: "regpolicy.coverage", Severity: "high",
			Title: "Evidence that is required was gathered", RecommendedAction: c.Hint,
		}).
			result(report.Inconclusive, evidence.Subject{"kind": "section", "name": name}, message)
		r.Missing = []report.Missing{{Pointer: "/coverage/" + name, Collector: name, Reason: "not_asked", Detail: c.Hint}}
		out = append(out, r)
	}
	return out
}

func wholeDocument() evidence.Subject { return evidence.Subject{"kind": "document"} }

func (p *Policy) result(v report.Verdict, subject evidence.Subject, message string) report.Result {
	controls := p.Controls
	if controls == nil {
		controls = map[string][]string{}
	}
	return report.Result{
		ID: p.ID, Policy: p.Package, Verdict: v, Severity: p.Severity, Title: p.Title, Message: message,
		Subject: subject, TrustDomain: p.TrustDomain, Evidence: []report.Pointer{}, Missing: []report.Missing{},
		Remediation: p.RecommendedAction, Controls: controls,
	}
}

func sortChanges(changes []report.Change) {
	slices.SortStableFunc(changes, func(a, b report.Change) int {
		return cmp.Or(a.At.Compare(b.At.Time), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Subject.String(), b.Subject.String()))
	})
}

func addCoverage(sum, one map[string]evidence.Coverage) {
	for name, c := range one {
		s, ok := sum[name]
		if !ok {
			s.Gaps = []evidence.Gap{}
		}
		s.Requested = s.Requested || c.Requested
		if s.Requested {
			s.Hint = ""
		} else {
			s.Hint = c.Hint
		}
		s.Asked += c.Asked
		s.Answered += c.Answered
		s.Skipped += c.Skipped
		s.Gaps = append(s.Gaps, c.Gaps...)
		sum[name] = s
	}
}
