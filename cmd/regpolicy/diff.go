package main

import (
	"bytes"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

func newDiff(e *environment) *cobra.Command {
	format := "text"
	var lang speechFlag
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Compare two reports: new, fixed, unchanged, not comparable",
		Long: "diff says what became of the failures of one JSON report in another. A failure is fixed only where the same policy\n" +
			"looked again; where nobody looked it is not comparable.\n\nExit code: 0 nothing new fails, 1 something new fails, 2 wrong use.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usage("`eval -o json=FILE` writes reports", "diff takes two reports, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			if err := checkOneOf("output", format, "text", "json"); err != nil {
				return err
			}
			if err := lang.check(); err != nil {
				return err
			}
			s, err := lang.open(e)
			if err != nil {
				return err
			}
			older, err := readReportFile(c.Context(), e, args[0])
			if err != nil {
				return err
			}
			newer, err := readReportFile(c.Context(), e, args[1])
			if err != nil {
				return err
			}
			if newer.Run.Kept == report.KeptFindings {
				// Without what passed nobody can tell what was fixed from what was not looked at.
				return usage("make it with `regpolicy merge --results all`", "comparing with %q: it keeps findings only", args[1])
			}
			if older, err = s.report(older, format); err != nil {
				return err
			}
			if newer, err = s.report(newer, format); err != nil {
				return err
			}
			return tellComparison(e, report.Compare(older, newer), format, s.words())
		},
	}
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	lang.bind(c.Flags())
	return c
}

func tellComparison(e *environment, c report.Comparison, format string, words report.Words) error {
	if err := writeComparison(e, &c, format, words); err != nil {
		return err
	}
	if len(c.New) > 0 {
		return &exitError{code: exitFailed}
	}
	return nil
}

func writeComparison(e *environment, c *report.Comparison, format string, words report.Words) error {
	if format == "json" {
		return deliverJSON(e, c, "comparison")
	}
	var out bytes.Buffer
	if err := report.ComparisonText(&out, c, report.TextOptions{Words: words, Width: e.width}); err != nil {
		return err
	}
	return deliver(e, "", out.Bytes())
}
