package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

func newExplain(e *environment) *cobra.Command {
	var flags policyFlags
	c := &cobra.Command{
		Use: "explain ID", Short: "Tell one policy's story: what it reads, why, how to repair",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("`regpolicy list` shows the ids", "explain takes one policy id, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			library, err := flags.load(c.Context())
			if err != nil {
				return err
			}
			for _, p := range library.Policies() {
				if strings.EqualFold(p.ID, args[0]) || p.Package == args[0] {
					return deliver(e, "", []byte(story(p, e.width)))
				}
			}
			return usage("`regpolicy list` shows the ids", "no policy has the id %q", args[0])
		},
	}
	flags.bind(e, c.Flags())
	return c
}

// story is what `explain` prints.
func story(p *engine.Policy, width int) string {
	if width == 0 {
		width = 100
	}
	var out strings.Builder
	section := func(title, body string) {
		if body == "" {
			return
		}
		fmt.Fprintf(&out, "\n%s\n", title)
		for line := range strings.SplitSeq(text.WrapSoft(strings.TrimSpace(body), width-2), "\n") {
			out.WriteString(strings.TrimRight("  "+strings.TrimRight(line, " "), " ") + "\n")
		}
	}
	fmt.Fprintf(&out, "%s  %s\n", p.ID, p.Title)
	fmt.Fprintf(&out, "severity %s, package %s\n", p.Severity, p.Package)
	section("Why", p.Description)
	section("Reads", strings.Join(reads(p), ", "))
	section("How to repair", p.RecommendedAction)
	section("When it fails, these fail with it", strings.Join(p.Explains, ", "))
	var controls []string
	for _, framework := range slices.Sorted(maps.Keys(p.Controls)) {
		controls = append(controls, framework+": "+strings.Join(p.Controls[framework], ", "))
	}
	section("Controls it gives evidence for", strings.Join(controls, "; "))
	var params []string
	for _, name := range slices.Sorted(maps.Keys(p.Params)) {
		params = append(params, fmt.Sprintf("%s (default %v)", name, p.Params[name]))
	}
	section("Parameters", strings.Join(params, "\n"))
	section("Tags", strings.Join(p.Tags, ", "))
	section("Source", p.File)
	return out.String()
}
