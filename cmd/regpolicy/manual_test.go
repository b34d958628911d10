package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// commands is the program's command tree as a user without any settings meets it.
func commands() *cobra.Command {
	return newRoot(&environment{
		name: "regpolicy", stdin: strings.NewReader(""), getenv: func(string) string { return "" },
		now: func() time.Time { return time.Unix(1, 0) },
	})
}

// date is where a manual page says when it was made, which would change each day.
var date = regexp.MustCompile(`(?m)^(\.TH "[^"]*" "1" )"[^"]*"`)

// TestManualPages holds docs/man to the commands and their flags. They are
// committed for packagers, who then need no Go to install them.
func TestManualPages(t *testing.T) {
	const folder = "../../docs/man"
	root := commands()
	root.DisableAutoGenTag = true
	made := t.TempDir()
	if err := doc.GenManTree(root, &doc.GenManHeader{Source: "regpolicy", Manual: "regpolicy manual"}, made); err != nil {
		t.Fatal(err)
	}
	pages := names(t, made)
	if *update {
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range pages {
		text, err := os.ReadFile(filepath.Join(made, name))
		if err != nil {
			t.Fatal(err)
		}
		if !date.Match(text) {
			t.Errorf("%s has no title line", name)
		}
		golden(t, filepath.Join(folder, name), date.ReplaceAllString(string(text), `$1""`))
	}
	if diff := cmp.Diff(pages, names(t, folder)); diff != "" {
		t.Errorf("manual pages (-want +got):\n%s", diff)
	}
}

func names(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, 0, len(entries))
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestCommandReference holds docs/reference.md to the commands and their flags.
func TestCommandReference(t *testing.T) {
	var out strings.Builder
	out.WriteString("# Commands and flags\n\n<!-- written by `go test ./cmd/regpolicy -run CommandReference -update` -->\n\n" +
		"[Manual pages](man) say the same to `man`. A flag may also be set in `.regpolicy.yaml` or the environment\n" +
		"([settings](settings.md)); [exit codes](exit-codes.md) are the same for all commands.\n")
	describe(&out, commands())
	golden(t, "../../docs/reference.md", out.String())
}

func describe(out *strings.Builder, c *cobra.Command) {
	if c.Name() == "help" {
		return
	}
	fmt.Fprintf(out, "\n## %s\n\n%s.\n", c.CommandPath(), c.Short)
	if c.Long != "" {
		fmt.Fprintf(out, "\n%s\n", c.Long)
	}
	if children := slices.DeleteFunc(c.Commands(), func(c *cobra.Command) bool { return c.Hidden || c.Name() == "help" }); len(children) > 0 {
		out.WriteString("\n| command | |\n|---|---|\n")
		for _, child := range children {
			anchor := strings.ReplaceAll(child.CommandPath(), " ", "-")
			fmt.Fprintf(out, "| [%s](#%s) | %s |\n", child.Name(), anchor, child.Short)
		}
	}
	if !c.HasSubCommands() {
		fmt.Fprintf(out, "\n```\n%s\n```\n", c.UseLine())
	}
	if flags := strings.TrimRight(c.NonInheritedFlags().FlagUsages(), "\n"); flags != "" {
		fmt.Fprintf(out, "\n```\n%s\n```\n", flags)
	}
	for _, child := range c.Commands() {
		if !child.Hidden {
			describe(out, child)
		}
	}
}
