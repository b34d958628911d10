package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// listed is one policy as `list -o json` prints it.
type listed struct {
	ID          string              `json:"id"`
	Package     string              `json:"package"`
	Title       string              `json:"title"`
	Severity    string              `json:"severity"`
	Description string              `json:"description"`
	Remediation string              `json:"remediation"`
	Tags        []string            `json:"tags"`
	Controls    map[string][]string `json:"controls"`
	Reads       []string            `json:"reads"`
	Params      map[string]any      `json:"params"`
	File        string              `json:"file"`
}

func newList(e *environment) *cobra.Command {
	var flags policyFlags
	var lang speechFlag
	var format string
	c := &cobra.Command{
		Use: "list", Short: "List the policies", Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
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
			library, err := flags.load(c.Context())
			if err != nil {
				return err
			}
			policies, err := s.policies(library.Policies(), format)
			if err != nil {
				return err
			}
			if format == "json" {
				return listJSON(e, policies)
			}
			return listText(e, policies, s.words())
		},
	}
	flags.bind(e, c.Flags())
	lang.bind(c.Flags())
	c.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return c
}

func listJSON(e *environment, policies []*engine.Policy) error {
	out := make([]listed, 0, len(policies))
	for _, p := range policies {
		l := listed{
			ID: p.ID, Package: p.Package, Title: p.Title, Severity: p.Severity, Description: p.Description,
			Remediation: p.RecommendedAction, Tags: append([]string{}, p.Tags...), Controls: p.Controls,
			Reads: reads(p), Params: p.Params, File: p.File,
		}
		if l.Controls == nil {
			l.Controls = map[string][]string{}
		}
		if l.Params == nil {
			l.Params = map[string]any{}
		}
		out = append(out, l)
	}
	return deliverJSON(e, out, "list")
}

func listText(e *environment, policies []*engine.Policy, words report.Words) error {
	t := report.PlainTable()
	t.AppendHeader(table.Row{"id", words.Say("severity"), words.Say("title")})
	for _, p := range policies {
		t.AppendRow(table.Row{p.ID, words.Say(p.Severity), p.Title})
	}
	var out strings.Builder
	for line := range report.TableLines(t) {
		out.WriteString(line + "\n")
	}
	fmt.Fprintf(&out, "\n%s\n", words.Sayf("%d policies", len(policies)))
	return deliver(e, "", []byte(out.String()))
}

// reads are the parts of the document that a policy looks at, "nodes.trust_files".
func reads(p *engine.Policy) []string {
	out := []string{}
	for _, r := range p.Reads {
		switch r.Field {
		case "":
		case "*":
			out = append(out, r.Section)
		default:
			out = append(out, r.Section+"."+r.Field)
		}
	}
	return out
}
