package repair

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// objectNode is one Kubernetes object in a text.
type objectNode struct {
	node                              *yaml.Node
	apiVersion, kind, namespace, name string
}

// objects are the objects of a text, those of Lists one by one.
func (t *text) objects() []objectNode {
	var out []objectNode
	for _, root := range t.roots {
		if len(root.Content) == 1 {
			out = addObjects(out, root.Content[0], "", 0)
		}
	}
	return out
}

func addObjects(out []objectNode, n *yaml.Node, kind string, depth int) []objectNode {
	const deepest = 3
	if n.Kind == yaml.SequenceNode && depth < deepest {
		for _, item := range n.Content {
			out = addObjects(out, item, "", depth+1)
		}
		return out
	}
	o := objectNode{node: n, apiVersion: word(n, "apiVersion"), kind: word(n, "kind")}
	metadata := child(n, "metadata")
	o.namespace, o.name = word(metadata, "namespace"), word(metadata, "name")
	if items := child(n, "items"); items != nil && items.Kind == yaml.SequenceNode && o.name == "" && strings.HasSuffix(o.kind, "List") && depth < deepest {
		for _, item := range items.Content {
			out = addObjects(out, item, strings.TrimSuffix(o.kind, "List"), depth+1)
		}
		return out
	}
	if o.kind == "" {
		o.kind = kind
	}
	if n.Kind == yaml.MappingNode && o.kind != "" {
		out = append(out, o)
	}
	return out
}

func child(n *yaml.Node, key string) *yaml.Node {
	_, value := entry(n, key)
	return value
}

// entry is a key of a mapping and its value.
func entry(n *yaml.Node, key string) (k, v *yaml.Node) {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == key {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}

func word(n *yaml.Node, key string) string {
	if v := child(n, key); v != nil && v.Kind == yaml.ScalarNode {
		return v.Value
	}
	return ""
}

// A Path leads to a value within an object: keys of mappings (string) and places
// in lists (int; -1 is the last).
type Path []any

// With is the path of something below.
func (p Path) With(steps ...any) Path { return slices.Concat(p, Path(steps)) }

func (p Path) String() string {
	var out strings.Builder
	for _, step := range p {
		switch s := step.(type) {
		case int:
			fmt.Fprintf(&out, "[%d]", s)
		case string:
			if out.Len() > 0 {
				out.WriteByte('.')
			}
			out.WriteString(s)
		}
	}
	return out.String()
}

var errNotThere = errors.New("the file does not hold it any more")

// at is the node that a path leads to.
func at(n *yaml.Node, p Path) (*yaml.Node, error) {
	for _, step := range p {
		switch s := step.(type) {
		case string:
			n = child(n, s)
		case int:
			if n.Kind != yaml.SequenceNode || s < -1 || s >= len(n.Content) || len(n.Content) == 0 {
				return nil, errNotThere
			}
			n = n.Content[(s+len(n.Content))%len(n.Content)]
		}
		if n == nil {
			return nil, errNotThere
		}
	}
	return n, nil
}

// pathOf reads a field as the evidence names it: "spec.topology.variables[trust]
// .value.additionalTrustedCAs[0]", "data[ca-bundle]". In a list, brackets hold a
// number or the name of an item.
func pathOf(n *yaml.Node, field string) (Path, error) {
	var p Path
	for field != "" {
		var key string
		if rest, ok := strings.CutPrefix(field, "["); ok {
			if key, field, ok = strings.Cut(rest, "]"); !ok {
				return nil, errNotThere
			}
		} else {
			field = strings.TrimPrefix(field, ".")
			end := strings.IndexAny(field, ".[")
			if end < 0 {
				end = len(field)
			}
			key, field = field[:end], field[end:]
		}
		step, next := stepTo(n, key)
		if next == nil {
			return nil, errNotThere
		}
		p, n = append(p, step), next
	}
	return p, nil
}

func stepTo(n *yaml.Node, key string) (any, *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		return key, child(n, key)
	}
	if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
		return i, n.Content[i]
	}
	for i, item := range n.Content {
		if word(item, "name") == key {
			return i, item
		}
	}
	return nil, nil
}
