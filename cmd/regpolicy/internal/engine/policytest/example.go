package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
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
		text, err := excerpt(child(parent, key))
		if err != nil {
			return nil, fmt.Errorf("showing %q of case %q: %w", e.Pointer, c.Name, err)
		}
		out.Evidence = append(out.Evidence, Excerpt{Pointer: e.Pointer, YAML: text})
	}
	return out, nil
}

// excerpt writes a record as YAML, cut to a few lines.
func excerpt(v any) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(yamlOf(prune(v))); err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) > maxExcerpt {
		lines = append(lines[:maxExcerpt], "# ...")
	}
	return strings.Join(lines, "\n"), nil
}

// prune drops what says nothing: false, empty texts and collections, where things
// come from, and certificates' bodies.
func prune(v any) any {
	switch at := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, value := range at {
			if key == "provenance" || key == "pem" {
				continue
			}
			if kept := prune(value); kept != nil {
				out[key] = kept
			}
		}
		if len(out) > 0 {
			return out
		}
	case []any:
		var out []any
		for _, value := range at {
			if kept := prune(value); kept != nil {
				out = append(out, kept)
			}
		}
		if len(out) > 0 {
			return out
		}
	case bool:
		if at {
			return at
		}
	case string:
		if at != "" {
			return at
		}
	case json.Number:
		return at
	}
	return nil
}

// yamlOf lets numbers be numbers and short lists stand in one line.
func yamlOf(v any) *yaml.Node {
	n := &yaml.Node{}
	switch at := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		keys := make([]string, 0, len(at))
		for key := range at {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			name := &yaml.Node{}
			name.SetString(key)
			n.Content = append(n.Content, name, yamlOf(at[key]))
		}
	case []any:
		n.Kind = yaml.SequenceNode
		n.Style = yaml.FlowStyle
		for _, value := range at {
			if _, ok := value.(map[string]any); ok {
				n.Style = 0
			}
			n.Content = append(n.Content, yamlOf(value))
		}
	case json.Number:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!int", at.String()
		if strings.ContainsAny(n.Value, ".eE") {
			n.Tag = "!!float"
		}
	case bool:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!bool", fmt.Sprint(at)
	case string:
		n.SetString(at)
	default:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!str", "(as it should be)"
	}
	return n
}
