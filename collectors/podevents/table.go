package podevents

import "strings"

// keyed is a rule that applies to texts with a certain beginning.
type keyed interface{ key() string }

func (w wrapper) key() string { return w.prefix }
func (l leaf) key() string    { return l.text }
func (r reader) key() string  { return r.prefix }

// table holds rules by the first byte of what they apply to, in their order.
type table[T keyed] struct{ first [256][]T }

func newTable[T keyed](rules []T) *table[T] {
	t := &table[T]{}
	for _, r := range rules {
		at := r.key()[0]
		t.first[at] = append(t.first[at], r)
	}
	return t
}

func (t *table[T]) of(text string) []T {
	if text == "" {
		return nil
	}
	return t.first[text[0]]
}

// startsWords tells whether s begins with text and no word is cut in two.
func startsWords(s, text string) bool {
	return strings.HasPrefix(s, text) && (len(s) == len(text) || !isWord(text[len(text)-1]) || !isWord(s[len(text)]))
}

func isWord(b byte) bool {
	return b == '_' || b == '-' || '0' <= b && b <= '9' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z'
}

// endsHere tells whether an error text ends where s begins.
func endsHere(s string) bool {
	return s == "" || s[0] == '\n' || s[0] == ',' || s[0] == ';' || s[0] == ')' || s[0] == ']' ||
		strings.HasPrefix(s, ": ") || strings.HasPrefix(s, " (") || s == "." || s == ":" ||
		strings.HasPrefix(s, ". ") || strings.HasPrefix(s, " - ")
}
