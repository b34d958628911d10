package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/datafile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

func newCheck(e *environment) *cobra.Command {
	var others, data []string
	conventions := "on"
	c := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Compile policies strictly and hold them to the conventions",
		Long: "check compiles the policies below each PATH (default: the current folder) against the evidence document's schema,\n" +
			"as eval does, and then looks for what eval would not mind: METADATA that is incomplete or has unknown keys, rules\n" +
			"that can never report, parameters of another policy, explanations that go in circles.\n\n" +
			"Exit code: 0 all well, 1 a convention is not kept, 2 a policy does not compile, 4 there was no policy.",
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			if err := checkOneOf("conventions", conventions, "on", "off"); err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			return runCheck(c.Context(), e, args, others, data, conventions == "on")
		},
	}
	c.Flags().StringArrayVarP(&others, "policy", "p", nil, "policies that those under check need and that are not checked themselves (repeatable)")
	c.Flags().StringArrayVar(&data, "data", nil, datafile.Usage)
	c.Flags().StringVar(&conventions, "conventions", "on", "on wants METADATA and our conventions; off only compiles, as for conftest's policies")
	return c
}

func runCheck(ctx context.Context, e *environment, paths, others, data []string, conventions bool) error {
	sources, err := testSources(ctx, paths, others, data)
	if err != nil {
		return err
	}
	builtin, err := (&policyFlags{}).load(ctx)
	if err != nil {
		return err
	}
	var known []string
	for _, p := range builtin.Policies() {
		known = append(known, p.ID)
	}
	var faults engine.Errors
	checked, err := compiling(ctx, func(ctx context.Context) (checked int, err error) {
		checked, faults, err = sources.Check(ctx, belowAny(paths), known)
		return checked, err
	})
	if err != nil {
		return err
	}
	if checked == 0 {
		return &exitError{code: exitNothing, err: errors.New("no policy was found"), hint: "a policy is a package with a rule `deny`, `violation` or `warn`"}
	}
	if !conventions {
		faults = nil
	}
	for _, f := range faults {
		e.complain(f.Error(), f.Hint)
	}
	if len(faults) > 0 {
		return &exitError{code: exitFailed}
	}
	return deliver(e, "", fmt.Appendf(nil, "regpolicy check: policies=%d faults=0\n", checked))
}
