package evidence

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// wordSet tells in one pass over a text which of up to 64 words it has. A word has two
// bytes or more.
type wordSet struct {
	pairs [1 << 16 / 64]uint64 // a bit for each two bytes that a word begins with
	first [256][]int           // the words by their first byte
	words [][]byte
}

func newWordSet(words ...string) *wordSet {
	s := &wordSet{}
	for n, word := range words {
		pair := int(word[0])<<8 | int(word[1])
		s.pairs[pair/64] |= 1 << (pair % 64)
		s.first[word[0]] = append(s.first[word[0]], n)
		s.words = append(s.words, []byte(word))
	}
	return s
}

// mask has a bit for each of the words.
func (s *wordSet) mask(words ...string) uint64 {
	var mask uint64
	for n, word := range s.words {
		if slices.Contains(words, string(word)) {
			mask |= 1 << n
		}
	}
	return mask
}

// in is the mask of the words that a text in lower case has.
func (s *wordSet) in(lower []byte) uint64 {
	var found uint64
	for i := 1; i < len(lower); i++ {
		pair := int(lower[i-1])<<8 | int(lower[i])
		if s.pairs[pair/64]>>(pair%64)&1 == 0 {
			continue
		}
		for _, n := range s.first[lower[i-1]] {
			if bytes.HasPrefix(lower[i-1:], s.words[n]) {
				found |= 1 << n
			}
		}
	}
	return found
}

// lowered is a text in lower case as far as the words of the scrubbers go, which are
// ASCII: beyond it there are two letters that patterns fold to ASCII's.
func lowered(text string) []byte {
	lower := make([]byte, len(text))
	for i := range len(text) {
		c := text[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c >= utf8.RuneSelf {
			return bytes.ReplaceAll(bytes.ReplaceAll(bytes.ToLower([]byte(text)), []byte("\u017f"), []byte("s")), []byte("\u212a"), []byte("k"))
		}
		lower[i] = c
	}
	return lower
}

// longestGap is how much may be between a name and what stands behind it.
const longestGap = 64

// standsBefore tells whether one of the words stands before a character, behind which
// there is what is wanted. Blanks, quotes and backslashes may be between them.
func standsBefore(lower []byte, char byte, words []string, wanted func(rest []byte) bool) bool {
	for from := 0; ; from++ {
		at := bytes.IndexByte(lower[from:], char)
		if at < 0 {
			return false
		}
		from += at
		head := lower[:from]
		// A gap without an end would cost the square of it.
		for len(head) > 0 && from-len(head) < longestGap && isGap(head[len(head)-1]) {
			head = head[:len(head)-1]
		}
		if slices.ContainsFunc(words, func(word string) bool { return bytes.HasSuffix(head, []byte(word)) }) && wanted(lower[from+1:]) {
			return true
		}
	}
}

func isGap(c byte) bool { return strings.IndexByte(" \t\r\n\f\"'\\", c) >= 0 }

func whatever([]byte) bool { return true }

// beginsQuoted tells whether a quote comes next.
func beginsQuoted(rest []byte) bool {
	for i, c := range rest {
		if c == '"' || c == '\'' || i == longestGap {
			return true
		}
		if !isGap(c) {
			return false
		}
	}
	return false
}

// beginsLong tells whether a long word comes next.
func beginsLong(rest []byte) bool {
	rest = rest[:min(len(rest), longestGap+longWord)]
	rest = bytes.TrimLeft(rest, " \t\r\n\f\"'\\")
	end := bytes.IndexFunc(rest, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("_~+/=-", r)
	})
	return len(rest) < longWord || end < 0 || end >= longWord
}

const longWord = 16

// isPlain tells a word of prose from what may be a credential.
func isPlain(word string) bool {
	word = strings.TrimRight(word, ".,:;!?)")
	for i := range len(word) {
		if c := word[i]; (c < 'a' || c > 'z') && (i > 0 || c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
