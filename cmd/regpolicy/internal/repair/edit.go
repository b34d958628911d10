package repair

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// An Edit is one change of an object. It is made twice: to the text, and to the
// tree that the text is to have afterwards.
type Edit interface {
	splices(t *text, object *yaml.Node) ([]splice, error)
	apply(object *yaml.Node) error
}

// edit makes changes to one object of a text, one after the other.
func edit(data []byte, object int, edits []Edit) ([]byte, error) {
	return editAll(data, map[int][]Edit{object: edits})
}

// editAll makes changes to the objects of a text, by the object's place in it: those of
// different objects together, those of one after the other. The text is read again each
// time and held against what it was to be, so that no edit changes more than it should.
func editAll(data []byte, edits map[int][]Edit) ([]byte, error) {
	most := 0
	for _, one := range edits {
		most = max(most, len(one))
	}
	if most == 0 {
		return data, nil
	}
	mark := bytes.HasPrefix(data, byteOrderMark)
	t, err := parseText(data)
	if err != nil {
		return nil, err
	}
	for round := range most {
		now := map[int]Edit{}
		for object, one := range edits {
			if round < len(one) {
				now[object] = one[round]
			}
		}
		if t, err = t.edited(now); err != nil {
			return nil, err
		}
	}
	if mark {
		return append(bytes.Clone(byteOrderMark), t.data...), nil
	}
	return t.data, nil
}

// edited is the text after one edit of each of some objects. The tree of t is what the
// text was to be, then.
func (t *text) edited(edits map[int]Edit) (*text, error) {
	objects := t.objects()
	var changes []splice
	var last Edit
	for _, object := range slices.Sorted(maps.Keys(edits)) {
		if object >= len(objects) {
			return nil, errNotThere
		}
		last = edits[object]
		own, err := last.splices(t, objects[object].node)
		if err != nil {
			return nil, err
		}
		changes = append(changes, own...)
	}
	for object, e := range edits {
		if err := e.apply(objects[object].node); err != nil {
			return nil, err
		}
	}
	changed, err := t.splice(changes)
	if err != nil {
		return nil, err
	}
	again, err := parseText(changed)
	if err != nil || !equalAll(t.roots, again.roots) {
		return nil, fmt.Errorf("editing %T: %w", last, errMore)
	}
	return again, nil
}

var errMore = errors.New("the file would change in more than one place")

func equalAll(a, b []*yaml.Node) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// equal holds values against each other, whatever their form.
func equal(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.ShortTag() == b.ShortTag() && a.Value == b.Value && a.Anchor == b.Anchor && equalAll(a.Content, b.Content)
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// SetScalar replaces a value.
type SetScalar struct {
	Path  Path
	Value string
}

func (e SetScalar) splices(t *text, object *yaml.Node) ([]splice, error) {
	if len(e.Path) == 0 {
		return nil, errShape
	}
	parent, err := at(object, e.Path[:len(e.Path)-1])
	if err != nil {
		return nil, err
	}
	n, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	start, end, err := t.span(n)
	if err != nil {
		return nil, err
	}
	w := writing{style: n.Style, flow: parent.Style&yaml.FlowStyle != 0 || insideFlow(object, e.Path), newline: t.newline, indent: parent.Column + 1}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		if _, indent, err := t.block(start); err == nil && indent > 0 {
			w.indent = indent
		}
	}
	return []splice{{start, end, w.scalar(e.Value)}}, nil
}

// insideFlow tells whether a value stands within brackets.
func insideFlow(n *yaml.Node, p Path) bool {
	for i := range p {
		if above, err := at(n, p[:i]); err == nil && above.Style&yaml.FlowStyle != 0 {
			return true
		}
	}
	return false
}

func (e SetScalar) apply(object *yaml.Node) error {
	n, err := at(object, e.Path)
	if err != nil {
		return err
	}
	*n = *scalar(e.Value)
	return nil
}

// RenameKey gives a key of a mapping another name.
type RenameKey struct {
	Path     Path
	From, To string
}

