package evidence

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

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

// login is user:password@host without a scheme, as people write it into an image
// reference. An image by tag and digest looks the same: app:1.0@sha256:....
var login = regexp.MustCompile(`([^\s"'/@:=,;(\[]{1,128}:)[^\s"'/@:]{1,256}@([a-zA-Z0-9.-]{1,253}:?)`)

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
		out.WriteString(text[written:begin+found[3]] + removed)
		written = at
	}
	return out.String() + text[written:]
}

// user is user:password@ in a URL; user alone may be a token, too.
var user = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)(?:[^/\s"'@]{1,520}@)+`)

func withoutUsers(text string) string {
	if strings.IndexByte(text, '@') < 0 || !strings.Contains(text, "://") {
		return text
	}
	return user.ReplaceAllString(withoutSlashed(text), "${1}")
}

// longestLogin bounds how far behind "://" the "@" of a login is looked for.
const longestLogin = 512

// withoutSlashed removes a login from a URL whose password has a slash or a blank in it,
// as people write it who do not encode it. A port is no password: https://h:5000/x@y.
func withoutSlashed(text string) string {
	var out strings.Builder
	written := 0
	for from := 0; ; {
		at := strings.Index(text[from:], "://")
		if at < 0 {
			return out.String() + text[written:]
		}
		from += at + len("://")
		rest := text[from:min(len(text), from+longestLogin)]
		scheme := text[max(written, from-16) : from-len("://")]
		if end := slashedLogin(rest); end > 0 && endsScheme([]byte(scheme)) && !strings.HasSuffix(scheme, "file") {
			out.WriteString(text[written:from])
			from += end
			written = from
		}
	}
}

// slashedLogin is where user:pass/word@ ends that a text begins with, or 0.
func slashedLogin(text string) int {
	colon := strings.IndexAny(text, ":/ \t\r\n\"'@[?#")
	if colon < 0 || text[colon] != ':' {
		return 0
	}
	behind := text[colon+1:]
	end := strings.IndexAny(behind, "@\t\r\n\"'<>")
	if end <= 0 || behind[end] != '@' {
		return 0
	}
	if password, host := behind[:end], behind[end+1:]; !isSlashed(password) || host == "" || isSum(host) {
		return 0
	}
	return colon + 1 + end + 1
}

// isSlashed tells a password with a slash or a blank from a port and a path, and from
// prose.
func isSlashed(password string) bool {
	first := strings.IndexAny(password, "/ ")
	if first < 0 || strings.HasPrefix(password, " ") || strings.Count(password, " ") > 3 {
		return false
	}
	if port := strings.TrimRight(password[:first], ":,;.)"); first > 0 && isNumber(port) {
		return false
	}
	return !slices.ContainsFunc([]string{": ", ", ", "; ", ". ", "://"}, func(prose string) bool { return strings.Contains(password, prose) })
}

// isSum tells the digest of an image.
func isSum(text string) bool {
	return strings.HasPrefix(text, "sha") && strings.Contains(text[:min(len(text), len("sha256:"))], ":")
}

func isNumber(text string) bool { return strings.Trim(text, "0123456789") == "" }
