package certificate

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// The looks below each examine the longest path that holds for one kind of
// break. They run in the order that findBreak lists, the surest first.

// maxLooks is how many links faultyAnchor looks at beyond those of the search.
const maxLooks = 400

// faultySent: the server sent the issuer, and it may not be one.
func (j *judgement) faultySent(path []*member) (finding, bool) {
	end := path[len(path)-1]
	for _, m := range j.sent(end.cert.RawIssuer) {
		if loops(path, m) {
			continue
		}
		if f := j.link(path, m); f != noFault && f != wrongKey {
			return faulty(f, end, m), true
		}
	}
	return finding{}, false
}

// weak: no trust store helps a certificate whose signature is refused.
func weak(path []*member) (finding, bool) {
	end := path[len(path)-1]
	if selfIssued(end.cert) || !insecureDigest(end.cert) {
		return finding{}, false
	}
	return faulty(weakSignature, end, nil), true
}

func faulty(kind fault, child, parent *member) finding {
	f := finding{reason: "chain_invalid", broken: child}
	if parent != nil {
		f.candidates = []*member{parent}
	}
	switch kind {
	case notCA:
		f.reason = "issuer_not_ca"
		f.detail = fmt.Sprintf("%s signed %s and is not marked as a CA that may sign certificates", label(parent.cert), label(child.cert))
	case pathTooLong:
		f.reason = "path_length"
		f.detail = fmt.Sprintf("%s allows %d intermediates below itself, and there are more between it and the server certificate", label(parent.cert), parent.cert.MaxPathLen)
	case weakSignature:
		f.reason, f.candidates = "weak_signature", nil
		f.detail = fmt.Sprintf("%s is signed with %s, which is not accepted any more; to trust its issuer does not help", label(child.cert), signatureAlgorithm(child.cert))
		if parent != nil && !insecureDigest(child.cert) {
			f.candidates = []*member{parent}
			f.detail = fmt.Sprintf("%s is signed with the RSA key of %s, which has only %d bits", label(child.cert), label(parent.cert), keyBits(parent.cert))
		}
	case distrustedSince:
		f.detail = fmt.Sprintf("the root programme trusts %s only for certificates that were issued earlier", label(parent.cert))
	default:
		f.detail = fmt.Sprintf("%s cannot be verified as the issuer of %s", label(parent.cert), label(child.cert))
	}
	return f
}

// mended: with certificates that are known from elsewhere the chain verifies, so
// these are what the server should have sent.
func (j *judgement) mended(r rule, path []*member) (finding, bool) {
	extra := j.above(j.known)
	if len(extra) == 0 {
		return finding{}, false
	}
	paths, err := j.paths(r, extra)
	if err != nil || len(paths) == 0 {
		return finding{}, false
	}
	f := finding{reason: "server_omits_intermediate", broken: path[len(path)-1]}
	whole := paths[0]
	for i, m := range whole {
		if i == 0 || slices.Contains(j.presented, m) || j.anchors.member(m.fingerprint) != nil {
			continue
		}
		if len(f.candidates) == 0 {
			f.broken = whole[i-1]
		}
		f.candidates = append(f.candidates, m)
	}
	if len(f.candidates) == 0 {
		return finding{}, false
	}
	f.detail = fmt.Sprintf("the server does not send %s, the issuer of %s; it is held elsewhere, and with it the path reaches the trusted %s",
		label(f.candidates[0].cert), label(f.broken.cert), label(whole[len(whole)-1].cert))
	return f, true
}

func (j *judgement) selfSignedLeaf(path []*member) (finding, bool) {
	leaf := path[0]
	if len(path) > 1 || !selfSigned(leaf.cert) {
		return finding{}, false
	}
	f := finding{
		reason: "self_signed_leaf", broken: leaf,
		candidates: j.anchors.issuers(leaf.cert),
		detail:     fmt.Sprintf("%s is self-signed, and the store does not hold it", label(leaf.cert)),
	}
	if len(f.candidates) > 0 {
		f.detail += "; it holds another certificate of that name"
	}
	return f, true
}

// faultyAnchor: an anchor has the issuer's name, yet another key, or it may not
// sign. The end of the path is looked at first, then downwards: whoever trusts
// the old key of an intermediate has a re-keyed CA, although the new one was sent.
func (j *judgement) faultyAnchor(path []*member) (finding, bool) {
	for i, child := range slices.Backward(path) {
		if selfSigned(child.cert) {
			continue
		}
		var rekeyed []*member
		for _, anchor := range j.anchors.issuers(child.cert) {
			if j.steps >= maxSteps+maxLooks {
				break
			}
			switch f := j.link(path[:i+1], anchor); f {
			case noFault:
			case wrongKey:
				rekeyed = append(rekeyed, anchor)
			default:
				return faulty(f, child, anchor), true
			}
		}
		if len(rekeyed) > 0 {
			return finding{
				reason: "issuer_rekeyed", broken: child,
				candidates: slices.Concat(rekeyed, j.knownIssuers(path[:i+1])),
				detail: fmt.Sprintf("the store holds a CA named %s, but another key of that CA signed %s",
					issuerLabel(child.cert), label(child.cert)),
			}, true
		}
	}
	return finding{}, false
}

