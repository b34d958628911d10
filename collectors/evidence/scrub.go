package evidence

import (
	"regexp"
)

const (
	removed      = "[removed]"
	wholeRemoved = "[removed: it may hold a credential]"
)

// A scrubber's pattern is tried where the text has one of its words, in lower case:
// most texts have none, and a pattern costs some thousand times more.
type scrubber struct {
	words   uint64                  // one of beginnings
	may     func(lower []byte) bool // tells, instead, whether it is worth it
	pattern *regexp.Regexp
	with    string
	// honest tells a match that stays as it is, by its groups; nil for none.
	honest func(groups []string) bool
}

// Scrub removes credentials from foreign text: error messages, event messages,
// URLs. Every foreign text that enters the document passes it. What would still
// make the whole document be refused is removed as a whole.
func Scrub(text string) string {
	cleaned, whole := scrubbed(text)
	if !whole {
		cleaned, whole = unveiled(cleaned)
	}
	if whole {
		return wholeRemoved
	}
	if isRefused(cleaned) {
		return wholeRemoved
	}
	return cleaned
}

// scrubbed is a text without what the patterns find, and whether all of it must go.
func scrubbed(text string) (string, bool) {
	lower := lowered(text)
	found := beginnings().in(lower)
	if found&keyEnds() != 0 && holdsAuth(text) {
		return "", true
	}
	if standsBefore(lower, ':', quotedNames, beginsQuoted) || standsBefore(lower, '=', quotedNames, beginsQuoted) {
		text = withoutQuoted(text)
	}
	if standsBefore(lower, ':', headerNames, whatever) {
		text = withoutHeaders(text)
	}
	text = withoutUsers(text)
	for i := range scrubbers {
		if s := &scrubbers[i]; s.mayFind(lower, found) {
			text = s.clean(text)
		}
	}
	return withoutLogins(text), false
}

// mayFind tells, fast, whether a text in lower case, of which the words are known, is
// worth the pattern.
func (s *scrubber) mayFind(lower []byte, found uint64) bool {
	return s.words&found != 0 || s.may != nil && s.may(lower)
}

func (s *scrubber) clean(text string) string {
	if s.honest == nil {
		return s.pattern.ReplaceAllString(text, s.with)
	}
	var out []byte
	written := 0
	for _, at := range s.pattern.FindAllStringSubmatchIndex(text, -1) {
		groups := make([]string, len(at)/2)
		for i := range groups {
			if at[2*i] >= 0 {
				groups[i] = text[at[2*i]:at[2*i+1]]
			}
		}
		if s.honest(groups) {
			continue
		}
		out = s.pattern.ExpandString(append(out, text[written:at[0]]...), s.with, text, at)
		written = at[1]
	}
	return string(out) + text[written:]
}
