package manifest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A Text is where an object stands in the text it was read from. It shares that
// text until Keep copies its part of it.
type Text struct {
	chunk *chunk
	doc   int      // which of the chunk's documents
	path  []string // of the object within that document
}

// A chunk is a part of a text that parses by itself.
type chunk struct {
	data         []byte
	line, column int // of its first character, 1-based
	json         bool
	kept         bool
}

// below is where a list item of the text stands.
func (t Text) below(path ...string) Text {
	t.path = append(slices.Clip(t.path), path...)
	return t
}

// Keep copies the part of the text that is parsed to find a place in the object,
// so that the whole need not stay in memory. Objects of one chunk share the copy.
// False means that it has more than most bytes. cost is what was copied.
func (t Text) Keep(most int) (cost int, kept bool) {
	switch c := t.chunk; {
	case c == nil || len(c.data) > most:
		return 0, false
	case c.kept:
		return 0, true
	default:
		c.data, c.kept = bytes.Clone(c.data), true
		return len(c.data), true
	}
}

// A Locator finds places in texts. It parses when it is asked and remembers the
// last chunk, because fields are asked for object by object. It may be used from
// many goroutines.
type Locator struct {
	mu    sync.Mutex
	last  *chunk
	roots []*yaml.Node
}

// Position is where the field at a path of keys and list indices stands: a scalar
// itself, a mapping or list at its key, an alias where it is written. Where the
// field does not exist it is the place of the nearest around it. Lines and columns
// are 1-based; columns count characters.
func (l *Locator) Position(t Text, path ...string) (line, column int, ok bool) {
	if t.chunk == nil {
		return 0, 0, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last != t.chunk {
		l.last, l.roots = t.chunk, t.chunk.parse()
	}
	if t.doc >= len(l.roots) {
		return 0, 0, false
	}
	s := search{left: maxSteps}
	object, _ := s.find(l.roots[t.doc], t.path)
	at := object.at
	if len(path) > 0 {
		found, _ := s.find(object.value, path)
		if found.value != object.value {
			at = found.at
		}
	}
	return t.chunk.line + at.Line - 1, at.Column, true
}

// parse returns the chunk's documents. Its own first line is 1.
func (c *chunk) parse() []*yaml.Node {
	if c.json {
		p := jsonNodes{data: c.data, dec: json.NewDecoder(bytes.NewReader(c.data)), line: 1, column: c.column}
		p.dec.UseNumber()
		root, err := p.node()
		if err != nil {
			return nil
		}
		return []*yaml.Node{root}
	}
	roots, err := parse(bytes.NewReader(c.data))
	if err != nil {
		return nil
	}
	return roots
}

// maxSteps bounds one search: merge keys may repeat each other.
const maxSteps = 100_000

// A search walks down nodes.
type search struct{ left int }

// A place is a node and where it is told to stand.
type place struct{ value, at *yaml.Node }

// find walks as far down the path as it goes.
func (s *search) find(root *yaml.Node, path []string) (found place, whole bool) {
	found = place{root, root}
	for _, step := range path {
		next, ok := s.step(found.value, step)
		if !ok {
			return found, false
		}
		found = next
	}
	return found, true
}

func (s *search) step(n *yaml.Node, step string) (place, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(n.Content) {
			return place{}, false
		}
		return place{n.Content[i], n.Content[i]}, true
	}
	return s.lookUp(n, step)
}

// lookUp finds a key of a mapping, its own before those that it merges. Of one that
// stands twice, which only JSON allows, the last counts.
func (s *search) lookUp(n *yaml.Node, name string) (place, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if s.left--; s.left < 0 {
		return place{}, false
	}
	if n.Kind == yaml.SequenceNode {
		for _, one := range n.Content { // of a merge key
			if found, ok := s.lookUp(one, name); ok {
				return found, true
			}
		}
	}
	if n.Kind != yaml.MappingNode {
		return place{}, false
	}
	var merges []*yaml.Node
	for i := len(n.Content) - 2; i >= 0; i -= 2 {
		s.left--
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" {
			merges = append([]*yaml.Node{value}, merges...)
		} else if text, err := (&converter{}).key(key); err == nil && text == name {
			return place{value, whereOf(key, value)}, true
		}
	}
	for _, merged := range merges {
		if found, ok := s.lookUp(merged, name); ok {
			return found, true
		}
	}
	return place{}, false
}

// whereOf is what people see as a field's place: the value where it is one word, the
// key where the value goes over many lines or is left out.
func whereOf(key, value *yaml.Node) *yaml.Node {
	written := value.Kind == yaml.ScalarNode && (value.Value != "" || value.Style != 0)
	if written || value.Kind == yaml.AliasNode {
		return value
	}
	return key
}

// jsonNodes makes YAML nodes of a JSON text that is known to be sound: YAML's own
// reader does not take every JSON text.
type jsonNodes struct {
	data []byte
	dec  *json.Decoder
	// line and column are those of the offset that was asked for last.
	line, column, offset int
}

// here is where the next token begins.
func (p *jsonNodes) here() (line, column int) {
	at := int(p.dec.InputOffset())
	for at < len(p.data) && bytes.IndexByte([]byte(" \t\r\n:,"), p.data[at]) >= 0 {
		at++
	}
	p.line, p.column = advance(p.data[p.offset:at], p.line, p.column)
	p.offset = at
	return p.line, p.column
}

// advance is the place behind a text that begins at a place.
func advance(text []byte, line, column int) (int, int) {
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 {
		line += bytes.Count(text, []byte("\n"))
		text, column = text[end+1:], 1
	}
	return line, column + utf8.RuneCount(text)
}

func (p *jsonNodes) node() (*yaml.Node, error) {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle}
	n.Line, n.Column = p.here()
	token, err := p.dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case string:
		n.Value = token
		return n, nil
	case json.Delim:
		n.Kind = yaml.MappingNode
		if token == '[' {
			n.Kind = yaml.SequenceNode
		}
	default:
		return n, nil
	}
	for p.dec.More() {
		item, err := p.node()
		if err != nil {
			return nil, err
		}
		n.Content = append(n.Content, item)
	}
	_, err = p.dec.Token()
	return n, err
}
