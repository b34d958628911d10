package podevents

import (
	"sort"
	"strings"
)

// A message is an error text taken apart, so that nothing a stranger chose (a
// host, a repository, a tag, a server's answer in quotes) can be mistaken for
// what the client says: quoted text and URLs are cut out of it, and matching
// begins only where a segment begins. Segments are what fmt.Errorf joins: parts
// between ": ", and lines.
type message struct {
	text     string  // with every quoted text cut to "" and every bare URL to <>
	tokens   []token // what was cut out, in order
	segments []segment
	grpc     string // the last "rpc error: code = ", "NotFound"
}

// token is a text that was cut out; at is the place of what stands for it.
type token struct {
	at   int
	text string
}

// segment is text[start:end] of a message.
type segment struct{ start, end int }

// maxMessage bounds what is looked at. Messages of the kubelet and of runtimes
// are a few hundred bytes, events at most 1,024.
const maxMessage = 64 << 10

func newMessage(raw string) message {
	if len(raw) > maxMessage {
		raw = raw[:maxMessage]
	}
	if !strings.Contains(raw, `"`) || onlyEscapedQuotes(raw) {
		raw = strings.ReplaceAll(raw, `\"`, `"`)
	}
	var m message
	m.text = m.cutTokens(raw)
	m.split()
	return m
}

func (m *message) cutTokens(raw string) string {
	var out strings.Builder
	out.Grow(len(raw))
	open := false // a quotation mark without a partner was met: no other has one
	for i := 0; i < len(raw); {
		text, n := "", 0
		mark := "<>"
		switch {
		case raw[i] == '"' && !open:
			text, n = cutQuoted(raw[i:])
			mark, open = `""`, n == 0
		case raw[i] == 'h':
			text, n = cutURL(raw[i:])
		}
		if n == 0 {
			out.WriteByte(raw[i])
			i++
			continue
		}
		m.tokens = append(m.tokens, token{at: out.Len(), text: text})
		out.WriteString(mark)
		i += n
	}
	return out.String()
}

// onlyEscapedQuotes tells a message that was copied out of JSON.
func onlyEscapedQuotes(raw string) bool {
	return strings.Contains(raw, `\"`) && strings.Count(raw, `"`) == strings.Count(raw, `\"`)
}

// cutQuoted returns the quoted text that s begins with, and its length in s; 0
// where the message was cut off within it.
func cutQuoted(s string) (text string, length int) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return unquote(s[1:i]), i + 1
		}
	}
	return "", 0
}

// cutURL returns the URL that s begins with, and its length in s; 0 where s
// begins with none.
func cutURL(s string) (url string, length int) {
	if !strings.HasPrefix(s, "https://") && !strings.HasPrefix(s, "http://") {
		return "", 0
	}
	if end := strings.IndexAny(s, " \t\n\"'<>"); end >= 0 {
		s = s[:end]
	}
	url = strings.TrimRight(s, ":,;.)]}")
	return url, len(url)
}

// unquote undoes the escapes that %q makes and that matter here.
func unquote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return escapes.Replace(s)
}

var escapes = strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\n`, "\n", `\r`, "\r")

func (m *message) split() {
	start := 0
	for i := 0; i < len(m.text); i++ {
		switch {
		case m.text[i] == '\n', strings.HasPrefix(m.text[i:], ": "):
			m.add(start, i)
			start = i + 1
		case strings.HasPrefix(m.text[i:], " - Server message"):
			m.add(start, i)
			start = i + 3
		}
	}
	m.add(start, len(m.text))
}

// maxSegments bounds the work on a text that is all separators.
const maxSegments = 1024

// decoration is what stands around a segment's own words: lists, brackets and
// the dots of a text that somebody shortened.
const decoration = " \t\r[(*"

func (m *message) add(start, end int) {
	for start < end && len(m.segments) < maxSegments {
		rest := m.text[start:end]
		code, described := grpcStatus(rest)
		switch {
		case strings.IndexByte(decoration, rest[0]) >= 0:
			start++
		case strings.HasPrefix(rest, "... "):
			start += 4
		case described > 0:
			m.grpc, start = code, start+described
		default:
			m.segments = append(m.segments, segment{start, end})
			return
		}
	}
}

// grpcStatus reads "code = NotFound desc = " at the beginning of s and returns
// the code and the length of that.
func grpcStatus(s string) (code string, length int) {
	rest, ok := strings.CutPrefix(s, "code = ")
	if !ok {
		return "", 0
	}
	code, _, ok = strings.Cut(rest, " desc = ")
	if !ok || len(code) > 32 {
		return "", 0
	}
	return code, len("code = ") + len(code) + len(" desc = ")
}

// from is everything from a segment on.
func (m *message) from(s segment) string { return m.text[s.start:] }

// words are the segment's own text.
func (m *message) words(s segment) string { return m.text[s.start:s.end] }

// cutOut returns what was cut out of a segment.
func (m *message) cutOut(s segment) []token {
	first := sort.Search(len(m.tokens), func(i int) bool { return m.tokens[i].at >= s.start })
	last := sort.Search(len(m.tokens), func(i int) bool { return m.tokens[i].at >= s.end })
	return m.tokens[first:last]
}
