package evidence

import (
	"bytes"
	"regexp"
	"strings"
)

// plainAuth are values of a JSON key "auth" that are words and no credentials. The list
// is closed: any other word may be somebody's password.
const plainAuth = `anonymous|basic|bearer|denied|digest|disabled|enabled|error|expired|failed|failure|false|invalid|kerberos|ldap|missing|` +
	`negotiate|no|none|ntlm|null|oauth|oauth2|oidc|ok|optional|required|saml|success|true|unauthenticated|unauthorized|unknown|yes`

// In a text that is quoted within another one, quotes have backslashes before them: one,
// three where that is quoted again, seven in JSON of that.
const (
	authKey  = `\\*["']auth\\*["']\s*:\s*`
	authName = `(?:` + plainAuth + `)`
	authWord = `(?:"` + authName + `?"|'` + authName + `?'|\\"` + authName + `?\\"|\\'` + authName + `?\\'|\\{3}"` + authName + `?\\{3}"|\\{7}"` + authName + `?\\{7}"|` +
		authName + `|-?[0-9]{1,6})`
	authItem = `(?:\\*["'][A-Za-z_.-]{1,32}\\*["']\s*:\s*)?` + authWord
)

var (
	keysOfAuth = []string{`auth"`, `auth'`, `auth\`}
	// dockerAuth is what a Docker configuration holds credentials under, in JSON text.
	dockerAuth = regexp.MustCompile(`^"auths?\\*"\s*:\s*(?:\\*"[A-Za-z0-9+/=_-]{4,}|\{)`)
	keyOfAuth  = regexp.MustCompile(`(?i)` + authKey)
	// harmlessAuth is a value, or a flat list of such, that is no credential.
	harmlessAuth = regexp.MustCompile(`(?i)^(?:` + authWord + `|[\[{]\s*(?:` + authItem + `(?:\s*,\s*` + authItem + `)*)?\s*[}\]])(?:[\s,;})\]\\"']|$)`)
	// keyOfSecret is a key of JSON or of an environment, and the quote that its value
	// begins with.
	keyOfSecret = regexp.MustCompile(`(?i)\b[\w-]*(?:(?:(?:` + assignedNames + `|cookie|x-registry-(?:auth|config))(?:\\*["']\s*[:=]\s*|[ \t]{0,4}=[ \t]{0,4})|(?:` + toldNames + `)[ \t]*:[ \t]*)\\*["'])`)
)

// registryCredential is where encoded JSON has the first one, or -1.
func registryCredential(encoded []byte) int {
	const begins = `"auth`
	for from := 0; ; {
		at := bytes.Index(encoded[from:], []byte(begins))
		if at < 0 {
			return -1
		}
		begin := from + at
		from = begin + len(begins)
		if !dockerAuth.Match(encoded[begin:]) {
			continue
		}
		key := keyOfAuth.FindIndex(encoded[begin:min(len(encoded), begin+256)])
		if key == nil || key[0] != 0 || !isHarmless(encoded[begin+key[1]:]) {
			return begin
		}
	}
}

// isHarmless looks as far as a harmless value reaches.
func isHarmless(value []byte) bool {
	const longest = 4096
	found := harmlessAuth.FindIndex(value[:min(len(value), longest)])
	return found != nil && found[1] < longest
}

// holdsAuth tells whether a key "auth" has a value that may be a credential. What
// stands beside it may be one as well: passwords under names that nobody lists.
func holdsAuth(text string) bool {
	for {
		key := keyOfAuth.FindStringIndex(text)
		if key == nil {
			return false
		}
		if text = text[key[1]:]; text != "" && !harmlessAuth.MatchString(text) {
			return true
		}
	}
}

// withoutQuoted removes the quoted values of keys that name a secret, to their ends.
func withoutQuoted(text string) string {
	var out strings.Builder
	for {
		key := keyOfSecret.FindStringIndex(text)
		if key == nil {
			return out.String() + text
		}
		begin := len(strings.TrimRight(text[:key[1]-1], `\`))
		end := begin + quotedLength(text[begin:], strings.ContainsAny(text[key[0]:begin], `"'`))
		out.WriteString(text[:key[1]])
		value, open := strings.CutSuffix(text[key[1]:end], text[begin:key[1]])
		if value != "" {
			out.WriteString(removed)
		}
		if open {
			out.WriteString(text[begin:key[1]])
		}
		text = text[end:]
	}
}

// longestValue bounds how far the end of a value is looked for whose key has no quotes.
const longestValue = 4 << 10

// quotedLength is how long a value is, in quotes, that a text begins with. One without
// an end goes on for all of a text in JSON, which was cut, and else for a line.
func quotedLength(text string, isJSON bool) int {
	if isJSON {
		end, _ := valueEnd(text)
		return end
	}
	if end, closed := valueEnd(text[:min(len(text), longestValue)]); closed {
		return end
	}
	return len(firstLine(text))
}

// valueEnd is where a value ends that a text begins with, in quotes.
func valueEnd(text string) (end int, closed bool) {
	quote := strings.IndexFunc(text, func(r rune) bool { return r != '\\' })
	if quote < 0 {
		return len(text), false
	}
	// A quote within the value has more backslashes before it than those around it.
	for at := quote + 1; ; at++ {
		end := strings.IndexByte(text[at:], text[quote])
		if end < 0 {
			return len(text), false
		}
		at += end
		if escapes := at - len(strings.TrimRight(text[:at], `\`)); escapes <= quote {
			return at + 1, true
		}
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
