package evidence

import (
	"regexp"
	"slices"
	"strings"
)

// longestHeader bounds how far the value of a header is looked for.
const longestHeader = 8 << 10

// headerName is a header that carries credentials, and what stands before its value:
// Go writes headers as map[Name:[value]].
var headerName = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie2?|x-registry-(?:auth|config)|x-(?:[a-z]+-)*(?:token|key|secret|password))(\\*["']?\s*:\s*(?:\\*["']|\[)?)`)

var (
	schemeWord = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]{0,31})[ \t]+`)
	// authValue is a token, or parameters: a="b", c=d.
	authValue   = regexp.MustCompile(`^(?:(?:[a-z_]{1,32}|Credential)=\\*"[^"\n]*"?|[^\s"'\],]+)(?:,(?:[ \t]*[\w-]+=(?:\\*"[^"\n]*"?|[^\s,"'\]]+)|[^\s,"'\]]+))*`)
	cookies     = regexp.MustCompile(`^(?:[^\s;"'=\]]+=\\*"[^"\n]*"|[^\s;"'\]]+)(?:;[ \t]*[^\s;"'=\]]+(?:=(?:\\*"[^"\n]*"|[^\s;"'\]]*))?)*`)
	headerWord  = regexp.MustCompile(`^[^\s"'\]]+`)
	headerNames = []string{"authorization", "cookie", "cookie2", "x-registry-auth", "x-registry-config", "-token", "-key", "-secret", "-password"}
	schemes     = []string{
		"apikey", "aws4-hmac-sha256", "basic", "bearer", "digest", "dpop", "gnap", "hoba", "kerberos", "mutual", "negotiate", "ntlm", "oauth", "privatetoken", "scram-sha-1", "scram-sha-256", "token", "vapid",
	}
)

// withoutHeaders removes the values of headers that carry credentials.
func withoutHeaders(text string) string {
	var out strings.Builder
	for {
		name := headerName.FindStringSubmatchIndex(text)
		if name == nil {
			return out.String() + text
		}
		out.WriteString(text[:name[1]])
		header := strings.ToLower(text[name[2]:name[3]])
		text = text[name[1]:]
		value := text[:min(len(text), longestHeader)]
		kept, end := credential(header, value)
		out.WriteString(value[:kept])
		if strings.HasPrefix(value[kept:], removed) {
			end = kept + len(removed)
		}
		if end > kept {
			out.WriteString(removed)
		}
		text = text[end:]
	}
}

// credential is from where to where a header's value is one: the name of a scheme stays,
// and so does prose, "authorization: denied".
func credential(header, value string) (from, to int) {
	pattern := headerWord
	switch {
	case strings.HasSuffix(header, "authorization"):
		return authorization(value)
	case strings.Contains(header, "cookie"):
		pattern = cookies
	}
	found := pattern.FindString(value)
	if isPlain(found) {
		return len(found), len(found)
	}
	return 0, len(found)
}

func authorization(value string) (from, to int) {
	scheme := schemeWord.FindStringSubmatch(value)
	if scheme == nil {
		found := authValue.FindString(value)
		if isPlain(found) {
			return len(found), len(found)
		}
		return 0, len(found)
	}
	from = len(scheme[0])
	found := authValue.FindString(value[from:])
	known := slices.Contains(schemes, strings.ToLower(scheme[1]))
	switch {
	case known && slices.Contains(ofSchemes, found), !known && isPlain(scheme[1]) && isPlain(found):
		return from + len(found), from + len(found)
	case !known && !isPlain(scheme[1]) && isPlain(found):
		return 0, len(scheme[1])
	case !known && !isPlain(scheme[1]):
		return 0, from + len(found)
	default:
		return from, from + len(found)
	}
}