func (e RenameKey) splices(t *text, object *yaml.Node) ([]splice, error) {
	mapping, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	key, _ := entry(mapping, e.From)
	if key == nil {
		return nil, errNotThere
	}
	if other, _ := entry(mapping, e.To); other != nil {
		return nil, fmt.Errorf("there is a key %q already", e.To)
	}
	start, end, err := t.span(key)
	if err != nil {
		return nil, err
	}
	w := writing{style: key.Style, flow: true, newline: t.newline}
	return []splice{{start, end, w.scalar(e.To)}}, nil
}

func (e RenameKey) apply(object *yaml.Node) error {
	mapping, err := at(object, e.Path)
	if err != nil {
		return err
	}
	key, _ := entry(mapping, e.From)
	if key == nil {
		return errNotThere
	}
	*key = *scalar(e.To)
	return nil
}

// AddKey puts a key behind another one of a mapping.
type AddKey struct {
	Path              Path
	After, Key, Value string
}

func (e AddKey) splices(t *text, object *yaml.Node) ([]splice, error) {
	mapping, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	key, value := entry(mapping, e.After)
	if key == nil {
		return nil, errNotThere
	}
	start, _, err := t.span(key)
	if err != nil {
		return nil, err
	}
	end, err := t.end(value)
	if err != nil {
		return nil, err
	}
	flow := mapping.Style&yaml.FlowStyle != 0
	w := writing{style: value.Style, flow: flow, newline: t.newline, indent: mapping.Column + 1}
	k := writing{style: key.Style, flow: true}
	line := k.scalar(e.Key) + ": " + w.scalar(e.Value)
	if flow {
		return []splice{{end, end, t.separator(start) + line}}, nil
	}
	end = t.lineEnd(end)
	return []splice{{end, end, t.newline + strings.Repeat(" ", mapping.Column-1) + line}}, nil
}

// separator is what stands between items in brackets: a line each where the one at
// start begins a line.
func (t *text) separator(start int) string {
	if space, first := t.indent(start); first && t.line(start) > 0 {
		return "," + t.newline + space
	}
	return ", "
}

func (e AddKey) apply(object *yaml.Node) error {
	mapping, err := at(object, e.Path)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == e.After {
			rest := append([]*yaml.Node{scalar(e.Key), scalar(e.Value)}, mapping.Content[i+2:]...)
			mapping.Content = append(mapping.Content[:i+2:i+2], rest...)
			return nil
		}
	}
	return errNotThere
}

// AppendCopy puts a copy of an item at the end of its list.
type AppendCopy struct {
	Path  Path
	Index int
}

func (e AppendCopy) splices(t *text, object *yaml.Node) ([]splice, error) {
	list, err := at(object, e.Path)
	if err != nil {
		return nil, err
	}
	item, err := at(list, Path{e.Index})
	if err != nil {
		return nil, err
	}
	start, err := t.offset(item)
	if err != nil {
		return nil, err
	}
	end, err := t.end(item)
	if err != nil {
		return nil, err
	}
	last, err := t.end(list.Content[len(list.Content)-1])
	if err != nil {
		return nil, err
	}
	if list.Style&yaml.FlowStyle != 0 {
		return []splice{{last, last, t.separator(start) + string(t.data[start:end])}}, nil
	}
	space, _ := t.indent(start)
	dash := t.starts[t.line(start)] + len(space)
	if dash >= start || t.data[dash] != '-' || len(bytes.TrimSpace(t.data[dash+1:start])) != 0 {
		return nil, errShape
	}
	last = t.lineEnd(last)
	return []splice{{last, last, t.newline + space + string(t.data[dash:end])}}, nil
}

func (e AppendCopy) apply(object *yaml.Node) error {
	list, err := at(object, e.Path)
	if err != nil {
		return err
	}
	item, err := at(list, Path{e.Index})
	if err != nil {
		return err
	}
	list.Content = append(list.Content, clone(item))
	return nil
}

func clone(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = clone(c)
	}
	return &out
}
