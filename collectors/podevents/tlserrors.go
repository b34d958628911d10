package podevents

import (
	"net/netip"
	"strings"
	"time"
)

// unknownAuthority reads crypto/x509.UnknownAuthorityError, whose hint says that
// an authority of the right name was tried:
//
//	... (possibly because of "ERROR" while trying to verify candidate authority certificate "CN")
func unknownAuthority(c *classifier, s segment) verdict {
	hint, candidate := c.hint(s)
	c.p.Candidate = candidate
	switch {
	case hint == "":
		return verdict{cause: "unknown_authority"}
	case strings.Contains(hint, "parent certificate cannot sign this kind of certificate"):
		return verdict{cause: "issuer_not_ca"}
	case strings.Contains(hint, "insecure algorithm"), strings.Contains(hint, "algorithm unimplemented"),
		strings.Contains(hint, "keys are insecure"):
		return verdict{cause: "weak_signature"}
	default: // the signature does not fit the authority's key
		return verdict{cause: "authority_rekeyed"}
	}
}

func (c *classifier) hint(s segment) (text, candidate string) {
	words := c.m.words(s)
	if !strings.Contains(words, `(possibly because of "" while trying to verify candidate authority certificate ""`) {
		// The message may have been cut off in the candidate's name.
		if !strings.Contains(words, `(possibly because of ""`) {
			return "", ""
		}
	}
	tokens := c.m.cutOut(s)
	if len(tokens) > 1 {
		candidate = tokens[1].text
	}
	return tokens[0].text, candidate
}

// validity reads "...: current time T is after T2". Go says "expired" of a leaf,
// an intermediate and a root alike, and T is the node's clock.
func validity(c *classifier, s segment) verdict {
	_, detail, _ := strings.Cut(line(c.m.from(s)), "current time ")
	now, relation, _ := strings.Cut(detail, " is ")
	if at, err := time.Parse(time.RFC3339, now); err == nil {
		at = at.UTC()
		c.p.NodeTime = &at
	}
	if strings.HasPrefix(relation, "before ") {
		return verdict{cause: "not_yet_valid"}
	}
	return verdict{cause: "expired"}
}

// unreadX509 is what crypto/x509 says in words that are not known here.
func unreadX509(c *classifier, s segment) verdict {
	rest := strings.TrimPrefix(line(c.m.from(s)), "x509: ")
	for _, known := range []string{"certificate signed by unknown authority", "certificate has expired", "certificate is ", "cannot validate certificate"} {
		if strings.HasPrefix(rest, known) {
			return verdict{}
		}
	}
	if findLeaf(rest).cause != "" {
		return verdict{}
	}
	return verdict{cause: "chain_invalid"}
}

// wantedNames come before the name that was asked for, in crypto/x509's
// HostnameError.
var wantedNames = []string{"cannot validate certificate for ", ", not ", "none matched ", "wanted to match "}

func nameMismatch(c *classifier, s segment) verdict {
	words := c.m.words(s)
	for _, before := range wantedNames {
		if _, name, found := strings.Cut(words, before); found {
			if _, err := netip.ParseAddr(strings.Trim(firstWord(name), "[]")); err == nil {
				return verdict{cause: "ip_mismatch"}
			}
			break
		}
	}
	return verdict{cause: "name_mismatch"}
}

// alerts are the server's alerts (RFC 8446 section 6, in crypto/tls' words) that
// say more than that the handshake failed. Alerts about certificates are about
// the client's: the server judges no other.
var alerts = map[string]string{
	"protocol version not supported": "tls_version",
	"inappropriate fallback":         "tls_version",
	"certificate required":           "client_certificate_required",
	"bad certificate":                "client_certificate_required",
	"unsupported certificate":        "client_certificate_required",
	"revoked certificate":            "client_certificate_required",
	"expired certificate":            "client_certificate_required",
	"unknown certificate":            "client_certificate_required",
	"unknown certificate authority":  "client_certificate_required",
	"access denied":                  "client_certificate_required",
	"certificate unobtainable":       "client_certificate_required",
}

func remoteAlert(c *classifier, s segment) verdict {
	alert := strings.TrimPrefix(line(c.m.from(s)), "remote error: ")
	alert = strings.TrimPrefix(alert, "tls: ")
	for end := range len(alert) {
		if endsHere(alert[end:]) {
			alert = alert[:end]
			break
		}
	}
	if cause := alerts[alert]; cause != "" {
		return verdict{cause: cause}
	}
	return verdict{cause: "tls_handshake"}
}

func localAlert(c *classifier, s segment) verdict {
	if strings.HasPrefix(c.m.from(s), "local error: tls: ") {
		return verdict{cause: "tls_handshake"}
	}
	return verdict{}
}

// tlsError reads what crypto/tls itself found wrong. "failed to verify
// certificate" (since Go 1.20) is only the beginning of what crypto/x509 says.
func tlsError(c *classifier, s segment) verdict {
	rest := line(c.m.from(s))
	if strings.HasPrefix(rest, "tls: failed to verify certificate") {
		return verdict{}
	}
	if v := findLeaf(rest); v.cause != "" {
		return v
	}
	rest = strings.TrimPrefix(rest, "tls: ")
	switch {
	case strings.Contains(rest, "keys are insecure"): // crypto/rsa, keys below 1,024 bits
		return verdict{cause: "weak_signature"}
	case strings.HasPrefix(rest, "failed to parse certificate from server"):
		return verdict{cause: "chain_invalid"}
	default:
		return verdict{cause: "tls_handshake"}
	}
}

// line is text up to its first line end, and no more than a message's worth of it.
func line(text string) string {
	text = text[:min(len(text), 2048)]
	if end := strings.IndexByte(text, '\n'); end >= 0 {
		return text[:end]
	}
	return text
}
