package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

func newDocs(e *environment) *cobra.Command {
	var flags policyFlags
	c := &cobra.Command{
		Use: "docs", Short: "Print the policy reference as Markdown, from METADATA and cases", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			library, err := flags.load(c.Context())
			if err != nil {
				return err
			}
			page, err := reference(c.Context(), library)
			if err != nil {
				return err
			}
			return deliver(e, "", page)
		},
	}
	flags.bind(e, c.Flags())
	return c
}

// areas are the headings of the reference, by a package's second word.
var areas = []struct{ word, title string }{
	{"evt", "Pull events"},
	{"nod", "Node trust store"},
	{"tls", "TLS endpoint"},
	{"cfg", "Trust configuration and secrets"},
	{"xev", "Diagnosis across evidence"},
	{"", "Other policies"},
}

func areaOf(p *engine.Policy) string {
	words := strings.Split(p.Package, ".")
	if p.Builtin && len(words) > 1 {
		return words[1]
	}
	return ""
}

// reference is docs/policies.md: a table, then each policy's story.
func reference(ctx context.Context, l *engine.Library) ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "# Policies\n\n<!-- Written by `regpolicy docs`; a test holds it against the program. -->\n\n%d policies. `regpolicy explain ID` prints one of them.\n", len(l.Policies()))
	for _, area := range areas {
		in := slices.DeleteFunc(slices.Clone(l.Policies()), func(p *engine.Policy) bool { return areaOf(p) != area.word })
		if len(in) == 0 {
			continue
		}
		fmt.Fprintf(&out, "\n## %s\n\n| id | severity | what should hold |\n|---|---|---|\n", area.title)
		for _, p := range in {
			fmt.Fprintf(&out, "| [%s](#%s) | %s | %s |\n", p.ID, strings.ToLower(p.ID), p.Severity, p.Title)
		}
		for _, p := range in {
			s, err := storyOf(ctx, l, p)
			if err != nil {
				return nil, err
			}
			s.markdown(&out)
		}
	}
	return []byte(out.String()), nil
}

// markdown writes a policy's section. The heading is the id alone, so that links to
// it stay good when a title is worded anew.
func (s *policyStory) markdown(out *strings.Builder) {
	fmt.Fprintf(out, "\n### %s\n\n**%s**\n\n%s\n\n", s.ID, s.Title, strings.TrimSpace(s.Description))
	fmt.Fprintf(out, "- Severity: %s; package `%s`\n", s.Severity, s.Package)
	fmt.Fprintf(out, "- Reads: %s\n", codeList(reads(s.Policy)))
	fmt.Fprintf(out, "- Repair: %s\n", strings.ReplaceAll(strings.TrimSpace(s.RecommendedAction), "\n", "\n  "))
	if len(s.Explains) > 0 {
		links := make([]string, len(s.Explains))
		for i, id := range s.Explains {
			links[i] = fmt.Sprintf("[%s](#%s)", id, strings.ToLower(id))
		}
		fmt.Fprintf(out, "- When it fails, these fail with it: %s\n", strings.Join(links, ", "))
	}
	for _, line := range s.controls {
		fmt.Fprintf(out, "- Evidence for: %s\n", line)
	}
	for _, line := range s.paramLines() {
		name, rest, _ := strings.Cut(line, " ")
		fmt.Fprintf(out, "- Parameter `%s` %s\n", name, rest)
	}
	for _, link := range s.Related {
		fmt.Fprintf(out, "- See <%s>\n", link)
	}
	if len(s.Tags) > 0 {
		fmt.Fprintf(out, "- Tags: %s\n", codeList(s.Tags))
	}
	for i := range s.examples {
		e := &s.examples[i]
		fmt.Fprintf(out, "\n%s:\n\n```yaml\n", s.exampleTitle(e))
		for _, x := range e.Evidence {
			fmt.Fprintf(out, "# %s\n%s\n", x.Pointer, x.YAML)
		}
		out.WriteString("```\n")
		if e.Message != "" {
			fmt.Fprintf(out, "\n> %s\n", strings.Join(strings.Fields(e.Message), " "))
		}
	}
}

func codeList(items []string) string {
	if len(items) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(items, "`, `") + "`"
}
