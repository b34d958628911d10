package policytest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// unitTests runs Rego unit tests with OPA's own tester; every table case is one.
func unitTests(ctx context.Context, s *engine.Sources, opt Options, covered *cover.Cover) ([]Test, error) {
	if len(s.Tests()) == 0 {
		return nil, nil
	}
	modules := maps.Clone(s.Modules())
	maps.Copy(modules, s.Tests())
	store := inmem.NewFromObject(s.Data())
	runner := tester.NewRunner().SetStore(store).SetParallel(opt.jobs()).SetTimeout(time.Minute).SetModules(modules).CapturePrintOutput(true)
	if covered != nil {
		runner = runner.SetCoverageQueryTracer(covered)
	}
	out, failing, err := results(ctx, runner, opt.Run)
	if err != nil || len(failing) == 0 || covered != nil {
		return out, err
	}
	// Traces cost much: they are made for those that fail, so that the values can
	// be shown.
	if err := explainFailures(ctx, modules, store, failing, out); err != nil {
		return nil, err
	}
	return out, nil
}

func results(ctx context.Context, runner *tester.Runner, run *regexp.Regexp) ([]Test, []string, error) {
	ch, err := runner.RunTests(ctx, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("running unit tests: %w", err)
	}
	var out []Test
	var failing []string
	for r := range ch {
		name := strings.TrimPrefix(r.Package, "data.") + "." + r.Name
		if run != nil && !run.MatchString(name) {
			continue
		}
		if !r.Pass() {
			failing = append(failing, regexp.QuoteMeta(r.Package+"."+r.Name))
		}
		out = append(out, testsOf(name, r)...)
	}
	slices.SortStableFunc(out, func(a, b Test) int { return strings.Compare(a.Name, b.Name) })
	return out, failing, nil
}

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

// explainFailures runs the failing tests once more, with the line that failed and
// the values in it.
func explainFailures(ctx context.Context, modules map[string]*ast.Module, store storage.Store, failing []string, tests []Test) error {
	fresh := map[string]*ast.Module{}
	for path, m := range modules {
		fresh[path] = m.Copy()
	}
	ch, err := tester.NewRunner().SetStore(store).SetParallel(1).SetTimeout(time.Minute).SetModules(fresh).EnableTracing(true).
		Filter("^("+strings.Join(failing, "|")+")$").RunTests(ctx, nil)
	if err != nil {
		return fmt.Errorf("explaining failed unit tests: %w", err)
	}
	for r := range ch {
		one := make(chan *tester.Result, 1)
		one <- r
		close(one)
		var text bytes.Buffer
		if err := (tester.PrettyReporter{Output: &text, FailureLine: true, LocalVars: true}).Report(one); err != nil {
			return fmt.Errorf("explaining failed unit tests: %w", err)
		}
		name := strings.TrimPrefix(r.Package, "data.") + "." + r.Name
		for i := range tests {
			if tests[i].Failure != "" && (tests[i].Name == name || strings.HasPrefix(tests[i].Name, name+"/")) {
				tests[i].Detail = failureText(text.String())
				break // once for all cases of one test: it names them
			}
		}
	}
	return nil
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
