package repair

import (
	"bytes"
	"strings"

	"gopkg.in/yaml.v3"
)

// render writes a tree as YAML whose further lines are indented.
func (t *text) render(n *yaml.Node, indent int) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return "", err
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i := range lines {
		if i > 0 && lines[i] != "" {
			lines[i] = strings.Repeat(" ", indent) + lines[i]
		}
	}
	return strings.Join(lines, t.newline), nil
}

func mapping(pairs ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: pairs}
}

func sequence(items ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: items}
}

// AddTree puts a key with a tree at the end of a mapping of lines.
type AddTree struct {
	Path Path
	Key  string
	Tree *yaml.Node
}

func (e AddTree) splices(t *text, object *yaml.Node) ([]splice, error) {
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.MappingNode || n.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path) || len(n.Content) == 0 {
		return nil, errShape
	}
	end, err := t.end(n)
	if err != nil {
		return nil, err
	}
	text, err := t.render(mapping(scalar(e.Key), e.Tree), n.Column-1)
	end = t.lineEnd(end)
	return []splice{{end, end, t.newline + strings.Repeat(" ", n.Column-1) + text}}, err
}

func (e AddTree) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	n.Content = append(n.Content, scalar(e.Key), clone(e.Tree))
	return nil
}

// AddItem puts a tree at the end of a list of lines.
type AddItem struct {
	Path Path
	Tree *yaml.Node
}

func (e AddItem) splices(t *text, object *yaml.Node) ([]splice, error) {
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.SequenceNode || n.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path) || len(n.Content) == 0 {
		return nil, errShape
	}
	end, err := t.end(n)
	if err != nil {
		return nil, err
	}
	text, err := t.render(e.Tree, n.Column+1)
	end = t.lineEnd(end)
	return []splice{{end, end, t.newline + strings.Repeat(" ", n.Column-1) + "- " + text}}, err
}

func (e AddItem) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	n.Content = append(n.Content, clone(e.Tree))
	return nil
}

// ReplaceTree puts a tree in the place of a mapping of lines.
type ReplaceTree struct {
	Path Path
	Tree *yaml.Node
}

func (e ReplaceTree) splices(t *text, object *yaml.Node) ([]splice, error) {
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	if n.Kind != yaml.MappingNode || n.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path) || len(n.Content) == 0 {
		return nil, errShape
	}
	start, err := t.offset(n)
	if err != nil {
		return nil, err
	}
	end, err := t.end(n)
	if err != nil {
		return nil, err
	}
	text, err := t.render(e.Tree, n.Column-1)
	return []splice{{start, end, text}}, err
}

func (e ReplaceTree) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	*n = *clone(e.Tree)
	return nil
}

// RemoveKey takes a key, with its lines, out of a mapping that has others.
type RemoveKey struct {
	Path Path
	Key  string
}

func (e RemoveKey) splices(t *text, object *yaml.Node) ([]splice, error) {
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	key, value := entry(n, e.Key)
	if key == nil {
		return nil, errNotThere
	}
	if len(n.Content) < 4 || n.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path) {
		return nil, errShape
	}
	start, _, err := t.span(key)
	if err != nil {
		return nil, err
	}
	end, err := t.end(value)
	if err != nil {
		return nil, err
	}
	if _, first := t.indent(start); !first {
		return nil, errShape
	}
	return []splice{t.wholeLines(start, end)}, nil
}

// wholeLines takes out the lines of a span, their breaks included.
func (t *text) wholeLines(start, end int) splice {
	last := len(t.data)
	if next := t.line(end) + 1; next < len(t.starts) {
		last = t.starts[next]
	}
	return splice{t.starts[t.line(start)], last, ""}
}

func (e RemoveKey) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == e.Key {
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
			return nil
		}
	}
	return errNotThere
}

// RemoveItem takes an item, with its lines, out of a list that has others.
type RemoveItem struct {
	Path  Path
	Index int
}

func (e RemoveItem) splices(t *text, object *yaml.Node) ([]splice, error) {
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	item, err := at(n, Path{e.Index})
	if err != nil {
		return nil, err
	}
	if len(n.Content) < 2 || n.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path) {
		return nil, errShape
	}
	start, err := t.offset(item)
	if err != nil {
		return nil, err
	}
	end, err := t.end(item)
	if err != nil {
		return nil, err
	}
	// The dash stands alone before the item.
	if before := bytes.TrimSpace(t.data[t.starts[t.line(start)]:start]); string(before) != "-" {
		return nil, errShape
	}
	return []splice{t.wholeLines(start, end)}, nil
}

func (e RemoveItem) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	if e.Index < 0 || e.Index >= len(n.Content) {
		return errNotThere
	}
	n.Content = append(n.Content[:e.Index:e.Index], n.Content[e.Index+1:]...)
	return nil
}
