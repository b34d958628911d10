package certificate

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// beginMark finds what is meant to be a PEM label, whatever the number and kind
// of its dashes: word processors write long ones (U+2010 to U+2015, U+2212).
// The label's own text is limited, so that a match is found in linear time.
var beginMark = regexp.MustCompile(`([-\x{2010}-\x{2015}\x{2212}]+)BEGIN ([A-Z0-9][A-Z0-9 #_]{0,63}?) ?([-\x{2010}-\x{2015}\x{2212}]+)`)

func looksLikePEM(text []byte) bool {
	return bytes.Contains(text, []byte("BEGIN ")) && beginMark.Match(text)
}

// addSpoilt takes what lies between the blocks that Go accepts. Each label there
// is a block that is not OK, and the reason is looked for in the same order as
// Go's pem.Decode refuses.
func (x *examination) addSpoilt(text []byte) whitespace {
	var faults whitespace
	if !looksLikePEM(text) {
		return faults
	}
	marks := beginMark.FindAllSubmatchIndex(text, -1)
	for i, at := range marks {
		end := len(text)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		mark := spoiltMark{
			before: text[lineStart(text, at[0]):at[0]],
			left:   string(text[at[2]:at[3]]),
			label:  string(text[at[4]:at[5]]),
			right:  string(text[at[6]:at[7]]),
			after:  text[at[1]:end],
		}
		x.content.HasPrivateKey = x.content.HasPrivateKey || isKeyLabel(mark.label)
		x.content.Blocks = append(x.content.Blocks, evidence.Block{
			Label: blockLabel(mark.label), Reason: mark.reason(),
		})
		faults.indented = faults.indented || mark.indented()
		faults.space = faults.space || spaceInBody(mark.body())
	}
	return faults
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
