package certificate

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxCandidates is how many certificates that bear on a break are named.
const maxCandidates = 8

// finding is a break before it is written down.
type finding struct {
	reason     string
	broken     *member // the certificate whose link to its issuer is broken
	candidates []*member
	detail     string
}

func (f finding) verdict() evidence.ChainVerdict {
	// The detail holds our words, Go's and names of certificates. Scrubbing all of
	// it would spoil Go's "invalid signature: parent certificate cannot sign".
	v := evidence.ChainVerdict{Reason: f.reason, Detail: shorten(public(f.detail))}
	if f.broken != nil {
		v.Break = f.broken.fingerprint
		v.Issuer = distinguishedName(f.broken.cert.RawIssuer, f.broken.cert.Issuer)
	}
	for _, m := range f.candidates {
		if len(v.Candidates) < maxCandidates && !slices.Contains(v.Candidates, m.fingerprint) {
			v.Candidates = append(v.Candidates, m.fingerprint)
		}
	}
	return v
}

// shorten cuts a text that foreign names made long.
func shorten(s string) string {
	const limit = 1500
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit]) + "..."
	}
	return s
}

// explain finds the first break of a chain that err refused, and adds Go's own
// words.
func (j *judgement) explain(r rule, err error) finding {
	var gos [][]*member
	refusal := err
	if r == asOpenSSL {
		// refusal is about OpenSSL's share of the store, which Go never sees.
		gos, err = j.paths(asGo, nil)
	}
	f := j.findBreak(r, refusal, gos)
	if err != nil {
		f.detail += "; Go says: " + err.Error()
	}
	return f
}

// findBreak looks for the first break; gos are the paths that Go takes where the
// rule that is asked about takes none.
func (j *judgement) findBreak(r rule, refusal error, gos [][]*member) finding {
	path, anchored := j.climb()
	end := path[len(path)-1]
	if j.anchors.Len() == 0 {
		return finding{reason: "no_anchors", broken: end, detail: "the trust store holds no certificate"}
	}
	if f, ok := refused(path, refusal); ok {
		return f
	}
	if len(gos) > 0 {
		return j.acceptedByGoOnly(gos[0])
	}
	if anchored {
		return finding{reason: "chain_invalid", broken: end, detail: fmt.Sprintf("no usable path leads from %s to an anchor", label(path[0].cert))}
	}
	for _, look := range []func([]*member) (finding, bool){
		j.faultySent,
		weak,
		func(path []*member) (finding, bool) { return j.mended(r, path) },
		j.selfSignedLeaf,
		j.faultyAnchor,
		j.otherName,
		j.rootSent,
		j.issuerKnown,
	} {
		if f, ok := look(path); ok {
			return f
		}
	}
	return j.issuerUnknown(end)
}

// refused explains errors about the leaf itself, and about whole paths that Go
// found and then refused. All other errors are about a link.
func refused(path []*member, err error) (finding, bool) {
	leaf := path[0]
	_, critical := errors.AsType[x509.UnhandledCriticalExtension](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case critical && len(leaf.cert.UnhandledCriticalExtensions) > 0:
		return finding{
			reason: "chain_invalid", broken: leaf,
			detail: fmt.Sprintf("%s has a critical extension that Go does not know", label(leaf.cert)),
		}, true
	case !isInvalid:
		return finding{}, false
	case invalid.Reason == x509.CANotAuthorizedForThisName,
		invalid.Reason == x509.UnconstrainedName,
		invalid.Reason == x509.TooManyConstraints:
		return nameConstraint(path), true
	case invalid.Reason == x509.IncompatibleUsage,
		invalid.Reason == x509.CANotAuthorizedForExtKeyUsage,
		strings.Contains(invalid.Detail, "incompatible key usage"):
		return keyUsage(path), true
	case invalid.Reason == x509.NoValidChains:
		return finding{
			reason: "chain_invalid", broken: leaf,
			detail: fmt.Sprintf("no path from %s to an anchor meets the certificate policies", label(leaf.cert)),
		}, true
	default:
		return finding{}, false
	}
}

func nameConstraint(path []*member) finding {
	f := finding{
		reason: "name_constraint", broken: path[0],
		detail: fmt.Sprintf("a CA above %s may not sign for its names", label(path[0].cert)),
	}
	for _, m := range path[1:] {
		if extension(m.cert, oidNameConstraints).present {
			f.candidates = append(f.candidates, m)
			f.detail = fmt.Sprintf("the name constraints of %s do not allow the names of %s", label(m.cert), label(path[0].cert))
			break
		}
	}
	return f
}

func keyUsage(path []*member) finding {
	f := finding{
		reason: "wrong_key_usage", broken: path[0],
		detail: fmt.Sprintf("%s may not be used for TLS servers", label(path[0].cert)),
	}
	for i, m := range path {
		if allowsServers(m.cert) {
			continue
		}
		f.broken = m
		f.detail = fmt.Sprintf("the extended key usage of %s (%s) does not include server_auth", label(m.cert), strings.Join(extendedKeyUsageNames(m.cert), ", "))
		if i > 0 {
			f.candidates = []*member{m}
		}
		break
	}
	return f
}

func allowsServers(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// acceptedByGoOnly explains why OpenSSL does not take a path that Go takes.
func (j *judgement) acceptedByGoOnly(path []*member) finding {
	for i := range len(path) - 1 {
		if !keyIDsAgree(path[i].cert, path[i+1].cert) {
			return finding{
				reason: "chain_invalid", broken: path[i], candidates: path[i+1 : i+2],
				detail: fmt.Sprintf("Go accepts %s as the issuer of %s; OpenSSL does not, for its subject key identifier is not the one that the authority key identifier asks for", label(path[i+1].cert), label(path[i].cert)),
			}
		}
	}
	first := slices.IndexFunc(path, func(m *member) bool { return j.anchors.member(m.fingerprint) != nil })
	path = j.climbStore(path[:first+1])
	top := path[len(path)-1]
	return finding{
		reason: "root_absent", broken: top, candidates: j.knownIssuers(path),
		detail: fmt.Sprintf("Go accepts the path because the store holds %s; OpenSSL wants it to go on to a self-signed certificate within the store, and the store does not hold %s",
			label(path[first].cert), issuerLabel(top.cert)),
	}
}
