package evidence

import (
	"encoding/hex"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// views show a word as somebody else would read it who decodes it, once or twice. What
// shows nothing to remove stays as it was written. A value's blanks and quotes are
// decoded last, for they would end it.
var views = []func(string) string{
	func(text string) string { return decoded(text, structure) },
	func(text string) string { return decoded(text, "") },
	func(text string) string { return decoded(decoded(text, structure), structure) },
	func(text string) string { return decoded(decoded(text, ""), "") },
}

const structure = `:/@=?_-%`

// terminalEscape is an ECMA-48 control sequence, such as a colour, or how it is
// written within quotes; and a title of a window.
var terminalEscape = regexp.MustCompile(`(?:\x1b|\\x1[bB]|\\u001[bB]|\\033|\\e)(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[(-/][0-~])|\x{9b}[0-?]{0,64}[ -/]{0,8}[@-~]`)

// withoutControls is a text without what a terminal shows nothing of.
func withoutControls(text string) string {
	if strings.IndexFunc(text, unseen) < 0 && !strings.Contains(text, `\`) {
		return text
	}
	text = terminalEscape.ReplaceAllString(text, "")
	out := make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		if !unseen(r) {
			out = append(out, text[:size]...) // bytes that are no character, too
		}
		text = text[size:]
	}
	return string(out)
}

func unseen(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r >= 0x7f && (unicode.Is(unicode.Cf, r) || unicode.IsControl(r))
}

// decoded is a text with the visible characters of ASCII that are encoded as in a URL or
// in JSON; of the others than letters and figures only those that are wanted, if any are.
func decoded(text, wanted string) string {
	var out []byte
	written := 0
	for i := 0; i < len(text); i++ {
		digits := i + 1
		switch {
		case text[i] == '%':
		case strings.HasPrefix(text[i:], `\u00`):
			digits = i + len(`\u00`)
		default:
			continue
		}
		c, ok := hexByte(text[digits:])
		if !ok || c < ' ' || c > '~' || wanted != "" && !isWord(c) && strings.IndexByte(wanted, c) < 0 {
			continue
		}
		if out == nil {
			out = make([]byte, 0, len(text))
		}
		out = append(append(out, text[written:i]...), c)
		written = digits + 2
		i = written - 1
	}
	return string(out) + text[written:]
}

func hexByte(text string) (byte, bool) {
	if len(text) < 2 {
		return 0, false
	}
	c, err := hex.DecodeString(text[:2])
	if err != nil {
		return 0, false
	}
	return c[0], true
}

func isWord(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
}

// unveiled scrubs a text as it reads without the control characters in it, and its words
// as they read decoded.
func unveiled(text string) (string, bool) {
	if plain := withoutControls(text); plain != text {
		cleaned, whole := scrubbed(plain)
		if whole {
			return "", true
		}
		if cleaned != plain {
			text = cleaned
		}
	}
	if !strings.Contains(text, "%") && !strings.Contains(text, `\u00`) {
		return text, false
	}
	var out strings.Builder
	for len(text) > 0 {
		end := strings.IndexAny(text, " \t\r\n")
		if end < 0 {
			end = len(text)
		}
		word, whole := text[:end], false
		if strings.Contains(word, "%") || strings.Contains(word, `\u00`) {
			word, whole = unveiledWord(word)
		}
		if whole {
			return "", true
		}
		out.WriteString(word)
		blanks := len(text[end:]) - len(strings.TrimLeft(text[end:], " \t\r\n"))
		out.WriteString(text[end : end+blanks])
		text = text[end+blanks:]
	}
	return out.String(), false
}

func unveiledWord(word string) (string, bool) {
	last := word
	for _, view := range views {
		seen := view(word)
		if seen == word || seen == last {
			continue
		}
		last = seen
		cleaned, whole := scrubbed(seen)
		if whole {
			return "", true
		}
		if cleaned != seen {
			word = cleaned
		}
	}
	return word, false
}
