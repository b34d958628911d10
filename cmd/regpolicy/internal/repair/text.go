// Package repair makes the smallest changes to manifests that repair what a report
// says of their trust configuration. It edits the text itself, so that comments,
// order and quoting stay, and believes no edit that it has not read again.
package repair

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sort"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxText is the largest file that is edited; one of manifests has a hundredth.
const maxText = 16 << 20

var byteOrderMark = []byte("\xef\xbb\xbf")

// text is a stream of YAML documents, or JSON, and where its values stand.
type text struct {
	data    []byte // without a byte order mark
	starts  []int  // of each line
	newline string
	roots   []*yaml.Node
}

func parseText(data []byte) (*text, error) {
	if len(data) > maxText {
		return nil, fmt.Errorf("it has more than %d MiB; put the objects to repair into a file of their own", maxText>>20)
	}
	t := &text{data: bytes.TrimPrefix(data, byteOrderMark), newline: "\n"}
	if bytes.Contains(t.data, []byte("\r\n")) {
		t.newline = "\r\n"
	}
	t.starts = lineStarts(t.data)
	if len(t.starts) != 1+bytes.Count(t.data, []byte("\n")) {
		return nil, errors.New("it has line ends other than those of Unix and Windows")
	}
	var err error
	t.roots, err = documents(t.data)
	return t, err
}

// documents are the documents of a stream.
func documents(data []byte) (roots []*yaml.Node, err error) {
	defer rescue(&err)
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		doc := new(yaml.Node)
		err := dec.Decode(doc)
		if errors.Is(err, io.EOF) {
			return roots, nil
		}
		if err != nil {
			return nil, err
		}
		roots = append(roots, doc)
	}
}

// rescue makes errors of the panics that yaml.v3 lets out where it meets what it holds
// impossible.
func rescue(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("yaml: %v", p)
	}
}

// lineStarts counts lines as yaml.v3 does.
func lineStarts(data []byte) []int {
	starts := []int{0}
	for i := 0; i < len(data); i++ {
		switch n := breakAt(data, i); {
		case n > 0:
			i += n - 1
			starts = append(starts, i+1)
		default:
		}
	}
	return starts
}

// breakAt is the length of the line break at an offset, 0 for none.
func breakAt(data []byte, i int) int {
	switch rest := data[i:]; {
	case bytes.HasPrefix(rest, []byte("\r\n")):
		return 2
	case rest[0] == '\n', rest[0] == '\r':
		return 1
	case bytes.HasPrefix(rest, []byte("\u0085")):
		return 2
	case bytes.HasPrefix(rest, []byte("\u2028")), bytes.HasPrefix(rest, []byte("\u2029")):
		return 3
	}
	return 0
}

// offset is where a node begins.
func (t *text) offset(n *yaml.Node) (int, error) {
	if n.Line < 1 || n.Line > len(t.starts) {
		return 0, errors.New("its place in the text is not known")
	}
	at := t.starts[n.Line-1]
	for range n.Column - 1 {
		if at >= len(t.data) {
			return 0, errors.New("its place in the text is not known")
		}
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return at, nil
}

// line is the 0-based number of the line that holds an offset.
func (t *text) line(at int) int { return sort.SearchInts(t.starts, at+1) - 1 }

// indent is the white space that begins the line of an offset, and whether there
// is nothing else before it.
func (t *text) indent(at int) (space string, first bool) {
	before := t.data[t.starts[t.line(at)]:at]
	core := bytes.TrimLeft(before, " \t")
	return string(before[:len(before)-len(core)]), len(core) == 0
}

// lineEnd is where the line of an offset ends, before its break.
func (t *text) lineEnd(at int) int {
	for at < len(t.data) && breakAt(t.data, at) == 0 {
		at++
	}
	return at
}

// splice is a change of the text between two offsets.
type splice struct {
	start, end int
	text       string
}

// splice makes changes, which may not overlap.
func (t *text) splice(changes []splice) ([]byte, error) {
	sort.SliceStable(changes, func(i, j int) bool { return changes[i].start < changes[j].start })
	var out bytes.Buffer
	at := 0
	for _, c := range changes {
		if c.start < at {
			return nil, errMore
		}
		out.Write(t.data[at:c.start])
		out.WriteString(c.text)
		at = c.end
	}
	out.Write(t.data[at:])
	return out.Bytes(), nil
}
