package repair

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// writing says how a new scalar is to be written.
type writing struct {
	style   yaml.Style
	flow    bool
	indent  int // of a block scalar's lines
	newline string
}

// plainWord is what needs no quotes in any context, if it is none of the words
// that YAML 1.1 takes for something else.
var plainWord = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+/=_.-]*$`)

var otherThanText = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null)$`)

func (w writing) scalar(value string) string {
	lines := strings.Contains(value, "\n")
	switch {
	case lines && !w.flow && w.style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0:
		return w.literal(value)
	case lines, w.style&yaml.DoubleQuotedStyle != 0:
		return doubleQuoted(value)
	case w.style&yaml.SingleQuotedStyle != 0 && !strings.ContainsAny(value, "\r\t\x00"):
		return "'" + strings.ReplaceAll(value, "'", "''") + "'"
	case plainWord.MatchString(value) && !otherThanText.MatchString(value):
		return value
	default:
		return doubleQuoted(value)
	}
}

// literal writes a text of lines that neither begin with space nor end with more
// than one line break; PEM is such a text.
func (w writing) literal(value string) string {
	if strings.HasPrefix(value, " ") || strings.HasSuffix(value, "\n\n") || strings.ContainsAny(value, "\r\t") {
		return doubleQuoted(value)
	}
	header := "|"
	body, ends := strings.CutSuffix(value, "\n")
	if !ends {
		header = "|-"
	}
	var out strings.Builder
	out.WriteString(header)
	for line := range strings.SplitSeq(body, "\n") {
		out.WriteString(w.newline)
		if line != "" {
			out.WriteString(strings.Repeat(" ", w.indent) + line)
		}
	}
	return out.String()
}

// doubleQuoted is JSON, which YAML reads alike.
func doubleQuoted(value string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return `""` // a string can always be encoded
	}
	return strings.TrimSuffix(out.String(), "\n")
}
