package manifest

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"
)

var (
	yamlLine    = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(.*)`)
	yamlUnknown = regexp.MustCompile(`^unknown anchor '(.*)' referenced`)
)

const hintYAML = "correct the text at that line, or save it again with kubectl get ... -o yaml"

// yamlFault makes a fault of yaml.v3's error on a piece. It tells the line of
// scanner errors, but for parser errors counts from 0 or means the line where
// the mapping around begins, and for others tells none.
func yamlFault(p piece, err error) *Fault {
	parts := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	told, _ := strconv.Atoi(parts[1])
	message := parts[2]
	reader := &lineReader{rest: p.text}
	_, _ = parse(reader) // once more, to see how far it comes

	line := told
	switch anchor := yamlUnknown.FindStringSubmatch(message); {
	case anchor != nil:
		// Its name may be a password that begins with a star and was not quoted.
		message = "the alias that stands there has no anchor"
		line = lastLineWith(p.text, "*"+anchor[1], reader.lines)
	case strings.HasPrefix(message, "did not find expected ',' or"),
		strings.HasPrefix(message, "did not find expected node content"):
		line = told + 1 // where the bracket opens
	case strings.HasPrefix(message, "did not find"), strings.HasPrefix(message, "exceeded max depth"), told == 0:
		line = reader.lines
	}
	fault := &Fault{
		Line:   p.line + max(min(line, reader.lines), 1) - 1,
		Detail: "it is not YAML: " + strings.ToValidUTF8(message, "?"),
		Hint:   hintYAML,
	}
	text := lineNumber(p.text, line)
	switch {
	case strings.HasPrefix(message, "exceeded max depth"):
		fault.Detail = "it nests far too deep"
		fault.Hint = ""
	case strings.Contains(message, "unexpected end of stream"),
		len(reader.rest) == 0 && !bytes.HasSuffix(p.text, []byte("\n")):
		fault.Truncated = true
		fault.Hint = "the text seems to be cut short: save it again and let kubectl finish"
	case bytes.HasPrefix(bytes.TrimLeft(text, " "), []byte("\t")):
		fault.Hint = "indent with spaces: YAML allows no tabs there"
	}
	return fault
}

// lineReader gives a text line by line and counts what was asked for.
type lineReader struct {
	rest   []byte
	lines  int  // that were begun
	within bool // the last of them was not given to its end
}

func (r *lineReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	if !r.within {
		r.lines++
	}
	line := r.rest
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end+1]
	}
	n := copy(p, line)
	r.within = n < len(line)
	r.rest = r.rest[n:]
	return n, nil
}

func lineNumber(text []byte, number int) []byte {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; n == number {
			return line
		}
	}
	return nil
}

// lastLineWith is the last line up to the given one that holds the words.
func lastLineWith(text []byte, words string, most int) int {
	found, n := most, 0
	for line := range bytes.Lines(text) {
		if n++; n > most {
			break
		}
		if bytes.Contains(line, []byte(words)) {
			found = n
		}
	}
	return found
}
