package main

import (
	"github.com/spf13/cobra"
)

func newConvert(e *environment) *cobra.Command {
	var f verdictFlags
	c := &cobra.Command{
		Use:   "convert REPORT",
		Short: "Write other formats from a saved JSON report",
		Long: "convert renders a JSON report (- is standard input) as eval would have. It judges nothing: the exit code says only\n" +
			"whether the report could be read and written.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("`eval -o json=FILE` writes reports", "convert takes one report, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			outputs, err := f.checkLook()
			if err != nil {
				return err
			}
			r, err := readReportFile(c.Context(), e, args[0])
			if err != nil {
				return err
			}
			s, err := f.speech.open(e)
			if err != nil {
				return err
			}
			return writeSaved(e, outputs, r, f.text(e), s)
		},
	}
	f.bindLook(c)
	return c
}
