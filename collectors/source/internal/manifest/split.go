package manifest

import (
	"bytes"
	"iter"
)

// A piece is a part of a text that is YAML by itself.
type piece struct {
	text []byte
	line int // 1-based line of its start
}

func (p piece) chunk() *chunk { return &chunk{data: p.text, line: p.line, column: 1} }

// lines yields the text's lines, with their ends, and the number of each.
func (p piece) lines() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		n := p.line
		for line := range bytes.Lines(p.text) {
			if !yield(n, line) {
				return
			}
			n++
		}
	}
}

// splitDocuments cuts a stream at its document markers (YAML 1.2.2, 9.1.2: at
// the start of a line they always are markers), so that one document that is
// broken does not lose the others.
func splitDocuments(data []byte) []piece {
	var pieces []piece
	current := piece{line: 1}
	start, at := 0, 0
	directives := false // only directives so far: they belong to what follows
	content := false    // something else than directives so far
	cut := func(line int) {
		if current.text = data[start:at]; !isEmptyDocument(current.text) {
			pieces = append(pieces, current)
		}
		current, start = piece{line: line}, at
		directives, content = false, false
	}
	for n, line := range (piece{text: data, line: 1}).lines() {
		if isMarker(line, "---") && !directives && at > start {
			cut(n)
		}
		at += len(line)
		switch {
		case isMarker(line, "..."):
			cut(n + 1)
		case line[0] == '%' && !content:
			directives = true
		case !isBlank(line):
			directives, content = false, true
		}
	}
	if at > start {
		cut(0)
	}
	return pieces
}

// isEmptyDocument tells a marker with nothing below it. Each would cost the parser
// some thousand times its bytes.
func isEmptyDocument(text []byte) bool {
	rest, ok := bytes.CutPrefix(text, []byte("---"))
	return ok && len(bytes.Trim(rest, " \r\n")) == 0
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// isBlank tells a line without content: white space or a comment.
func isBlank(line []byte) bool {
	line = bytes.TrimLeft(line, " \t\r\n")
	return len(line) == 0 || line[0] == '#'
}

// A splitList is a document whose list "items" is cut into its items.
type splitList struct {
	around []byte // the document with an empty list in their place
	line   int    // of the key "items"
	items  []piece
}

// splitItems cuts the list "items" at the top of a document into its items, as
// kubectl and others print it:
//
//	apiVersion: v1
//	items:
//	- apiVersion: v1
//	  ...
//	kind: List
//
// Parsing item by item keeps memory at one item's tree, uses all cores, and saves
// the items before a broken one. A cut that is wrong (a line of a quoted or a
// bracketed value may look like an item) leaves a value open and thus a piece
// that does not parse: the caller then parses the document as a whole.
func splitItems(doc piece) (split splitList, ok bool) {
	const before, within, after = 0, 1, 2
	state, indent := before, -1
	start, at := 0, 0
	for n, line := range doc.lines() {
		from := at
		at += len(line)
		switch {
		case line[0] == '%', state == after && isItemsKey(line):
			return splitList{}, false
		case state == before && isItemsKey(line):
			state, split.line, start = within, n, at
			split.around = append(split.around, doc.text[:from]...)
			split.around = append(split.around, "items: []"...)
			split.around = append(split.around, line[len("items:"):]...)
		case state == before, state == within && isBlank(line):
		case state == after:
			split.around = append(split.around, line...)
		case indent < 0 && !isItem(line, indentOf(line)):
			return splitList{}, false
		case indent < 0 || isItem(line, indent):
			indent = indentOf(line)
			split.end(doc.text[start:from])
			split.items = append(split.items, piece{line: n})
			start = from
		case indentOf(line) <= indent:
			state = after
			split.end(doc.text[start:from])
			split.around = append(split.around, line...)
		}
	}
	if state == within {
		split.end(doc.text[start:])
	}
	return split, len(split.items) > 0
}

// end gives the item that was begun last its text. What stands before the first item
// is kept around the list: a comment may hold what YAML refuses.
func (s *splitList) end(text []byte) {
	if len(s.items) == 0 {
		s.around = append(s.around, text...)
		return
	}
	s.items[len(s.items)-1].text = text
}

func isItemsKey(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("items:"))
	return ok && isBlank(rest) && (len(rest) == 0 || rest[0] != '#')
}

// isItem tells a line that starts a list item at an indentation.
func isItem(line []byte, indent int) bool {
	return indentOf(line) == indent && isMarker(line[indent:], "-")
}

func indentOf(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }
