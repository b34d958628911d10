package policytest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/cover"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Options say what to test, and how thoroughly.
type Options struct {
	// Paths are files and folders: policies of others, as a library below them, are
	// not tested.
	Paths []string
	// Under tells whether a file lies below one of Paths.
	Under func(file string) bool
	// Run picks tests by name.
	Run *regexp.Regexp
	// Gate wants a failing, a passing and an inconclusive case of every policy.
	Gate bool
	// Coverage, Mutate and Ablate ask what the tests are worth.
	Coverage, Mutate, Ablate bool
	// MutateBudget ends the mutation of policies; what was tried until then counts.
	MutateBudget time.Duration
	// MinScore is the least share of mutants that must be noticed.
	MinScore float64
	// Jobs is how many tests run at once; zero means all cores.
	Jobs int
}

func (o *Options) jobs() int {
	if o.Jobs > 0 {
		return o.Jobs
	}
	return runtime.GOMAXPROCS(0)
}

// Run tests the policies of some sources, which were parsed with their tests.
func Run(ctx context.Context, s *engine.Sources, opt Options) (*Outcome, error) {
	l, err := s.Library(ctx)
	if err != nil {
		return nil, err
	}
	policies := slices.DeleteFunc(slices.Clone(l.Policies()), func(p *engine.Policy) bool { return !opt.Under(p.File) })
	cases, err := CasesOf(Disk{}, policies)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Policies: len(policies), Tests: []Test{}, Gate: []Lack{}}
	var covered *cover.Cover
	if opt.Coverage {
		covered = cover.New()
	}
	units, err := unitTests(ctx, s.TestsUnder(opt.Under), opt, covered)
	if err != nil {
		return nil, err
	}
	judged, err := runCases(ctx, l, policies, cases, opt, covered)
	if err != nil {
		return nil, err
	}
	stories, err := runStories(ctx, l, opt)
	if err != nil {
		return nil, err
	}
	out.Tests = slices.Concat(out.Tests, units, judged, stories)
	if opt.Gate && opt.Run == nil {
		out.Gate = gate(policies, cases)
	}
	if covered != nil {
		out.Coverage = coverage(covered, s, opt)
	}
	if opt.Ablate {
		out.Ablation, err = ablate(ctx, l, policies, cases, opt)
	}
	if err == nil && opt.Mutate && !out.failed() {
		out.Mutation, err = mutate(ctx, s, policies, cases, opt)
	}
	return out, err
}

// runCases judges each policy by its own cases.
func runCases(ctx context.Context, l *engine.Library, policies []*engine.Policy, cases map[string][]Case, opt Options, covered *cover.Cover) ([]Test, error) {
	out := make([][]Test, len(policies))
	err := inParallel(ctx, opt.jobs(), len(policies), func(i int) error {
		var err error
		out[i], err = runPolicy(ctx, l, policies[i], cases[policies[i].ID], opt, covered)
		return err
	})
	return slices.Concat(out...), err
}

func runPolicy(ctx context.Context, l *engine.Library, p *engine.Policy, cases []Case, opt Options, covered *cover.Cover) ([]Test, error) {
	var out []Test
	for i := range cases {
		c := &cases[i]
		name := p.ID + "/" + c.Name
		if opt.Run != nil && !opt.Run.MatchString(name) {
			continue
		}
		test := Test{Kind: Evidence, Name: name, File: c.File, Line: c.Line}
		results, err := judgeCase(ctx, l, p, c, covered)
		if fault, ok := errors.AsType[*engine.Fault](err); ok && fault.File == p.File {
			test.Failure = fault.Error() + "; " + fault.Hint
		} else if err != nil {
			return nil, err
		} else if test.Failure = c.Unmet(results); test.Failure == "" {
			test.Failure = misreported(c, results)
		}
		out = append(out, test)
	}
	return out, nil
}

// judgeCase judges one case by its policy alone.
func judgeCase(ctx context.Context, l *engine.Library, p *engine.Policy, c *Case, covered *cover.Cover) ([]report.Result, error) {
	only, err := l.Only(ctx, p.ID, c.Params)
	if err != nil {
		if f, ok := err.(engine.Errors); ok { //nolint:errorlint // Only wraps nothing
			err = fault(c.File, c.Line, f[0].Hint, "case %q: %s", c.Name, f[0].Message)
		}
		return nil, err
	}
	opt := engine.Options{Jobs: 1, Strict: true}
	if covered != nil {
		opt.Tracer = covered
	}
	rep, err := only.Judge(ctx, []engine.Input{c.Input}, opt)
	if err != nil {
		return nil, fmt.Errorf("judging case %q of %s: %w", c.Name, p.ID, err)
	}
	return rep.Results, nil
}

func runStories(ctx context.Context, l *engine.Library, opt Options) ([]Test, error) {
	folders, err := storyFolders(opt.Paths)
	if err != nil {
		return nil, err
	}
	out := make([]Test, len(folders))
	err = inParallel(ctx, opt.jobs(), len(folders), func(i int) error {
		name := "story/" + filepath.Base(folders[i])
		out[i] = Test{Kind: Story, Name: name, File: filepath.Join(folders[i], storyFile)}
		if opt.Run != nil && !opt.Run.MatchString(name) {
			return nil
		}
		var err error
		out[i].Failure, err = judgeStory(ctx, l, folders[i], 1)
		return err
	})
	if opt.Run != nil {
		out = slices.DeleteFunc(out, func(t Test) bool { return !opt.Run.MatchString(t.Name) })
	}
	return out, err
}

// gate names the policies that lack a case of one of the three verdicts.
func gate(policies []*engine.Policy, cases map[string][]Case) []Lack {
	out := []Lack{}
	for _, p := range policies {
		var lacks []report.Verdict
		for _, v := range []report.Verdict{report.Fail, report.Pass, report.Inconclusive} {
			if v == report.Fail && !p.Denies() {
				v = report.Warn // it can do no worse
			}
			if !slices.ContainsFunc(cases[p.ID], func(c Case) bool { return c.Want == v }) {
				lacks = append(lacks, v)
			}
		}
		if len(lacks) > 0 {
			out = append(out, Lack{Policy: p.ID, File: p.File, Verdicts: lacks})
		}
	}
	return out
}

// inParallel runs n pieces of work over some workers and returns the first error by
// order of the pieces. A cancelled context ends it.
func inParallel(ctx context.Context, jobs, n int, work func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(jobs, max(n, 1)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = work(i)
			}
		})
	}
	for i := range n {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	workers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}
