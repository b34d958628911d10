package evidence

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
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

// Types keep secrets out; these patterns are the last check. Each must fit the
// JSON text, in which line ends are written \n.
var secretPatterns = []struct {
	kind    string
	pattern *regexp.Regexp
	// literal stands in all that fits: looking for it first is ten times as fast where
	// the pattern does not begin with a text of its own.
	literal string
}{
	{"private key", regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----`), ""},
	{"private key", regexp.MustCompile(`LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVE)`), ""},
	{"JSON web token", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`), ""},
	{"registry credential", regexp.MustCompile(`\\?"auths?\\?"\s*:\s*(?:\\?"[A-Za-z0-9+/=_-]{4,}|\{)`), `"auth`},
}

// authority begins, after a scheme and "://", with a user and a password.
var authority = regexp.MustCompile(`^[^/\s"@:]{0,256}:[^/\s"@]{1,256}@`)

// Scan looks for secrets in an encoded document and returns a *SecretError for
// the first one.
func Scan(encoded []byte) error {
	for _, p := range secretPatterns {
		if !bytes.Contains(encoded, []byte(p.literal)) {
			continue
		}
		if at := p.pattern.FindIndex(encoded); at != nil {
			return &SecretError{Kind: p.kind, Line: 1 + bytes.Count(encoded[:at[0]], []byte("\n"))}
		}
	}
	if at := passwordInURL(encoded); at >= 0 {
		return &SecretError{Kind: "URL with a password", Line: 1 + bytes.Count(encoded[:at], []byte("\n"))}
	}
	return nil
}

// passwordInURL is where the first scheme://user:password@ is, -1 for nowhere. Looking
// for "://" first is many times as fast as a pattern that may begin at any letter.
func passwordInURL(text []byte) int {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte("://"))
		if i < 0 {
			return -1
		}
		i += from
		from = i + len("://")
		scheme := i
		for scheme > 0 && inScheme(text[scheme-1]) {
			scheme--
		}
		if bytes.ContainsFunc(text[scheme:i], isLetter) && authority.Match(text[from:]) {
			return scheme
		}
	}
}

func inScheme(c byte) bool {
	return isLetter(rune(c)) || '0' <= c && c <= '9' || c == '+' || c == '.' || c == '-'
}

func isLetter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }

var scrubbers = []struct {
	pattern *regexp.Regexp
	with    string
}{
	// user:password@ in a URL; user alone may be a token, too.
	{regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s"'@]{1,512}@`), "${1}"},
	{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`), "${1} [removed]"},
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?`), "[removed]"},
	// key=value, as in a query or an environment.
	{regexp.MustCompile(`(?i)\b([\w-]*(?:token|password|passwd|secret|access_key|signature|credential|authorization)|X-Amz-[A-Za-z-]+|sig)(=["']?)[^\s"'&,;}]+`), "${1}${2}[removed]"},
	// "key": "value", as in JSON, and password: value. Prose such as "invalid
	// signature: parent certificate cannot sign" must stay.
	{regexp.MustCompile(`(?i)\b([\w-]*(?:token|password|passwd|secret|access_key|signature|credential|authorization))(\\?["']\s*:\s*\\?["'])[^\s"'\\&,;}]+`), "${1}${2}[removed]"},
	{regexp.MustCompile(`(?i)\b([\w-]*(?:password|passwd|client_secret|access_key)|\w+_token)(\s*:\s*["']?)[^\s"'&,;}]+`), "${1}${2}[removed]"},
	{regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----[\s\S]*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|$)`), "[private key removed]"},
}

// login is user:password@host without a scheme, as people write it into an image
// reference. An image by tag and digest looks the same: app:1.0@sha256:....
var login = regexp.MustCompile(`([^\s"'/@:=,;(\[]{1,128}:)[^\s"'/@:]{1,256}@([a-zA-Z0-9.-]{1,253}:?)`)

// Scrub removes credentials from foreign text: error messages, event messages,
// URLs. Every foreign text that enters the document passes it.
func Scrub(text string) string {
	for _, s := range scrubbers {
		text = s.pattern.ReplaceAllString(text, s.with)
	}
	if !strings.Contains(text, "@") {
		return text
	}
	return login.ReplaceAllStringFunc(text, func(found string) string {
		parts := login.FindStringSubmatch(found)
		if strings.HasPrefix(parts[2], "sha") && strings.HasSuffix(parts[2], ":") {
			return found
		}
		return parts[1] + "[removed]@" + parts[2]
	})
}
