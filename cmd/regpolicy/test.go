package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/datafile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/bundle"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/policytest"
	"github.com/regpolicy/regpolicy/policies"
)

// testFlags are test's own.
type testFlags struct {
	policies []string
	data     []string
	run      string
	gate     string
	format   string
	verbose  bool
	coverage bool
	lcov     string
	xml      string
	mutate   bool
	ablate   bool
	budget   time.Duration
	minScore int
	jobs     int
}

func newTest(e *environment) *cobra.Command {
	var f testFlags
	c := &cobra.Command{
		Use:   "test [PATH...]",
		Short: "Test policies: unit tests, evidence cases, stories, and what these tests are worth",
		Long: "test runs the Rego unit tests, evidence cases and fixture stories below each PATH (default: the current folder).\n" +
			"A case is an evidence document that a policy must judge as its name says: fail-*, pass-* or inconclusive-*.json\n" +
			"beside the policy, in its folder cases, or a small change of a document in suite.yaml (docs/testing.md).\n\n" +
			"Every policy needs a failing, a passing and an inconclusive case: --gate off lets go of that.\n\n" +
			"Exit code: 0 all passed, 1 something failed, 2 wrong use or a policy that does not compile, 4 there was no test.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runTest(c.Context(), e, &f, args)
		},
	}
	flags := c.Flags()
	flags.StringArrayVarP(&f.policies, "policy", "p", nil, "policies that those under test need and that are not tested themselves (repeatable)")
	flags.StringArrayVar(&f.data, "data", nil, datafile.Usage)
	flags.StringVar(&f.run, "run", "", "only tests whose name this regular expression matches")
	flags.StringVar(&f.gate, "gate", "on", "on wants cases of all three verdicts of every policy, off does not")
	flags.StringVarP(&f.format, "output", "o", "text", "text or json")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "list the tests that passed, too")
	flags.BoolVar(&f.coverage, "coverage", false, "tell which lines no test reached, and why")
	flags.StringVar(&f.lcov, "lcov", "", "write coverage to this file, as LCOV")
	flags.StringVar(&f.xml, "cobertura", "", "write coverage to this file, as Cobertura XML")
	flags.BoolVar(&f.mutate, "mutate", false, "change the policies, one thing at a time, and tell which changes no test notices")
	flags.DurationVar(&f.budget, "mutate-budget", 20*time.Minute, "end the mutation after this time")
	flags.IntVar(&f.minScore, "min-score", 90, "the share of mutants that must be noticed, in percent")
	flags.BoolVar(&f.ablate, "ablate", false, "take the evidence away from below each pass, and tell which stay")
	flags.IntVar(&f.jobs, "jobs", 0, "tests at once (default: all cores)")
	return c
}

func (f *testFlags) options(paths []string) (policytest.Options, error) {
	opt := policytest.Options{
		Paths: paths, Under: belowAny(paths), Gate: f.gate == "on", Coverage: f.coverage || f.lcov != "" || f.xml != "",
		Mutate: f.mutate, Ablate: f.ablate, MutateBudget: f.budget, MinScore: float64(f.minScore) / 100, Jobs: f.jobs,
	}
	if err := checkOneOf("gate", f.gate, "on", "off"); err != nil {
		return opt, err
	}
	if err := checkOneOf("output", f.format, "text", "json"); err != nil {
		return opt, err
	}
	if f.minScore < 0 || f.minScore > 100 {
		return opt, usage("a number from 0 to 100", "--min-score %d is no percentage", f.minScore)
	}
	if f.budget <= 0 {
		return opt, usage("a duration such as 10m", "--mutate-budget %s leaves no time", f.budget)
	}
	if f.jobs < 0 {
		return opt, usage("a number from 1 on", "--jobs %d is no number of tests", f.jobs)
	}
	for _, path := range []string{f.lcov, f.xml} {
		if err := checkWritable(path); err != nil {
			return opt, err
		}
	}
	if f.run != "" {
		var err error
		if opt.Run, err = regexp.Compile(f.run); err != nil {
			return opt, usage("RE2 syntax", "--run %q is no regular expression: %w", f.run, err)
		}
	}
	return opt, nil
}

func runTest(ctx context.Context, e *environment, f *testFlags, args []string) error {
	paths := args
	if len(paths) == 0 {
		paths = []string{"."}
	}
	opt, err := f.options(paths)
	if err != nil {
		return err
	}
	sources, err := testSources(ctx, paths, f.policies, f.data)
	if err != nil {
		return err
	}
	outcome, err := leaving(ctx, compileGrace, func(ctx context.Context) (*policytest.Outcome, error) { return policytest.Run(ctx, sources, opt) })
	if err != nil {
		return err
	}
	if err := f.write(e, outcome); err != nil {
		return err
	}
	all, _ := outcome.Count("")
	switch {
	case all == 0 && opt.Run != nil:
		return &exitError{code: exitNothing, err: errors.New("no test ran"), hint: "-v without --run lists the names"}
	case all == 0:
		return &exitError{code: exitNothing, err: errors.New("no test was found"), hint: "docs/testing.md shows how to write one; `regpolicy new policy ID` makes a policy with some"}
	case outcome.Failed():
		return &exitError{code: exitFailed}
	}
	return nil
}

func (f *testFlags) write(e *environment, outcome *policytest.Outcome) error {
	for path, format := range map[string]func(*policytest.Coverage) ([]byte, error){f.lcov: policytest.LCOV, f.xml: policytest.Cobertura} {
		if path == "" {
			continue
		}
		data, err := format(outcome.Coverage)
		if err != nil {
			return err
		}
		if err := deliver(e, path, data); err != nil {
			return err
		}
	}
	if f.format == "json" {
		return deliverJSON(e, outcome, "test results")
	}
	var out bytes.Buffer
	if err := policytest.Text(&out, outcome, policytest.TextOptions{Verbose: f.verbose}); err != nil {
		return err
	}
	return deliver(e, "", out.Bytes())
}

// testSources parses the policies under test, what they need besides, and the
// library, unless it is under test itself.
func testSources(ctx context.Context, paths, others, data []string) (*engine.Sources, error) {
	given, err := datafile.Read(ctx, data)
	if err != nil {
		return nil, err
	}
	cfg := engine.Config{Tests: true, Data: given}
	seen := map[string]bool{}
	for _, path := range slices.Concat(paths, others) {
		modules, err := policyFiles(ctx, path)
		if err != nil && isFolder(path) && !slices.Contains(others, path) {
			continue // a folder of stories, or of nothing: that no test is found is told later
		}
		if err != nil {
			return nil, err
		}
		for _, m := range modules {
			if !seen[filepath.Clean(m.Path)] {
				seen[filepath.Clean(m.Path)] = true
				cfg.Modules = append(cfg.Modules, m)
			}
		}
		data, err := folderData(ctx, path)
		if err != nil {
			return nil, err
		}
		if err := bundle.Merge(cfg.Data, data); err != nil {
			return nil, err
		}
	}
	if cfg.Modules, err = withBuiltin(cfg.Modules, false); err != nil {
		return nil, err
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		return nil, fmt.Errorf("reading evidence schema: %w", err)
	}
	return compiling(ctx, func(context.Context) (*engine.Sources, error) { return engine.Parse(cfg) })
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// belowAny tells whether a file lies below one of some paths.
func belowAny(paths []string) func(file string) bool {
	return func(file string) bool {
		return slices.ContainsFunc(paths, func(path string) bool {
			rel, err := filepath.Rel(path, file)
			return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
		})
	}
}
