package policytest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
)

// unitTests runs Rego unit tests with OPA's own tester; every table case is one.
func unitTests(ctx context.Context, s *engine.Sources, opt Options, covered *cover.Cover) ([]Test, error) {
	if len(s.Tests()) == 0 {
		return nil, nil
	}
	return newUnits(s, opt, covered).results(ctx)
}

// testTimeout bounds each test, and testGrace is how long one may take to stop then: OPA
// looks between two steps only.
const testTimeout, testGrace = time.Minute, 2 * time.Second

// units runs the unit tests of some modules.
type units struct {
	modules  map[string]*ast.Module
	compiler *ast.Compiler // of all modules, once the first have run
	store    storage.Store
	brake    *brake
	run      *regexp.Regexp
	jobs     int
	timeout  time.Duration // of each

	seen    map[string]bool // by name: there is a result
	tests   []Test
	failing []string // patterns of their names, for OPA's tester
}

func newUnits(s *engine.Sources, opt Options, covered *cover.Cover) *units {
	u := &units{
		modules: maps.Clone(s.Modules()), compiler: ast.NewCompiler().WithEnablePrintStatements(true), store: inmem.NewFromObject(s.Data()),
		brake: &brake{stack: limits.StackBound(), covered: covered}, run: opt.Run, jobs: opt.jobs(), timeout: testTimeout, seen: map[string]bool{},
	}
	maps.Copy(u.modules, s.Tests())
	return u
}

func (u *units) results(ctx context.Context) ([]Test, error) {
	if err := u.each(ctx, u.runner().SetParallel(u.jobs).SetModules(u.modules), u.add); err != nil {
		return nil, fmt.Errorf("running unit tests: %w", err)
	}
	if err := u.rest(ctx); err != nil {
		return nil, err
	}
	slices.SortStableFunc(u.tests, func(a, b Test) int { return strings.Compare(a.Name, b.Name) })
	if len(u.failing) == 0 || u.brake.covered != nil {
		return u.tests, nil
	}
	// Traces cost much: they are made for those that fail, so that the values can
	// be shown.
	if err := u.explain(ctx); err != nil {
		return nil, fmt.Errorf("explaining failed unit tests: %w", err)
	}
	return u.tests, nil
}

func (u *units) runner() *tester.Runner {
	return tester.NewRunner().SetCompiler(u.compiler).SetStore(u.store).SetTimeout(u.timeout).SetCoverageQueryTracer(u.brake)
}

// each runs tests and hands on what became of them. Where no result comes for longer than
// a test may take, all that run are late, and are ended.
func (u *units) each(ctx context.Context, runner *tester.Runner, do func(*tester.Result) error) error {
	u.brake.late.Store(false)
	ch, err := runner.RunTests(ctx, nil)
	if err != nil {
		return err
	}
	patience := time.NewTimer(u.timeout + testGrace)
	defer patience.Stop()
	for {
		select {
		case r, more := <-ch:
			if !more {
				return err
			}
			patience.Reset(u.timeout + testGrace)
			if failure := do(r); err == nil {
				err = failure
			}
		case <-patience.C:
			u.brake.late.Store(true)
		}
	}
}

func (u *units) add(r *tester.Result) error {
	name := unitName(r.Package, r.Name)
	u.seen[name] = true
	if u.run != nil && !u.run.MatchString(name) {
		return nil
	}
	if topdown.IsCancel(r.Error) { // OPA found the time to look
		r.Error = u.tooLate()
	} else if !r.Pass() {
		u.failing = append(u.failing, regexp.QuoteMeta(r.Package+"."+r.Name))
	}
	u.tests = append(u.tests, testsOf(name, r)...)
	return nil
}

