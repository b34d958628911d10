package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/policytest"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

func newExplain(e *environment) *cobra.Command {
	var flags policyFlags
	var lang speechFlag
	c := &cobra.Command{
		Use: "explain ID", Short: "Tell one policy's story: what it reads, why, examples, how to repair",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("`regpolicy list` shows the ids", "explain takes one policy id, got %d", len(args))
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if err := applySettings(e, c); err != nil {
				return err
			}
			if err := lang.check(); err != nil {
				return err
			}
			speech, err := lang.open(e)
			if err != nil {
				return err
			}
			library, err := flags.load(c.Context())
			if err != nil {
				return err
			}
			i := slices.IndexFunc(library.Policies(), func(p *engine.Policy) bool { return strings.EqualFold(p.ID, args[0]) || p.Package == args[0] })
			if i < 0 {
				return usage("`regpolicy list` shows the ids", "no policy has the id %q", args[0])
			}
			s, err := storyOf(c.Context(), library, library.Policies()[i])
			if err != nil {
				return err
			}
			if err := s.translate(speech); err != nil {
				return err
			}
			return deliver(e, "", []byte(s.text(e.width)))
		},
	}
	flags.bind(e, c.Flags())
	lang.bind(c.Flags())
	return c
}

// policyStory is all there is to tell of one policy.
type policyStory struct {
	*engine.Policy
	controls []string
	examples []policytest.Example
	words    report.Words
}

// translate puts the story into a language, but for the names of cases and controls.
func (s *policyStory) translate(to *speech) error {
	if to.catalogue == nil {
		return nil
	}
	s.words = to.words()
	german, err := to.catalogue.Policy(s.Package)
	if german == nil || err != nil {
		return err
	}
	some, err := to.policies([]*engine.Policy{s.Policy}, "text")
	if err != nil {
		return err
	}
	s.Policy = some[0]
	for i := range s.examples {
		s.examples[i].Message, _ = german.Message(s.examples[i].Message)
	}
	return nil
}

// storyOf tells a policy's story. The examples are its own cases, judged anew, so
// that they cannot rot.
func storyOf(ctx context.Context, l *engine.Library, p *engine.Policy) (*policyStory, error) {
	frameworks, err := readFrameworks()
	if err != nil {
		return nil, err
	}
	var files fs.FS = policytest.Disk{}
	if p.Builtin {
		files = policies.FS
	}
	cases, err := policytest.CasesOf(files, []*engine.Policy{p})
	if err != nil {
		return nil, err
	}
	failing := report.Fail
	if !p.Denies() {
		failing = report.Warn
	}
	examples, err := policytest.Examples(ctx, l, p, cases[p.ID], failing, report.Pass)
	return &policyStory{Policy: p, controls: controlLines(p.Controls, frameworks), examples: examples}, err
}

// text is what `explain` prints.
func (s *policyStory) text(width int) string {
	if width == 0 {
		width = 100
	}
	var out strings.Builder
	section := func(title, body string) {
		if body == "" {
			return
		}
		fmt.Fprintf(&out, "\n%s\n", s.words.Say(title))
		for line := range strings.SplitSeq(text.WrapSoft(strings.TrimSpace(body), width-2), "\n") {
			out.WriteString(strings.TrimRight("  "+strings.TrimRight(line, " "), " ") + "\n")
		}
	}
	fmt.Fprintf(&out, "%s  %s\n", s.ID, s.Title)
	fmt.Fprintf(&out, "%s\n", s.words.Sayf("severity %s, package %s", s.words.Say(s.Severity), s.Package))
	section("Why", s.Description)
	section("Reads", strings.Join(reads(s.Policy), ", "))
	for _, e := range s.examples {
		fmt.Fprintf(&out, "\n%s\n", s.exampleTitle(&e))
		for _, x := range e.Evidence {
			fmt.Fprintf(&out, "  %s\n", x.Pointer)
			for line := range strings.SplitSeq(x.YAML, "\n") {
				fmt.Fprintf(&out, "    %s\n", line)
			}
		}
		for line := range strings.SplitSeq(text.WrapSoft(e.Message, width-4), "\n") {
			if e.Message != "" {
				fmt.Fprintf(&out, "  > %s\n", strings.TrimSpace(line))
			}
		}
	}
	section("How to repair", s.RecommendedAction)
	section("When it fails, these fail with it", strings.Join(s.Explains, ", "))
	section("Controls it gives evidence for", strings.Join(s.controls, "\n"))
	section("Parameters", strings.Join(s.paramLines(), "\n"))
	section("See also", strings.Join(s.Related, "\n"))
	section("Tags", strings.Join(s.Tags, ", "))
	section("Source", s.File)
	return out.String()
}

func (s *policyStory) exampleTitle(e *policytest.Example) string {
	verb := map[report.Verdict]string{report.Fail: "fails", report.Warn: "warns", report.Pass: "passes"}[e.Verdict]
	return s.words.Sayf("An example that %s: %s", s.words.Say(verb), e.Case)
}

// paramLines are the parameters with their defaults, and what profiles make of them.
func (s *policyStory) paramLines() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.Params)) {
		values := []string{s.words.Sayf("default %v", s.Params[name])}
		for _, profile := range slices.Sorted(maps.Keys(s.Profiles)) {
			if v, ok := s.Profiles[profile][name]; ok {
				values = append(values, s.words.Sayf("profile %s %v", profile, v))
			}
		}
		out = append(out, fmt.Sprintf("%s (%s)", name, strings.Join(values, "; ")))
	}
	return out
}
