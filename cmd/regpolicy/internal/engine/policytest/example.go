package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/yamltext"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Example is one case of a policy, told for a reader: what the evidence was and what
// the policy said of it.
type Example struct {
	Case     string
	Verdict  report.Verdict
	Message  string // empty for a pass
	Evidence []Excerpt
}

// Excerpt is the part of a document that a result points to, as YAML, without what
// is empty.
type Excerpt struct {
	Pointer string
	YAML    string
}

// maxExcerpt is how many lines of a record are shown.
const maxExcerpt = 14

// Examples takes, from the cases of a policy, one of each verdict wanted: the one
// whose evidence is neither a bare value nor a long record.
func Examples(ctx context.Context, l *engine.Library, p *engine.Policy, cases []Case, verdicts ...report.Verdict) ([]Example, error) {
	var out []Example
	for _, v := range verdicts {
		var best *Example
		for i := range cases {
			if cases[i].Want != v || len(cases[i].Params) > 0 {
				continue
			}
			e, err := exampleOf(ctx, l, p, &cases[i])
			if err != nil {
				return nil, err
			}
			if e != nil && (best == nil || e.strain() < best.strain()) {
				best = e
			}
		}
		if best != nil {
			out = append(out, *best)
		}
	}
	return out, nil
}

// strain is how far an example is from what is easy to read, in characters.
func (e *Example) strain() int {
	const easy = 200
	n := 0
	for _, x := range e.Evidence {
		n += len(x.YAML)
	}
	return max(n-easy, easy-n)
}

func exampleOf(ctx context.Context, l *engine.Library, p *engine.Policy, c *Case) (*Example, error) {
	results, err := judgeCase(ctx, l, p, c, nil)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(results, func(r report.Result) bool { return r.Verdict == c.Want && len(r.Evidence) > 0 })
	if i < 0 {
		return nil, nil
	}
	var plain any
	dec := json.NewDecoder(bytes.NewReader(c.Input.Bytes))
	dec.UseNumber()
	if err := dec.Decode(&plain); err != nil {
		return nil, fmt.Errorf("reading case %q: %w", c.Name, err)
	}
	_, name, _ := strings.Cut(c.Name, "-")
	out := &Example{Case: strings.ReplaceAll(name, "-", " "), Verdict: c.Want, Message: results[i].Message}
	for _, e := range results[i].Evidence {
		parent, key := lookUp(plain, e.Pointer)
		text, err := yamltext.Excerpt(jsonpointer.Child(parent, key), maxExcerpt)
		if err != nil {
			return nil, fmt.Errorf("showing %q of case %q: %w", e.Pointer, c.Name, err)
		}
		out.Evidence = append(out.Evidence, Excerpt{Pointer: e.Pointer, YAML: text})
	}
	return out, nil
}
