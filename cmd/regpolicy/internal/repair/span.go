package repair

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

var errShape = errors.New("it is written in a way that is not edited (an anchor, a tag or an unusual form)")

// span is where a scalar stands: from its quote or first character to the end.
// Of a block scalar the last line break is left out.
func (t *text) span(n *yaml.Node) (start, end int, err error) {
	start, err = t.offset(n)
	if err != nil {
		return 0, 0, err
	}
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return 0, 0, errShape
	}
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		end, err = t.quoted(start, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		end, err = t.quoted(start, '\'')
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		end, _, err = t.block(start)
	default:
		end, err = t.plain(start, n.Value)
	}
	return start, end, err
}

func (t *text) quoted(start int, quote byte) (int, error) {
	if start >= len(t.data) || t.data[start] != quote {
		return 0, errShape
	}
	for i := start + 1; i < len(t.data); i++ {
		switch c := t.data[i]; {
		case c == '\\' && quote == '"':
			i++
		case c == quote && quote == '\'' && i+1 < len(t.data) && t.data[i+1] == quote:
			i++
		case c == quote:
			return i + 1, nil
		}
	}
	return 0, errShape
}

// plain follows a value through the text. A line fold there is one space or line
// end in the value.
func (t *text) plain(start int, value string) (int, error) {
	at, inSpace := start, false
	for _, r := range value {
		if r == ' ' || r == '\t' || r == '\n' {
			before := at
			for at < len(t.data) && bytes.IndexByte([]byte(" \t\r\n"), t.data[at]) >= 0 {
				at++
			}
			if at == before && !inSpace {
				return 0, errShape
			}
			inSpace = true
			continue
		}
		inSpace = false
		got, size := utf8.DecodeRune(t.data[at:])
		if got != r || size == 0 {
			return 0, errShape
		}
		at += size
	}
	return at, nil
}

// block is the end of a block scalar's last line that has content, and the
// indentation of its content.
func (t *text) block(start int) (end, indent int, err error) {
	if start >= len(t.data) || t.data[start] != '|' && t.data[start] != '>' {
		return 0, 0, errShape
	}
	head := t.lineEnd(start)
	header, _, _ := strings.Cut(string(t.data[start:head]), "#")
	if strings.ContainsAny(header, "123456789") {
		return 0, 0, errShape // its indentation is counted from the parent's
	}
	end, indent = head, -1
	for i := t.line(start) + 1; i < len(t.starts); i++ {
		from := t.starts[i]
		to := t.lineEnd(from)
		line := t.data[from:to]
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		deep := len(line) - len(bytes.TrimLeft(line, " "))
		if indent < 0 {
			indent = deep
		}
		if deep < indent {
			break
		}
		end = to
	}
	return end, indent, nil
}

// end is where a node ends.
func (t *text) end(n *yaml.Node) (int, error) {
	switch n.Kind {
	case yaml.ScalarNode:
		_, end, err := t.span(n)
		return end, err
	case yaml.AliasNode:
		start, err := t.offset(n)
		return start + 1 + len(n.Value), err
	case yaml.MappingNode, yaml.SequenceNode:
	default:
		return 0, errShape
	}
	if n.Style&yaml.FlowStyle != 0 {
		return t.flowEnd(n)
	}
	if len(n.Content) == 0 {
		return 0, errShape
	}
	return t.end(n.Content[len(n.Content)-1])
}

// flowEnd is behind the bracket that closes a flow collection.
func (t *text) flowEnd(n *yaml.Node) (int, error) {
	at, err := t.offset(n)
	if err != nil {
		return 0, err
	}
	opening, closing := byte('{'), byte('}')
	if n.Kind == yaml.SequenceNode {
		opening, closing = '[', ']'
	}
	if at >= len(t.data) || t.data[at] != opening {
		return 0, errShape
	}
	at++
	if len(n.Content) > 0 {
		if at, err = t.end(n.Content[len(n.Content)-1]); err != nil {
			return 0, err
		}
	}
	for at < len(t.data) {
		switch c := t.data[at]; c {
		case closing:
			return at + 1, nil
		case ' ', '\t', '\r', '\n', ',':
			at++
		case '#':
			at = t.lineEnd(at)
		default:
			return 0, errShape
		}
	}
	return 0, fmt.Errorf("a bracket is not closed")
}
