package evidence

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// SecretError says that a document would have carried a secret. It names the
// place and the kind, never the value.
type SecretError struct {
	Kind string // "private key", "JSON web token", "registry credentials"
	Line int    // 1-based line of the encoded document
}

func (e *SecretError) Error() string {
	return fmt.Sprintf("refusing to write the evidence document: line %d holds a %s", e.Line, e.Kind)
}

// Found says it of a document that is read, not written.
func (e *SecretError) Found() string {
	return fmt.Sprintf("line %d: it holds a %s, which no evidence document may", e.Line, e.Kind)
}

// Types keep secrets out; these patterns are the last check. Each must fit the
// JSON text, in which line ends are written \n, and begins with plain text, which is
// searched for fast.
var secretPatterns = []struct {
	kind    string
	pattern *regexp.Regexp
}{
	{"private key", regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----`)},
	{"private key", regexp.MustCompile(`LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVE)`)},
	{"JSON web token", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
}

// Scan looks for secrets in an encoded document and returns a *SecretError for
// the first one.
func Scan(encoded []byte) error {
	for _, p := range secretPatterns {
		if at := p.pattern.FindIndex(encoded); at != nil {
			return secretAt(p.kind, encoded, at[0])
		}
	}
	if at := registryCredential(encoded); at >= 0 {
		return secretAt("registry credential", encoded, at)
	}
	if at := passwordURL(encoded); at >= 0 {
		return secretAt("URL with a password", encoded, at)
	}
	return nil
}

func secretAt(kind string, encoded []byte, at int) *SecretError {
	return &SecretError{Kind: kind, Line: 1 + bytes.Count(encoded[:at], []byte("\n"))}
}

// afterScheme is user:password@, right after "://".
var afterScheme = regexp.MustCompile(`^[^/\s"@:]{0,256}:[^/\s"@]{1,256}@`)

// passwordURL is where the first URL with a password has its "://", or -1.
func passwordURL(text []byte) int {
	const longest = (256 + 1 + 256 + 1) * utf8.UTFMax
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte("://"))
		if at < 0 {
			return -1
		}
		at += from
		from = at + len("://")
		behind := text[from:min(len(text), from+longest)]
		if endsScheme(text[:at]) && afterScheme.Match(behind) && !endsQuoted(text[:at], behind) {
			return at
		}
	}
}

// hostInQuotes is a host and the end of the quotes that it stands in, and that what
// follows belongs to something else.
var hostInQuotes = regexp.MustCompile(`^[a-zA-Z0-9.-]{1,253}(?::[0-9]{1,5})?'[,;)}\]][^\s"'@]{0,256}[\s"']`)

// endsQuoted tells whether a URL that stands in single quotes ends with its host, so
// that an "@" behind it is another text's: {url:'https://h',mail:'a@b'}.
func endsQuoted(scheme, behind []byte) bool {
	quote := bytes.LastIndexByte(scheme, '\'')
	return quote >= 0 && !bytes.ContainsFunc(scheme[quote+1:], func(r rune) bool { return !isSchemeByte(r) }) && hostInQuotes.Match(behind)
}

func isSchemeByte(r rune) bool {
	return 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9' || r == '+' || r == '.' || r == '-'
}

// endsScheme tells whether text ends with a URL's scheme: a letter, and then letters,
// digits, "+", "." and "-".
func endsScheme(text []byte) bool {
	for _, c := range slices.Backward(text) {
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			return true
		case '0' <= c && c <= '9', c == '+', c == '.', c == '-':
		default:
			return false
		}
	}
	return false
}

var (
	keyEnds     = []string{`auth"`, `auth'`, `auth\`}
	secretWords = []string{"token", "password", "passwd", "secret", "access_key", "signature", "credential", "authorization"}
	assignments = []string{
		"token=", "password=", "passwd=", "secret=", "access_key=", "signature=", "credential=", "authorization=", "x-amz-", "sig=",
	}
)

// A scrubber's pattern is tried where the text has one of its words, in lower case:
// most texts have none, and a pattern costs some thousand times more.
var scrubbers = []struct {
	words   []string
	pattern *regexp.Regexp
	with    string
}{
	// user:password@ in a URL; user alone may be a token, too.
	{[]string{"@"}, regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/\s"'@]{1,520}@)+`), "${1}"},
	{[]string{"bearer", "basic"}, regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} [removed]"},
	{[]string{"eyj"}, regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), "[removed]"},
	// key=value, as in a query or an environment.
	{assignments, regexp.MustCompile(`(?i)\b([\w-]*(?:token|password|passwd|secret|access_key|signature|credential|authorization)|X-Amz-[A-Za-z-]+|sig)(=["']?)[^\s"'&,;}]+`), "${1}${2}[removed]"},
	// password: value, while withoutQuoted takes "key": "value". Prose such as "invalid
	// signature: parent certificate cannot sign" must stay.
	{secretWords, regexp.MustCompile(`(?i)\b([\w-]*(?:password|passwd|client_secret|access_key)|\w+_token)(\s*:\s*["']?)[^\s"'&,;}]+`), "${1}${2}[removed]"},
	{[]string{"private key-----"}, regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|$)`), "[private key removed]"},
}

// login is user:password@host without a scheme, as people write it into an image
// reference. An image by tag and digest looks the same: app:1.0@sha256:....
var login = regexp.MustCompile(`([^\s"'/@:=,;(\[]{1,128}:)[^\s"'/@:]{1,256}@([a-zA-Z0-9.-]{1,253}:?)`)

// Scrub removes credentials from foreign text: error messages, event messages,
// URLs. Every foreign text that enters the document passes it. What would still
// make the whole document be refused is removed as a whole.
func Scrub(text string) string {
	const removed = "[removed: it may hold a credential]"
	if mayHold(text, keyEnds) && holdsAuth(text) {
		return removed
	}
	text = scrubbed(text)
	if isRefused(text) {
		return removed
	}
	return text
}

func scrubbed(text string) string {
	if mayHold(text, secretWords) {
		text = withoutQuoted(text)
	}
	for _, s := range scrubbers {
		if mayHold(text, s.words) {
			text = s.pattern.ReplaceAllString(text, s.with)
		}
	}
	return withoutLogins(text)
}

// withoutLogins tries login around each "@" alone: over the whole of a long text it
// would follow hundreds of beginnings at once.
func withoutLogins(text string) string {
	const before, behind = (128 + 1 + 256) * utf8.UTFMax, 1 + 253 + 1
	var out strings.Builder
	written := 0
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			break
		}
		at := from + i
		begin := max(from, at-before)
		from = at + 1
		if colon := strings.LastIndexByte(text[begin:at], ':'); colon < 1 || begin+colon == at-1 {
			continue // no name or no password
		}
		part := text[begin:min(len(text), at+behind)]
		found := login.FindStringSubmatchIndex(part)
		if found == nil || begin+found[0] > at {
			continue
		}
		from = begin + found[1]
		if host := part[found[4]:found[5]]; strings.HasPrefix(host, "sha") && strings.HasSuffix(host, ":") {
			continue
		}
		out.WriteString(text[written:begin+found[3]] + "[removed]")
		written = at
	}
	return out.String() + text[written:]
}

// mayHold tells whether text has one of the words in any case. Beyond ASCII there
// are letters that fold to ASCII's, such as the long s, so that it is always so.
func mayHold(text string, words []string) bool {
	lower := make([]byte, len(text))
	for i := range len(text) {
		c := text[i]
		if c >= utf8.RuneSelf {
			return true
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lower[i] = c
	}
	return slices.ContainsFunc(words, func(word string) bool { return bytes.Contains(lower, []byte(word)) })
}
