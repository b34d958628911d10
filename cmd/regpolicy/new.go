package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/scaffold"
)

func newNew(e *environment) *cobra.Command {
	c := &cobra.Command{
		Use: "new", Short: "Begin a policy of your own",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newNewPolicy(e))
	return c
}

func newNewPolicy(e *environment) *cobra.Command {
	var dir, pkg string
	c := &cobra.Command{
		Use: "policy ID", Short: "Write a policy, its unit test and its cases, ready to be changed",
		Long: "new policy writes a folder with a policy, its unit test and a suite of cases in all three verdicts. They work as\n" +
			"they are: `regpolicy test FOLDER` passes, and stays your guide while you change them.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("for example `regpolicy new policy ACME-REG-001 --package acme.registries_are_internal`", "new policy takes one id, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			return writePolicy(c.Context(), e, &scaffold.Policy{ID: args[0], Package: pkg}, dir)
		},
	}
	c.Flags().StringVar(&dir, "dir", "policies", "folder that the policy's own folder goes into")
	c.Flags().StringVar(&pkg, "package", "", "Rego package, whose last word names the folder (default: made from the id)")
	return c
}

func writePolicy(ctx context.Context, e *environment, p *scaffold.Policy, dir string) error {
	if problem, hint := p.Check(); problem != "" {
		return usage(hint, "%s", problem)
	}
	files, err := p.Files()
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, p.Folder())
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return usage("choose another --package, or another --dir", "writing policy %q: folder %q is there already and not empty", p.ID, folder)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return usage("choose another --package, or another --dir", "writing policy %q: %w", p.ID, err)
	}
	if place := standing(ctx, dir, p.ID); place != "" {
		return usage("ids are permanent and belong to one policy: choose another", "writing policy %q: %s has that id already", p.ID, place)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // policies are for others to read
		return usage("name a folder that you may write to with --dir", "writing policy %q: %w", p.ID, err)
	}
	var told strings.Builder
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		if err := deliver(e, path, f.Content); err != nil {
			return err
		}
		fmt.Fprintf(&told, "%s\n", path)
	}
	fmt.Fprintf(e.stderr, "next: change them, and run `regpolicy test %s` as you go\n", folder)
	return deliver(e, "", []byte(told.String()))
}

// standing is the file below a folder that has a policy of an id already, or "".
func standing(ctx context.Context, dir, id string) string {
	modules, err := policyFiles(ctx, dir)
	if err != nil {
		return "" // there is none yet
	}
	pattern := regexp.MustCompile(`(?m)^#\s+id:\s*` + regexp.QuoteMeta(id) + `\s*$`)
	for _, m := range modules {
		if pattern.Match(m.Source) {
			return m.Path
		}
	}
	return ""
}
