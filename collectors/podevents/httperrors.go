package podevents

import (
	"net/http"
	"strconv"
	"strings"
)

// status reads "401 Unauthorized" where a segment before announced it, or where
// the words are HTTP's own.
func (c *classifier) status(s segment) verdict {
	words := c.m.words(s)
	code, ok := leadingCode(words)
	if !ok || (!c.around.announced && !startsWords(words[3:], " "+http.StatusText(code))) {
		return verdict{}
	}
	return c.answer(code, "")
}

// leadingCode reads the status code that s begins with.
func leadingCode(s string) (int, bool) {
	if len(s) < 3 || (len(s) > 3 && isWord(s[3])) {
		return 0, false
	}
	code, err := strconv.Atoi(s[:3])
	return code, err == nil && code >= 100 && code <= 599
}

// answer is the cause that an HTTP status stands for. body is what is known of
// the answer's body.
func (c *classifier) answer(code int, body string) verdict {
	switch {
	case code == http.StatusBadRequest, code == 496, code == 495, code == 497: // nginx's codes of its own
		return verdict{cause: c.badRequest(code, body)}
	case code == http.StatusProxyAuthRequired, code == http.StatusNetworkAuthenticationRequired:
		return verdict{cause: "proxy"}
	case code == http.StatusNotFound && (c.around.ping || isHTML(body)):
		return verdict{cause: "not_a_registry"}
	case code >= 500:
		return verdict{cause: "server_error"}
	}
	if cause := statusCauses[code]; cause != "" {
		return verdict{cause: cause}
	}
	return verdict{cause: "not_a_registry"} // no registry answers so
}

var statusCauses = map[int]string{
	http.StatusUnauthorized:                 "unauthorized",
	http.StatusPaymentRequired:              "forbidden",
	http.StatusForbidden:                    "forbidden",
	http.StatusPreconditionFailed:           "forbidden", // Harbor: vulnerabilities, no signature
	http.StatusLocked:                       "forbidden",
	http.StatusUnavailableForLegalReasons:   "forbidden",
	http.StatusNotFound:                     "not_found",
	http.StatusGone:                         "not_found",
	http.StatusRequestTimeout:               "timeout",
	http.StatusTooManyRequests:              "rate_limited",
	http.StatusRequestedRangeNotSatisfiable: "corrupt_content", // the blob is shorter than its descriptor says
}

// badRequest tells why a server found a sound request bad. The answer to HEAD
// has no body; but by plain HTTP a 400 means a port that speaks TLS.
func (c *classifier) badRequest(code int, body string) string {
	switch {
	case code == 495, code == 496, strings.Contains(body, "SSL cert"):
		return "client_certificate_required"
	case code == 497, c.around.request.scheme == "http",
		strings.Contains(body, "plain HTTP request"), strings.Contains(body, "HTTP request to an HTTPS server"):
		return "https_not_http"
	default:
		return "not_a_registry"
	}
}

func isHTML(body string) bool { return strings.HasPrefix(strings.TrimSpace(body), "<") }

// statusCode reads containers/image's `StatusCode: 404, "BODY..."`.
func statusCode(c *classifier, s segment) verdict {
	code, ok := leadingCode(strings.TrimPrefix(c.m.from(s), "StatusCode: "))
	if !ok {
		return verdict{}
	}
	body := ""
	if i := c.next(s); i != nil {
		for _, t := range c.m.cutOut(*i) {
			body = t.text
		}
	}
	return c.answer(code, body)
}

// unparsedAnswer reads docker's `error parsing HTTP 404 response body: invalid
// character '<' looking for beginning of value: "BODY"`.
func unparsedAnswer(c *classifier, s segment) verdict {
	rest := line(c.m.from(s))
	code, ok := leadingCode(strings.TrimPrefix(rest, "error parsing HTTP "))
	if !ok {
		return verdict{}
	}
	body := ""
	if strings.Contains(rest, "invalid character '<'") {
		body = "<"
	}
	for _, t := range c.m.tokens {
		if t.at >= s.start {
			body = t.text
		}
	}
	return c.answer(code, body)
}

