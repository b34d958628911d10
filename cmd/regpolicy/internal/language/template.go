package language

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// template is one text with places for values: how it looks in English, as a pattern,
// and how in German.
type template struct {
	english string
	letters int    // how many letters of it are no value's
	longest string // the longest part without a value: what lacks it cannot match
	pattern *regexp.Regexp
	// quoted are the values that were printed by %q: names, which are not translated.
	quoted []bool
	german []part
}

// part is text, or the value of an index from 0 on.
type part struct {
	text  string
	value int
}

// verb is a place for a value in a format of Go or Rego, with the index that a
// translation may give: %[2]s.
var verb = regexp.MustCompile(`%(?:\[(\d)\])?[-+ #0]*\d*(?:\.\d+)?([sdqvfxXt%])`)

// newTemplate reads a pair of formats. The German one must hold every value of the
// English one; its verbs are places only, whatever their letter.
func newTemplate(english, german string) (*template, error) {
	t := &template{english: english}
	var pattern strings.Builder
	pattern.WriteString(`^(?s:`)
	literal := func(text string) {
		pattern.WriteString(regexp.QuoteMeta(text))
		t.letters += letters(text)
		if len(text) > len(t.longest) {
			t.longest = text
		}
	}
	for p := range split(english) {
		switch p.kind {
		case "":
			literal(p.text)
		case "q":
			pattern.WriteString(`("(?:[^"\\]|\\.)*"|` + "`[^`]*`" + `)`)
			t.quoted = append(t.quoted, true)
		case "d":
			pattern.WriteString(`(-?\d+)`)
			t.quoted = append(t.quoted, false)
		default:
			pattern.WriteString(`(.*?)`)
			t.quoted = append(t.quoted, false)
		}
	}
	pattern.WriteString(`)$`)
	var err error
	if t.pattern, err = regexp.Compile(pattern.String()); err != nil {
		return nil, fmt.Errorf("reading text %q: %w", english, err)
	}
	return t, t.setGerman(german)
}

func (t *template) setGerman(german string) error {
	used := make([]bool, len(t.quoted))
	next := 0
	for p := range split(german) {
		if p.kind == "" {
			t.german = append(t.german, part{text: p.text, value: -1})
			continue
		}
		i := next
		if p.index > 0 {
			i = p.index - 1
		}
		if i >= len(used) {
			return fmt.Errorf("translating %q: %q has more values", t.english, german)
		}
		next = i + 1
		used[i] = true
		t.german = append(t.german, part{value: i})
	}
	if i := slices.Index(used, false); i >= 0 {
		return fmt.Errorf("translating %q: %q lacks value %d", t.english, german, i+1)
	}
	return nil
}

// piece is a part of a format: text, or a verb of some kind.
type piece struct {
	text, kind string
	index      int // from 1 on; 0 is the next one
}

// split takes a format apart.
func split(format string) func(yield func(piece) bool) {
	return func(yield func(piece) bool) {
		text := ""
		flush := func() bool {
			if text == "" {
				return true
			}
			done := text
			text = ""
			return yield(piece{text: done})
		}
		for {
			at := verb.FindStringSubmatchIndex(format)
			if at == nil {
				text += format
				flush()
				return
			}
			text += format[:at[0]]
			kind := format[at[4]:at[5]]
			if kind == "%" {
				text += "%"
				format = format[at[1]:]
				continue
			}
			index := 0
			if at[2] >= 0 {
				index, _ = strconv.Atoi(format[at[2]:at[3]]) //nolint:errcheck // one digit, by the pattern
			}
			if !flush() || !yield(piece{kind: kind, index: index}) {
				return
			}
			format = format[at[1]:]
		}
	}
}

// match gives the values of an English text, and whether the text is of this form.
func (t *template) match(text string) ([]string, bool) {
	if !strings.Contains(text, t.longest) {
		return nil, false
	}
	found := t.pattern.FindStringSubmatch(text)
	if found == nil {
		return nil, false
	}
	return found[1:], true
}

// render puts values, translated where they are text of ours, into the German form.
func (t *template) render(values []string, translate func(string) string) string {
	var out strings.Builder
	for _, p := range t.german {
		switch {
		case p.value < 0:
			out.WriteString(p.text)
		case t.quoted[p.value]:
			out.WriteString(values[p.value])
		default:
			out.WriteString(translate(values[p.value]))
		}
	}
	return out.String()
}
