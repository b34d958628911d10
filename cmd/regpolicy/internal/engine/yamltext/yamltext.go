// Package yamltext writes parts of a document as YAML, for people to read.
package yamltext

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Excerpt writes a part of a document for reading, without what is empty, and cut to
// some lines.
func Excerpt(v any, most int) (string, error) {
	text, err := new(Writer).Write(Prune(v), math.MaxInt)
	if err != nil || strings.Count(text, "\n") < most {
		return text, err
	}
	cut := strings.SplitN(text, "\n", most+1)
	cut[most] = "# ..."
	return strings.Join(cut, "\n"), nil
}

// Prune drops what says nothing: false, empty texts and collections, where things
// come from, and certificates' bodies.
func Prune(v any) any {
	switch at := v.(type) {
	case map[string]any:
		return pruneMap(at)
	case []any:
		var out []any
		for _, value := range at {
			if kept := Prune(value); kept != nil {
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

func pruneMap(at map[string]any) any {
	out := map[string]any{}
	for key, value := range at {
		if key == "provenance" || key == "pem" {
			continue
		}
		if kept := Prune(value); kept != nil {
			out[key] = kept
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// nodeOf lets numbers be numbers and short lists stand in one line.
func nodeOf(v any) *yaml.Node {
	n := &yaml.Node{}
	switch at := v.(type) {
	case map[string]any:
		n.Kind = yaml.MappingNode
		for _, key := range sorted(at) {
			name := &yaml.Node{}
			name.SetString(key)
			n.Content = append(n.Content, name, nodeOf(at[key]))
		}
	case []any:
		n.Kind = yaml.SequenceNode
		n.Style = yaml.FlowStyle
		for _, value := range at {
			if _, ok := value.(map[string]any); ok {
				n.Style = 0
			}
			n.Content = append(n.Content, nodeOf(value))
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

func sorted(of map[string]any) []string {
	keys := slices.AppendSeq(make([]string, 0, len(of)), maps.Keys(of))
	slices.Sort(keys)
	return keys
}
