package manifest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A converter turns the nodes of one piece into JSON's types.
type converter struct {
	decoder *Decoder
	base    int // lines before the piece
	text    Text
	// open are the anchors that are being repeated.
	open []*yaml.Node
}

func (c *converter) fault(n *yaml.Node, format string, args ...any) *Fault {
	return &Fault{Line: c.base + n.Line, Column: n.Column, Detail: fmt.Sprintf(format, args...)}
}

// document converts a root node, and its list items apart.
func (c *converter) document(root *yaml.Node) (document, error) {
	doc := document{line: c.base + root.Line, text: c.text}
	if root.Kind == yaml.SequenceNode {
		var err error
		doc.hasItems = true
		doc.items, err = c.items(root, 1, c.text)
		return doc, err
	}
	if root.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(root.Content); i += 2 {
			key, list := root.Content[i], root.Content[i+1]
			if key.Value != "items" || key.Kind != yaml.ScalarNode || list.Kind != yaml.SequenceNode {
				continue
			}
			var err error
			doc.hasItems = true
			if root.Style&yaml.FlowStyle == 0 && key.Column == 1 {
				doc.itemsLine = c.base + key.Line
			}
			if doc.items, err = c.items(list, 2, c.text.below(key.Value)); err != nil {
				return doc, err
			}
			rest := *root
			rest.Content = slices.Clone(root.Content)
			rest.Content[i+1] = &yaml.Node{Kind: yaml.SequenceNode, Line: list.Line, Column: list.Column}
			root = &rest
		}
	}
	var err error
	doc.top, err = c.value(root, 1)
	return doc, err
}

func (c *converter) items(list *yaml.Node, depth int, at Text) ([]value, error) {
	var items []value
	for i, n := range list.Content {
		v, err := c.value(n, depth+1)
		if err != nil {
			return items, err
		}
		items = append(items, value{v, c.base + n.Line, at.below(strconv.Itoa(i))})
	}
	return items, nil
}

func (c *converter) value(n *yaml.Node, depth int) (any, error) {
	if depth > c.decoder.limits.Depth {
		return nil, c.fault(n, "it nests deeper than %d levels", c.decoder.limits.Depth)
	}
	if len(c.open) > 0 && c.decoder.repeats.Add(-1) < 0 {
		return nil, c.fault(n, "its aliases repeat more than %d values", c.decoder.limits.Nodes)
	}
	switch n.Kind {
	case yaml.ScalarNode:
		return c.scalar(n)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			var err error
			if list[i], err = c.value(item, depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	case yaml.MappingNode:
		return c.mapping(n, depth)
	case yaml.AliasNode:
		if err := c.enter(n); err != nil {
			return nil, err
		}
		defer c.leave()
		return c.value(n.Alias, depth)
	}
	return nil, c.fault(n, "it holds a node of an unknown kind")
}

// enter begins to repeat what an alias stands for.
func (c *converter) enter(alias *yaml.Node) error {
	if slices.Contains(c.open, alias.Alias) {
		return c.fault(alias, "the alias %s stands within what it repeats", quote("*"+alias.Value))
	}
	c.open = append(c.open, alias.Alias)
	return nil
}

func (c *converter) leave() { c.open = c.open[:len(c.open)-1] }

func (c *converter) mapping(n *yaml.Node, depth int) (map[string]any, error) {
	m := make(map[string]any, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		keyNode, valueNode := n.Content[i], n.Content[i+1]
		if keyNode.Kind == yaml.ScalarNode && keyNode.ShortTag() == "!!merge" {
			merges = append(merges, valueNode)
			continue
		}
		key, err := c.key(keyNode)
		if err != nil {
			return nil, err
		}
		if _, twice := m[key]; twice {
			fault := c.fault(keyNode, "the key %s stands twice in one mapping", quote(key))
			fault.Hint = "remove one of the two; kubectl apply refuses it, too"
			return nil, fault
		}
		if m[key], err = c.value(valueNode, depth+1); err != nil {
			return nil, err
		}
	}
	for _, merged := range merges {
		if err := c.merge(m, merged, depth); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// merge adds what "<<" names, keys of the mapping itself first
// (https://yaml.org/type/merge.html).
func (c *converter) merge(m map[string]any, from *yaml.Node, depth int) error {
	switch from.Kind {
	case yaml.AliasNode:
		if err := c.enter(from); err != nil {
			return err
		}
		defer c.leave()
		return c.merge(m, from.Alias, depth)
	case yaml.SequenceNode:
		for _, one := range from.Content {
			if one.Kind == yaml.SequenceNode {
				return c.fault(one, "the merge key << needs mappings")
			}
			if err := c.merge(m, one, depth); err != nil {
				return err
			}
		}
		return nil
	case yaml.MappingNode:
		merged, err := c.value(from, depth)
		if err != nil {
			return err
		}
		for key, v := range merged.(map[string]any) {
			if _, own := m[key]; !own {
				m[key] = v
			}
		}
		return nil
	}
	return c.fault(from, "the merge key << needs a mapping")
}

// key is a key as the API server makes text of it.
func (c *converter) key(n *yaml.Node) (string, error) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return "", c.fault(n, "a key is a mapping or a list, not text")
	}
	v, err := c.scalar(n)
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 32), nil
	case bool:
		return strconv.FormatBool(v), nil
	}
	return "", c.fault(n, "a key is empty, not text")
}

func (c *converter) scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!str":
		if n.Style == 0 {
			if b, ok := plainBoolean(n.Value); ok {
				return b, nil
			}
		}
		return n.Value, nil
	case "!!bool":
		if b, ok := plainBoolean(n.Value); ok {
			return b, nil
		}
	case "!!int":
		if v, ok := integer(n.Value); ok {
			return v, nil
		}
	case "!!float":
		f, err := strconv.ParseFloat(strings.ReplaceAll(n.Value, "_", ""), 64)
		if err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f, nil
		}
	default: // timestamps, binary and tags of others stay text
		return n.Value, nil
	}
	// The value itself may be a secret: it is not repeated.
	return nil, c.fault(n, "the value is not one that JSON can hold")
}

// plainBoolean reads YAML 1.1's booleans (https://yaml.org/type/bool.html).
func plainBoolean(s string) (value, ok bool) {
	switch s {
	case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y":
		return true, true
	case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N":
		return false, true
	}
	return false, false
}

func integer(s string) (any, bool) {
	s = strings.ReplaceAll(s, "_", "")
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return i, true
	}
	if u, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 0, 64); err == nil {
		return float64(u), true
	}
	return nil, false
}
