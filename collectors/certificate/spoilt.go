package certificate

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func looksLikePEM(text []byte) bool {
	_, found := findMark(text, 0)
	return found
}

// mark is what is meant to be a PEM label, as offsets into a text: the dashes
// before BEGIN, the label's words, the dashes behind it.
type mark struct{ begin, word, label, right, end int }

// maxLabel is how long a label may be.
const maxLabel = 64

// findMark finds the first label at or behind an offset, whatever the number and
// kind of its dashes.
func findMark(text []byte, from int) (mark, bool) {
	word := []byte("BEGIN ")
	for at := from; ; at += len(word) {
		i := bytes.Index(text[at:], word)
		if i < 0 {
			return mark{}, false
		}
		at += i
		before := trailingDashes(text[from:at])
		if before == 0 {
			continue
		}
		m := mark{begin: at - before, word: at, label: at + len(word)}
		m.right = m.label + labelLength(text[m.label:])
		m.end = m.right + leadingDashes(text[m.right:])
		if m.label < m.right && m.right < m.end {
			return m, true
		}
	}
}

// isDash: word processors make long dashes of hyphens.
func isDash(r rune) bool { return r == '-' || (r >= '\u2010' && r <= '\u2015') || r == '\u2212' }

func notDash(r rune) bool { return !isDash(r) }

func leadingDashes(text []byte) int {
	if n := bytes.IndexFunc(text, notDash); n >= 0 {
		return n
	}
	return len(text)
}

func trailingDashes(text []byte) int { return len(text) - len(bytes.TrimRightFunc(text, isDash)) }

func labelLength(text []byte) int {
	text = text[:min(len(text), maxLabel)]
	n := bytes.IndexFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != ' ' && r != '#' && r != '_'
	})
	if n < 0 {
		return len(text)
	}
	return n
}

// addSpoilt takes what lies between the blocks that Go accepts. Each label there
// is a block that is not OK, and the reason is looked for in the same order as
// Go's pem.Decode refuses.
func (x *examination) addSpoilt(text []byte) whitespace {
	var faults whitespace
	m, found := findMark(text, 0)
	for found {
		next, more := findMark(text, m.end)
		until := len(text)
		if more {
			until = next.begin
		}
		s := spoiltMark{
			before: text[lineStart(text, m.begin):m.begin],
			left:   string(text[m.begin:min(m.word, m.begin+maxBefore)]),
			label:  strings.TrimSpace(string(text[m.label:m.right])),
			right:  string(text[m.right:min(m.end, m.right+maxBefore)]),
			after:  text[m.end:until],
		}
		x.content.HasPrivateKey = x.content.HasPrivateKey || isKeyLabel(s.label)
		x.addBad(s)
		faults.indented = faults.indented || s.indented()
		faults.space = faults.space || spaceInBody(s.body())
		m, found = next, more
	}
	return faults
}

// addBad lists a block that is not OK; beyond the limit blocks are only counted.
func (x *examination) addBad(s spoiltMark) {
	b := evidence.Block{Label: blockLabel(s.label)}
	if len(x.content.Blocks) < maxBlocks {
		b.Reason = s.reason()
	}
	x.content.Blocks = append(x.content.Blocks, b)
}

// spoiltMark is one label that Go's reader did not take, and what stands around it.
type spoiltMark struct {
	before      []byte // on the same line
	left, right string // the dashes
	label       string
	after       []byte // up to the next label
}

const dashes = "-----"

// maxBefore is how far back a line is looked at.
const maxBefore = 200

func lineStart(text []byte, at int) int {
	from := max(0, at-maxBefore)
	if nl := bytes.LastIndexByte(text[from:at], '\n'); nl >= 0 {
		return from + nl + 1
	}
	return from
}

func (m spoiltMark) indented() bool {
	return len(m.before) > 0 && len(bytes.TrimSpace(m.before)) == 0
}

func (m spoiltMark) reason() string {
	line, _, _ := bytes.Cut(m.after, []byte("\n"))
	line = bytes.TrimSpace(line)
	switch {
	case strings.HasPrefix(m.left, dashes+dashes):
		return "it is glued to the end of the block before it: a line end is missing between the two"
	case strings.Trim(m.left+m.right, "-") != "":
		return "the dashes of the label are not plain hyphens"
	case len(m.left) != len(dashes):
		return fmt.Sprintf("the label begins with %d dashes instead of five", len(m.left))
	case bytes.Equal(m.before, utf8BOM):
		return "a byte order mark stands before the label"
	case m.indented():
		return "the label is indented: a PEM label must begin its line"
	case len(m.before) > 0:
		return "other text stands before the label on its line"
	case bytes.HasPrefix(line, []byte(`\n`)), bytes.HasPrefix(line, []byte(`\r`)):
		return `line ends are written as \n, backslash and letter`
	case len(m.right) != len(dashes):
		return fmt.Sprintf("the label ends with %d dashes instead of five", len(m.right))
	case len(line) > 0:
		return "the base64 stands on the line of the label: PEM needs line ends"
	default:
		return m.bodyReason()
	}
}

// body is what stands between the label's line and the END line.
func (m spoiltMark) body() []byte {
	_, rest, _ := bytes.Cut(m.after, []byte("\n"))
	if end := bytes.Index(rest, []byte("END ")); end >= 0 {
		rest = bytes.TrimRight(rest[:end], "- \t")
	}
	return rest
}

// bodyReason looks for the fault behind a label that is right.
func (m spoiltMark) bodyReason() string {
	end := bytes.Index(m.after, []byte("END "))
	if end < 0 {
		return "the END line is missing"
	}
	begin := len(bytes.TrimRight(m.after[:end], "-"))
	endLine, _, _ := bytes.Cut(m.after[end:], []byte("\n"))
	endLine = bytes.TrimRight(endLine, " \t\r")
	switch want := "END " + m.label + dashes; {
	case string(endLine)+dashes == want:
		return "it is glued to the beginning of the block behind it: a line end is missing between the two"
	case bytes.HasPrefix(endLine, []byte(want)) && len(endLine) > len(want):
		return "other text stands behind the END label on its line"
	case end-begin != len(dashes), string(endLine) != want:
		return "the END line does not fit the BEGIN line"
	case begin > 0 && m.after[begin-1] != '\n':
		return "the END label does not begin its line"
	}
	if _, err := base64.StdEncoding.DecodeString(strings.NewReplacer(" ", "", "\t", "").Replace(string(m.after[:begin]))); err != nil {
		return err.Error()
	}
	return "it cannot be read as PEM"
}
