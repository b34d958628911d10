package yamltext

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// Writer writes what yaml.v3 would, which made half of the garbage of judging a small
// document: a report of many quotes tens of thousands of records. What is not plain is still left
// to yaml.v3: a scalar that may need quotes by itself, and anything else as a whole.
type Writer struct {
	out   []byte
	lines int // that may still begin
}

// ErrTooLong tells that a value has more lines than are wanted.
var ErrTooLong = errors.New("too many lines")

// errNotPlain tells that only yaml.v3 can write a value.
var errNotPlain = errors.New("no plain value")

// Write gives a value as YAML without the last line's end, in the room that the last one
// took. It may have more than most lines, or ErrTooLong.
func (w *Writer) Write(v any, most int) (string, error) {
	w.out, w.lines = w.out[:0], most
	write := w.inline
	if isBlock(v) {
		write = func(v any) error { return w.block(v, "\n") }
	}
	err := write(v)
	if errors.Is(err, errNotPlain) {
		return slow(v)
	}
	return strings.TrimPrefix(string(w.out), "\n"), err
}

func slow(v any) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err := enc.Encode(nodeOf(v))
	return strings.TrimRight(out.String(), "\n"), err
}

// block writes a collection of which each part begins on a line of its own.
func (w *Writer) block(v any, line string) error {
	switch at := v.(type) {
	case map[string]any:
		for _, key := range sorted(at) {
			if err := w.begin(line); err != nil {
				return err
			}
			if err := w.entry(key, at[key], line); err != nil {
				return err
			}
		}
	case []any:
		for _, value := range at {
			if err := w.begin(line); err != nil {
				return err
			}
			w.out = append(w.out, "- "...)
			if err := w.item(value, line+"  "); err != nil {
				return err
			}
		}
	}
	return nil
}

// begin begins a line.
func (w *Writer) begin(line string) error {
	if w.lines == 0 {
		return ErrTooLong
	}
	w.lines--
	w.out = append(w.out, line...)
	return nil
}

// entry writes a key and its value.
func (w *Writer) entry(key string, value any, line string) error {
	const longest = 128 // of a key before its colon
	if len(key) > longest {
		return errNotPlain
	}
	if err := w.scalar(key, func(v any) any { return map[string]any{v.(string): "v"} }, "", ": v"); err != nil {
		return err
	}
	w.out = append(w.out, ':')
	if isBlock(value) {
		return w.block(value, line+"  ")
	}
	w.out = append(w.out, ' ')
	return w.inline(value)
}

// item writes an element of a list after its dash; the first key of a mapping stands
// on the same line.
func (w *Writer) item(value any, line string) error {
	at, ok := value.(map[string]any)
	if !ok {
		if isBlock(value) {
			return errNotPlain
		}
		return w.inline(value)
	}
	for i, key := range sorted(at) {
		if i > 0 {
			if err := w.begin(line); err != nil {
				return err
			}
		}
		if err := w.entry(key, at[key], line); err != nil {
			return err
		}
	}
	return nil
}

// inline writes a scalar, or a list that stands in one line.
func (w *Writer) inline(v any) error {
	list, ok := v.([]any)
	if !ok {
		return w.scalar(v, func(v any) any { return map[string]any{"k": v} }, "k: ", "")
	}
	w.out = append(w.out, '[')
	for i, value := range list {
		if i > 0 {
			w.out = append(w.out, ", "...)
		}
		if _, nested := value.([]any); nested {
			return errNotPlain
		}
		if err := w.scalar(value, func(v any) any { return []any{v} }, "[", "]"); err != nil {
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// scalar writes a text or number; yaml.v3 writes it inside of what wrap makes, which
// has a text before and after it.
func (w *Writer) scalar(v any, wrap func(v any) any, before, after string) error {
	switch at := v.(type) {
	case string:
		if isWord(at, before == "[") {
			w.out = append(w.out, at...)
			return nil
		}
		if isTime(at) {
			w.out = append(append(append(w.out, '"'), at...), '"')
			return nil
		}
		if isSentence(at) {
			w.out = append(append(append(w.out, '\''), strings.ReplaceAll(at, "'", "''")...), '\'')
			return nil
		}
	case json.Number:
		if isCount(string(at)) {
			w.out = append(w.out, at...)
			return nil
		}
	case bool:
		w.out = append(w.out, map[bool]string{true: "true", false: "false"}[at]...)
		return nil
	}
	text, err := slow(wrap(v))
	if err != nil {
		return err
	}
	text, begins := strings.CutPrefix(text, before)
	text, ends := strings.CutSuffix(text, after)
	if !begins || !ends || strings.Contains(text, "\n") {
		return errNotPlain
	}
	w.out = append(w.out, text...)
	return nil
}

// isBlock tells what begins on a line of its own.
func isBlock(v any) bool {
	switch at := v.(type) {
	case map[string]any:
		return true
	case []any:
		return !flows(at)
	}
	return false
}

// flows tells whether a list stands in one line.
func flows(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(map[string]any); return ok })
}

// isWord tells texts that need no quotes: names and sentences that are no word of YAML's
// own, digests in hexadecimal, addresses. Inside of brackets it is told of fewer.
func isWord(s string, bracketed bool) bool {
	if s == "" || strings.HasSuffix(s, " ") {
		return false
	}
	if !begins(s[0]) {
		return isDigits(s)
	}
	for i := range len(s) {
		plain := begins(s[i]) || strings.IndexByte("0123456789 ._-+@)", s[i]) >= 0
		inside := strings.IndexByte(",=[]{}", s[i]) >= 0 || s[i] == ':' && i+1 < len(s) && s[i+1] != ' '
		if !plain && (bracketed || !inside) {
			return false
		}
	}
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}

// isDigits tells digests and addresses from numbers, of which YAML knows several forms.
func isDigits(s string) bool {
	if s[0] < '0' || s[0] > '9' {
		return false
	}
	return strings.ContainsAny(s, "acdf") && strings.Trim(s, "0123456789abcdef") == "" ||
		strings.Count(s, ".") > 1 && strings.Trim(s, "0123456789.") == ""
}

// begins tells what a text without quotes may begin with.
func begins(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/' || c == '('
}

// isSentence tells texts that need quotes because of a colon, and nothing more.
func isSentence(s string) bool {
	if !strings.Contains(s, ": ") || !begins(s[0]) || strings.HasSuffix(s, " ") {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isTime tells times as documents have them, which YAML quotes: bare, they would be no
// texts.
func isTime(s string) bool {
	if len(s) != len("2006-01-02T15:04:05Z") || s[4] != '-' {
		return false
	}
	_, err := time.Parse("2006-01-02T15:04:05Z", s)
	return err == nil
}

// isCount tells whole numbers that are small enough to be read as such.
func isCount(s string) bool {
	if s == "" || len(s) > 18 || s[0] == '0' && len(s) > 1 {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