// rest runs tests that have no result, because the brake ended them, once more and each
// alone: which of them filled the stack, or was late, is not known.
func (u *units) rest(ctx context.Context) error {
	for name, rule := range u.all() {
		if u.seen[name] || u.run != nil && !u.run.MatchString(name) {
			continue
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		runtime.GC() // the stacks of others are not this one's fault
		full := rule.Module.Package.Path.Extend(testRef(rule)).String()
		if err := u.each(ctx, u.runner().SetParallel(1).Filter("^"+regexp.QuoteMeta(full)+"$"), u.add); err != nil {
			return fmt.Errorf("running unit test %q: %w", name, err)
		}
		if u.seen[name] || ctx.Err() != nil {
			continue
		}
		test := Test{Kind: Unit, Name: name, File: rule.Location.File, Line: rule.Location.Row, Failure: u.brake.stack.Reason()}
		if u.brake.late.Load() {
			test.Failure = u.tooLate().Error()
		}
		u.tests = append(u.tests, test)
	}
	return nil
}

func (u *units) tooLate() error {
	return fmt.Errorf("it took longer than %s and was stopped", u.timeout)
}

// all are the compiled tests by name.
func (u *units) all() map[string]*ast.Rule {
	out := map[string]*ast.Rule{}
	for _, m := range u.compiler.Modules {
		for _, rule := range m.Rules {
			if ref := testRef(rule); ref != nil {
				out[unitName(m.Package.Path.String(), ref.String())] = rule
			}
		}
	}
	return out
}

// testRef is a rule's name as OPA's tester takes it, nil where the rule is no test.
func testRef(rule *ast.Rule) ast.Ref {
	ref := rule.Head.Ref().GroundPrefix()
	for i, term := range ref {
		name := strings.Trim(term.String(), `"`)
		if strings.HasPrefix(name, tester.TestPrefix) || strings.HasPrefix(name, tester.SkipTestPrefix) {
			return ref[:i+1]
		}
	}
	return nil
}

func unitName(pkg, name string) string { return strings.TrimPrefix(pkg, "data.") + "." + name }

// testsOf makes a test of each table case, or one of a test without.
func testsOf(name string, r *tester.Result) []Test {
	one := Test{Kind: Unit, Name: name}
	if r.Location != nil {
		one.File, one.Line = r.Location.File, r.Location.Row
	}
	switch {
	case r.Error != nil:
		one.Failure = r.Error.Error()
		return []Test{one}
	case r.Skip:
		one.Failure = "it is marked todo_, which would pass for tested"
		return []Test{one}
	}
	var out []Test
	for path, sub := range r.SubResults.Iter {
		if len(sub.SubResults) > 0 {
			continue
		}
		t := one
		t.Name = name + "/" + strings.Join(path, "/")
		if sub.Fail {
			t.Failure = "the case fails"
		}
		out = append(out, t)
	}
	if r.Fail && !slices.ContainsFunc(out, func(t Test) bool { return t.Failure != "" }) {
		one.Failure = "the test is not true"
		out = append(out, one)
	}
	if len(out) == 0 {
		out = append(out, one)
	}
	return out
}

// explain runs the failing tests once more, with the line that failed and the values in
// it.
func (u *units) explain(ctx context.Context) error {
	runner := u.runner().SetParallel(1).EnableTracing(true).SetCoverageQueryTracer(u.brake).Filter("^(" + strings.Join(u.failing, "|") + ")$")
	return u.each(ctx, runner, func(r *tester.Result) error {
		one := make(chan *tester.Result, 1)
		one <- r
		close(one)
		var text bytes.Buffer
		if err := (tester.PrettyReporter{Output: &text, FailureLine: true, LocalVars: true}).Report(one); err != nil {
			return err
		}
		name := unitName(r.Package, r.Name)
		for i := range u.tests {
			if t := &u.tests[i]; t.Failure != "" && (t.Name == name || strings.HasPrefix(t.Name, name+"/")) {
				t.Detail = failureText(text.String())
				break // once for all cases of one test: it names them
			}
		}
		return nil
	})
}

// failureText is the part of the tester's output below its heading, which has the
// time that the test took.
func failureText(text string) string {
	rule := strings.Repeat("-", 80)
	if _, after, ok := strings.Cut(text, "FAILURES\n"+rule+"\n"); ok {
		text = after
	}
	text, _, _ = strings.Cut(text, rule)
	if first, rest, ok := strings.Cut(strings.TrimLeft(text, "\n"), "\n"); ok && strings.HasPrefix(first, "data.") {
		text = rest
	}
	return strings.TrimRight(text, "\n ")
}
