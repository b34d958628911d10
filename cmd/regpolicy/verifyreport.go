package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/verify"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func newVerifyReport(e *environment) *cobra.Command {
	var pick policyFlags
	c := &cobra.Command{
		Use:   "verify-report REPORT DOCUMENT...",
		Short: "Hold a saved report against its evidence: digests match, verdicts come out the same",
		Long: "verify-report checks that a JSON report is about these very documents, and judges them again: the same policies,\n" +
			"parameters and moment must give the same verdicts. Policies that the report used besides the built-in ones are\n" +
			"named with --policy, as they were then.\n\nExit code: 0 all the same, 1 something differs, 2 wrong use.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("`eval -o json=FILE` writes reports, `collect -o FILE` documents", "verify-report takes a report and its documents, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return runVerifyReport(c.Context(), e, &pick, args[0], args[1:])
		},
	}
	pick.bind(e, c.Flags())
	return c
}

func runVerifyReport(ctx context.Context, e *environment, pick *policyFlags, path string, documents []string) error {
	r, err := readReportFile(ctx, e, path)
	if err != nil {
		return err
	}
	inputs, err := evidenceDocuments(ctx, e, documents)
	if err != nil {
		return err
	}
	pick.given, pick.profile = r.Run.Params, r.Run.Profile
	if len(pick.selected) == 0 {
		pick.selected = verify.IDs(r)
	}
	library, err := pick.load(ctx)
	if err != nil {
		return err
	}
	outcome, err := verify.Report(ctx, library, toolVersion(), r, inputs)
	if err != nil {
		return err
	}
	if len(outcome.Differences) > 0 {
		return tellDifferences(e, outcome)
	}
	told := fmt.Sprintf("regpolicy verify-report: documents=%d policies=%d results=%d, all the same", len(inputs), len(library.Policies()), len(r.Results))
	told = strings.Join(append([]string{told}, outcome.Notes...), "; ")
	return deliver(e, "", []byte(told+"\n"))
}

func evidenceDocuments(ctx context.Context, e *environment, paths []string) ([]engine.Input, error) {
	in, err := source.Open(ctx, paths, e.stdin, source.DefaultLimits())
	if err != nil {
		return nil, err
	}
	defer in.Close() //nolint:errcheck // read only
	inputs, err := saved(in)
	if err == nil && (in.HasCapture || in.HasManifests || len(inputs) == 0) {
		err = usage("name the documents that `collect -o FILE` or the run wrote", "verify-report takes evidence documents, not what they are made from")
	}
	return inputs, err
}

func tellDifferences(e *environment, outcome verify.Outcome) error {
	const most = 20
	for i, d := range outcome.Differences {
		if i == most {
			e.complain(fmt.Sprintf("and %d more differences", len(outcome.Differences)-most), "")
			break
		}
		e.complain(d, "")
	}
	for _, note := range outcome.Notes {
		e.warn(note, "")
	}
	return &exitError{code: exitFailed}
}