// statusInText reads the first number of "invalid status code from registry 503
// (Service Unavailable)" and "Status 400 trying to pull repository".
func statusInText(c *classifier, s segment) verdict {
	for word := range strings.FieldsSeq(line(c.m.from(s))) {
		if code, ok := leadingCode(word); ok {
			return c.answer(code, "")
		}
	}
	return verdict{}
}

// unknownCode reads what clients make of an error code that they do not know,
// such as Harbor's NOT_FOUND: "unknown: artifact apps/web:1.0 not found".
func unknownCode(c *classifier, s segment) verdict {
	rest := strings.TrimPrefix(line(c.m.from(s)), "unknown: ")
	switch {
	case strings.HasSuffix(rest, "not found"), strings.HasSuffix(rest, "Not Found"), strings.Contains(rest, " not found: "):
		return verdict{cause: "not_found"}
	case strings.HasPrefix(rest, "unauthorized"):
		return verdict{cause: "unauthorized"}
	default:
		return verdict{}
	}
}

// missingContent reads containerd's "content at URL not found" and "could not
// fetch content descriptor DIGEST (TYPE) from remote".
func missingContent(c *classifier, s segment) verdict {
	c.enterRequest(s)
	v := verdict{cause: "not_found"}
	if words := c.m.words(s); strings.HasPrefix(words, "could not fetch content") {
		v.stage = "blob"
		if strings.Contains(words, ".manifest.") || strings.Contains(words, ".index.") {
			v.stage = "manifest"
		}
	}
	return v
}

// notFoundInText reads "manifest for REF not found" and the like.
func notFoundInText(c *classifier, s segment) verdict {
	words := c.m.words(s)
	switch {
	case strings.HasSuffix(words, " not found"), strings.Contains(words, " not found in repository "):
		v := verdict{cause: "not_found"}
		if words[0] == 'm' || words[0] == 'M' {
			v.stage = "manifest"
		}
		return v
	case strings.Contains(words, "does not match the specified platform"), strings.Contains(words, " cannot be used on this platform"):
		return verdict{cause: "platform_mismatch", stage: "manifest"}
	default:
		return verdict{}
	}
}

// mediaType reads "unexpected media type TYPE for DIGEST". A registry's types
// are vendor types; a page or an API's answer is no manifest of any kind.
func mediaType(c *classifier, s segment) verdict {
	kind := firstWord(strings.TrimPrefix(c.m.words(s), "unexpected media type "))
	if strings.HasPrefix(kind, "application/vnd.") {
		return verdict{cause: "unsupported_manifest", stage: "manifest"}
	}
	return verdict{cause: "not_a_registry", stage: "manifest"}
}

// emptyDigest is the SHA-256 of nothing.
const emptyDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// emptyContent reads "unable to fetch descriptor (DIGEST) which reports content
// size of zero": an empty answer, or a manifest that says so of a layer.
func emptyContent(c *classifier, s segment) verdict {
	if strings.Contains(c.m.words(s), emptyDigest) {
		return verdict{cause: "not_a_registry", stage: "manifest"}
	}
	return verdict{cause: "corrupt_content"}
}

// tooLarge reads "rejecting 99999999 byte manifest for REF".
func tooLarge(c *classifier, s segment) verdict {
	if !strings.Contains(c.m.words(s), " byte manifest for ") {
		return verdict{}
	}
	return verdict{cause: "unsupported_manifest", stage: "manifest"}
}

// notJSON is an answer that should have been JSON or, where no runtime had a
// part in it, a pull secret that the kubelet could not read.
func notJSON(c *classifier, _ segment) verdict {
	switch {
	case !c.around.pulling:
		return verdict{cause: "pull_secret_invalid", stage: "secret", hostless: true}
	case c.around.extracting:
		return verdict{cause: "corrupt_content"}
	case c.around.stage == "blob", c.around.token:
		return verdict{cause: "not_a_registry"}
	default:
		return verdict{cause: "not_a_registry", stage: "manifest"}
	}
}

// next is the segment after s.
func (c *classifier) next(s segment) *segment {
	for i := range c.m.segments {
		if c.m.segments[i].start > s.start {
			return &c.m.segments[i]
		}
	}
	return nil
}
