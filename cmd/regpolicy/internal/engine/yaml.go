package engine

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// YAML writes a part of a document for reading, without what is empty, and cut to
// some lines.
func YAML(v any, most int) (string, error) {
	text, err := yamlText(prune(v), math.MaxInt)
	if err != nil || strings.Count(text, "\n") < most {
		return text, err
	}
	cut := strings.SplitN(text, "\n", most+1)
	cut[most] = "# ..."
	return strings.Join(cut, "\n"), nil
}

// prune drops what says nothing: false, empty texts and collections, where things
// come from, and certificates' bodies.
func prune(v any) any {
	switch at := v.(type) {
	case map[string]any:
		return pruneMap(at)
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

func pruneMap(at map[string]any) any {
	out := map[string]any{}
	for key, value := range at {
		if key == "provenance" || key == "pem" {
			continue
		}
		if kept := prune(value); kept != nil {
			out[key] = kept
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
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
