package policytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// Mutation is how many changes of the policies their tests notice.
type Mutation struct {
	Policies []MutatedPolicy `json:"policies"`
	Killed   int             `json:"killed"`
	Total    int             `json:"total"`
	// Score is Killed of Total, 0 to 1; Enough tells that it reaches what was asked
	// for and that every mutant was tried.
	Score  float64 `json:"score"`
	Want   float64 `json:"want"`
	Enough bool    `json:"enough"`
	// Untried are the mutants that the time did not suffice for.
	Untried int `json:"untried"`
}

// MutatedPolicy is one policy's share of a Mutation.
type MutatedPolicy struct {
	Policy    string     `json:"policy"`
	Killed    int        `json:"killed"`
	Total     int        `json:"total"`
	Survivors []Survivor `json:"survivors"`
}

// Survivor is a change that no test notices.
type Survivor struct {
	File string `json:"file"`
	Line int    `json:"line"`
	What string `json:"what"`
}

// trial is one mutant and the bench it is tried on.
type trial struct {
	bench *bench
	mutant
	outcome outcome
}

type outcome int

const (
	untried   outcome = iota
	stillborn         // it does not compile, and counts for nothing
	killed
	survived
)

// mutate changes the policies, one thing at a time: a change that neither a case
// nor a unit test notices is behaviour that nothing holds in place.
func mutate(ctx context.Context, s *engine.Sources, policies []*engine.Policy, cases map[string][]Case, opt Options) (*Mutation, error) {
	if opt.MutateBudget > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opt.MutateBudget, errBudget)
		defer cancel()
	}
	var trials []trial
	for _, p := range policies {
		b, err := newBench(ctx, s, p, cases[p.ID])
		if err != nil {
			return nil, err
		}
		for _, file := range b.files() {
			for _, m := range mutants(b.sources.Modules()[file]) {
				trials = append(trials, trial{bench: b, mutant: m})
			}
		}
	}
	var unfinished atomic.Bool
	err := inParallel(ctx, opt.jobs(), len(trials), func(i int) error {
		t := &trials[i]
		t.outcome = t.bench.try(ctx, t.module)
		if ctx.Err() != nil {
			t.outcome = untried
			unfinished.Store(true)
		}
		return nil
	})
	if err != nil && !errors.Is(err, errBudget) {
		return nil, err
	}
	return tallyMutation(policies, trials, opt.MinScore), nil
}

var errBudget = errors.New("the time for mutation is up")

func tallyMutation(policies []*engine.Policy, trials []trial, want float64) *Mutation {
	out := &Mutation{Want: want, Policies: make([]MutatedPolicy, len(policies))}
	byID := map[string]*MutatedPolicy{}
	for i, p := range policies {
		out.Policies[i] = MutatedPolicy{Policy: p.ID, Survivors: []Survivor{}}
		byID[p.ID] = &out.Policies[i]
	}
	for i := range trials {
		t := &trials[i]
		p := byID[t.bench.policy.ID]
		switch t.outcome {
		case untried:
			out.Untried++
		case killed:
			p.Killed++
			p.Total++
		case survived:
			p.Total++
			p.Survivors = append(p.Survivors, Survivor{File: t.module.Package.Location.File, Line: t.line, What: t.what})
		case stillborn:
		}
	}
	for i := range out.Policies {
		out.Killed += out.Policies[i].Killed
		out.Total += out.Policies[i].Total
	}
	if out.Total > 0 {
		out.Score = float64(out.Killed) / float64(out.Total)
	}
	out.Enough = out.Untried == 0 && out.Total > 0 && out.Score >= want
	return out
}

// bench is what the mutants of one policy are tried on.
type bench struct {
	policy  *engine.Policy
	sources *engine.Sources
	cases   []Case
	// passed is what the unit tests of the unchanged policy evaluate to, by package.
	passed []ast.Value
}

func newBench(ctx context.Context, s *engine.Sources, p *engine.Policy, cases []Case) (*bench, error) {
	b := &bench{policy: p, sources: s.Only(p.Package), cases: cases}
	compiler, err := b.sources.CompileWithTests()
	if err != nil {
		return nil, err
	}
	if b.passed, err = b.unitTests(ctx, compiler); err != nil {
		return nil, err
	}
	for i := range b.cases {
		if err := b.cases[i].Input.Prepare(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// files are those of the policy's own package.
func (b *bench) files() []string {
	var out []string
	for path, m := range b.sources.Modules() {
		if strings.TrimPrefix(m.Package.Path.String(), "data.") == b.policy.Package {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// try tells whether a test notices a mutant: a case first, since they are cheap.
func (b *bench) try(ctx context.Context, m *ast.Module) outcome {
	sources := b.sources.Replace(m.Package.Location.File, m)
	compiler, err := sources.CompileWithTests()
	if err != nil {
		return stillborn
	}
	l, err := sources.LibraryOf(ctx, compiler)
	if err != nil {
		return stillborn
	}
	for i := range b.cases {
		results, err := judgeCase(ctx, l, b.policy, &b.cases[i], nil)
		if err != nil || b.cases[i].Unmet(results) != "" || misreported(&b.cases[i], results) != "" {
			return killed
		}
	}
	passed, err := b.unitTests(ctx, compiler)
	if err != nil || !slices.EqualFunc(passed, b.passed, func(x, y ast.Value) bool { return x.Compare(y) == 0 }) {
		return killed
	}
	return survived
}

// unitTests evaluates the policy's unit tests without OPA's tester, whose tracing
// of table cases takes most of the time. A case that fails is absent.
func (b *bench) unitTests(ctx context.Context, compiler *ast.Compiler) ([]ast.Value, error) {
	var out []ast.Value
	seen := map[string]bool{}
	for _, test := range b.sources.Tests() {
		name := test.Package.Path.String()
		if seen[name] {
			continue
		}
		seen[name] = true
		rs, err := rego.New(rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(test.Package.Path)))), rego.Compiler(compiler)).Eval(ctx)
		if err != nil {
			return nil, fmt.Errorf("evaluating unit tests of %q: %w", b.policy.ID, err)
		}
		if len(rs) != 1 || len(rs[0].Expressions) != 1 {
			return nil, fmt.Errorf("unit tests of %q give no result", b.policy.ID)
		}
		v, err := ast.InterfaceToValue(rs[0].Expressions[0].Value)
		if err != nil {
			return nil, fmt.Errorf("reading results of unit tests of %q: %w", b.policy.ID, err)
		}
		out = append(out, v)
	}
	return out, nil
}
