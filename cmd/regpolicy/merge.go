package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/merge"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// mergeFlags are merge's own.
type mergeFlags struct {
	eval    evalFlags
	expect  string
	results string
	maxAge  string
	require []string
	jobs    int
}

func newMerge(e *environment) *cobra.Command {
	var f mergeFlags
	c := &cobra.Command{
		Use: "merge DOCUMENT|FOLDER...", Short: "Judge many documents, a fleet's, into one report",
		Long: "merge judges evidence documents, those that it is given and the *.json in folders, into one report, and says\n" +
			"what holds for all clusters together: what is missing against the list of --expect, which CA expires first and\n" +
			"where, who reaches which registry. Documents are read and judged a few at a time, so that thousands need little\n" +
			"memory. Of several documents of one cluster the newest counts; one that cannot be read, or is older than\n" +
			"--max-age, is a gap.\n\n" +
			"Exit code: as eval's; a cluster that is missing or cannot be read is inconclusive.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usage("`regpolicy collect -o FILE` writes documents", "merge takes documents or folders of them, got none")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runMerge(c.Context(), e, &f, args)
		},
	}
	f.eval.bindJudging(e, c)
	c.Flags().StringVar(&f.expect, "expect", "", "file that lists the clusters, a line for each: those without a document are gaps")
	c.Flags().StringVar(&f.maxAge, "max-age", "", "a cluster's document that is older than this is a gap: 24h, 7d (default: a warning where one is a day older than the newest)")
	c.Flags().StringVar(&f.results, "results", report.KeptFindings, "findings: what passed or was skipped is only counted; all: each result is in the report")
	c.Flags().StringSliceVar(&f.require, "require", nil, "evidence that must be there: "+strings.Join(evidence.Collectors, ", "))
	c.Flags().IntVar(&f.jobs, "jobs", 0, "documents judged at once (default: all cores)")
	return c
}

func (f *mergeFlags) check() error {
	if err := checkOneOf("results", f.results, report.KeptFindings, "all"); err != nil {
		return err
	}
	for _, name := range f.require {
		if err := checkOneOf("require", name, evidence.Collectors...); err != nil {
			return err
		}
	}
	if f.jobs < 0 {
		return usage("0 means all cores", "--jobs %d is no number of jobs", f.jobs)
	}
	if f.results != "all" && f.eval.verdict.baseline != "" {
		// Without what passed nobody can tell what was fixed from what was not looked at.
		return usage("add --results all", "--baseline compares with what passed, too")
	}
	if f.results != "all" && f.eval.verdict.showPassed {
		return usage("add --results all", "--show-passed lists what passed, which the report would not hold")
	}
	return nil
}

// ageLimit reads --max-age, as --forecast or as other durations are written.
func (f *mergeFlags) ageLimit() (time.Duration, error) {
	if f.maxAge == "" {
		return 0, nil
	}
	if d, err := time.ParseDuration(f.maxAge); err == nil && d > 0 {
		return d, nil
	}
	d, err := horizon(f.maxAge)
	if err != nil {
		return 0, usage("write it as 24h, 7d or 90m", "--max-age %q is no age", f.maxAge)
	}
	return d, nil
}

func runMerge(ctx context.Context, e *environment, f *mergeFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	v := &evaluation{e: e, flags: &f.eval, options: engine.Options{
		Require: f.require, Jobs: f.jobs, ToolVersion: toolVersion(), OnlyFindings: f.results == report.KeptFindings,
	}}
	if err := v.prepare(ctx); err != nil {
		return err
	}
	expected, err := readExpected(ctx, f.expect)
	if err != nil {
		return err
	}
	limit, err := f.ageLimit()
	if err != nil {
		return err
	}
	now := e.now()
	if v.options.At != nil {
		now = *v.options.At
	}
	progress := newProgress(e)
	rep, err := merge.Run(ctx, merge.Config{
		Library: v.library, Options: v.options, Expected: expected, MaxAge: limit, Now: now, Clock: e.now(),
		Progress: func(done, of int) { progress.update("documents", done, of) },
		Warn:     e.warn,
	}, args)
	progress.close()
	if err != nil {
		return err
	}
	if v.older != nil {
		report.MarkKnown(rep, v.older, f.eval.verdict.baseline)
	}
	if err := write(e, v.outputs, rep, f.eval.verdict.text(e), v.speech); err != nil {
		return err
	}
	return f.eval.verdict.exit(rep)
}

// readExpected reads the names of a list of clusters; nil without a list.
func readExpected(ctx context.Context, path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	members, err := readFleetList(ctx, path)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(members))
	for _, m := range members {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names, nil
}

// readFleetList reads a list of clusters that names at least one.
func readFleetList(ctx context.Context, path string) ([]fleet.Member, error) {
	const form = "write a line for each cluster: NAME, or NAME kubeconfig=FILE context=NAME"
	file, err := namedfile.Open(ctx, path)
	if err != nil {
		return nil, usage("name a file that lists the clusters", "reading %q: %w", path, err)
	}
	defer file.Close() //nolint:errcheck // read only
	members, err := fleet.ReadList(file)
	if err != nil && ctx.Err() != nil { // the line at which it was interrupted is right
		return nil, fmt.Errorf("reading %q: %w", path, ctx.Err())
	}
	if wrong, ok := errors.AsType[*fleet.ListError](err); ok {
		return nil, usage(wrong.Hint, "%w", fmt.Errorf("reading %q: %w", path, err))
	}
	if err == nil && len(members) == 0 {
		return nil, usage(form, "reading %q: it names no cluster", path)
	}
	return members, err
}