// otherName: the key that signed is there under another name. Go compares names
// byte by byte.
func (j *judgement) otherName(path []*member) (finding, bool) {
	end := path[len(path)-1]
	sent := slices.DeleteFunc(slices.Clone(j.presented[1:]), func(m *member) bool {
		return len(end.cert.AuthorityKeyId) == 0 || !bytes.Equal(m.cert.SubjectKeyId, end.cert.AuthorityKeyId)
	})
	for _, m := range slices.Concat(j.anchors.withKeyID(end.cert.AuthorityKeyId), sent) {
		if !bytes.Equal(m.cert.RawSubject, end.cert.RawIssuer) && j.link(path, m) == noFault {
			return finding{
				reason: "chain_invalid", broken: end, candidates: []*member{m},
				detail: fmt.Sprintf("the key of %s signed %s, which however names its issuer %s; the two names must be equal to the byte",
					label(m.cert), label(end.cert), issuerLabel(end.cert)),
			}, true
		}
	}
	return finding{}, false
}

// rootSent: the server sent everything up to its root, and that is not trusted.
func (j *judgement) rootSent(path []*member) (finding, bool) {
	if len(path) < 2 || !selfSigned(path[len(path)-1].cert) {
		return finding{}, false
	}
	root, below := path[len(path)-1], path[len(path)-2]
	return finding{
		reason: "root_absent", broken: below, candidates: []*member{root},
		detail: fmt.Sprintf("the chain is complete up to the root %s, which the server sent and the store does not hold", label(root.cert)),
	}, true
}

// issuerKnown: the issuer was not sent and is no anchor, but it is known.
func (j *judgement) issuerKnown(path []*member) (finding, bool) {
	end := path[len(path)-1]
	issuers := j.knownIssuers(path)
	roots := slices.DeleteFunc(slices.Clone(issuers), func(m *member) bool { return !selfSigned(m.cert) })
	switch {
	case len(roots) > 0:
		return finding{
			reason: "root_absent", broken: end, candidates: roots,
			detail: fmt.Sprintf("%s was issued by the root %s, which the store does not hold", label(end.cert), label(roots[0].cert)),
		}, true
	case len(issuers) > 0:
		return finding{
			reason: "server_omits_intermediate", broken: end, candidates: issuers,
			detail: fmt.Sprintf("the server does not send %s, the issuer of %s; it is held elsewhere, and its own issuer %s is not trusted either",
				label(issuers[0].cert), label(end.cert), issuerLabel(issuers[0].cert)),
		}, true
	}
	for _, m := range j.known.issuers(end.cert) {
		if f := j.link(path, m); f != noFault && f != wrongKey {
			return faulty(f, end, m), true
		}
	}
	return finding{}, false
}

// issuerUnknown decides what to call an issuer that nobody holds. Nothing proves
// which it is: an intermediate that the server forgot, or a root.
//
// It is called server_omits_intermediate if the server sent no intermediate at
// all (roots and repetitions of the leaf do not count) and no self-signed
// certificate of the issuer's name is known: then an anchor may well sit above
// the issuer. Otherwise it is root_absent: a server that sends intermediates is
// taken to send all of them, and a name that is known as a root's is a root's.
func (j *judgement) issuerUnknown(end *member) finding {
	f := finding{reason: "root_absent", broken: end, detail: fmt.Sprintf(
		"%s was issued by %s, which the server did not send and the store does not hold", label(end.cert), issuerLabel(end.cert))}
	namesakes := j.rootsOfTheName(end)
	switch {
	case len(namesakes) > 0:
		f.candidates = namesakes
		f.detail += "; a root of that name with another key is known"
	case end == j.presented[0] && j.onlyLeafSent():
		f.reason = "server_omits_intermediate"
		f.detail += "; either the server omits an intermediate, or that issuer is itself a root that must be trusted"
	}
	if urls := caIssuers(end.cert, 2); len(urls) > 0 {
		f.detail += "; the certificate says that its issuer can be fetched from " + strings.Join(urls, ", ")
	}
	return f
}

func (j *judgement) onlyLeafSent() bool {
	leaf := j.presented[0]
	return !slices.ContainsFunc(j.presented[1:], func(m *member) bool {
		return m.fingerprint != leaf.fingerprint && !selfSigned(m.cert)
	})
}

// rootsOfTheName are the roots that bear the name of child's issuer.
func (j *judgement) rootsOfTheName(child *member) []*member {
	return slices.DeleteFunc(slices.Concat(j.known.issuers(child.cert), j.sent(child.cert.RawIssuer)), func(m *member) bool {
		return !selfSigned(m.cert)
	})
}

// knownIssuers are certificates, neither anchors nor at fault, that verify the
// end of a path: those sent, then those known.
func (j *judgement) knownIssuers(path []*member) []*member {
	child := path[len(path)-1]
	var out []*member
	for _, m := range slices.Concat(j.sent(child.cert.RawIssuer), j.known.issuers(child.cert)) {
		if j.steps >= maxSteps {
			break
		}
		if j.anchors.member(m.fingerprint) == nil && j.link(path, m) == noFault {
			out = append(out, m)
		}
	}
	return out
}
