package certificate

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// maxSteps limits the links that one judgement looks at. Go's own verifier checks
// at most 100 signatures; a hostile chain must not cost much more here.
const maxSteps = 200

// fault is why a certificate cannot stand above another one.
type fault int

const (
	noFault         fault = iota
	wrongKey              // another key signed the child
	weakSignature         // the child's signature is of a kind that Go refuses
	notCA                 // the parent may not sign certificates
	pathTooLong           // the parent's path length constraint is exceeded
	unusable              // a critical extension or an algorithm that Go does not know
	distrustedSince       // the root programme's own condition
)

// link tells what keeps parent from standing at the end of a path. It asks what
// Go's verifier asks, yet tries the signature first: a certificate that merely
// has the name of the issuer must not be blamed for its other faults.
func (j *judgement) link(path []*member, parent *member) fault {
	child := path[len(path)-1]
	j.steps++
	state := j.signatures.of(child, parent)
	if state == signatureWrong {
		return wrongKey
	}
	// Version 1 certificates have no basic constraints; Go takes them as roots only.
	isAnchor := j.anchors.member(parent.fingerprint) != nil
	if !isAnchor && (!parent.cert.BasicConstraintsValid || !parent.cert.IsCA) {
		return notCA
	}
	if f := signingFault(child.cert, parent.cert, state); f != noFault {
		return f
	}
	if len(parent.cert.UnhandledCriticalExtensions) > 0 {
		return unusable
	}
	if limit := pathLength(parent.cert); limit != nil && len(path)-1 > *limit {
		return pathTooLong
	}
	if isAnchor && parent.constraint != nil && parent.constraint(certificates(path)) != nil {
		return distrustedSince
	}
	return noFault
}

// signingFault tells why a signature that fits does not count with Go's
// CheckSignatureFrom.
func signingFault(child, parent *x509.Certificate, state signatureState) fault {
	mayNotSign := parent.KeyUsage != 0 && parent.KeyUsage&x509.KeyUsageCertSign == 0
	switch {
	case parent.Version == 3 && !parent.BasicConstraintsValid,
		parent.BasicConstraintsValid && !parent.IsCA,
		mayNotSign:
		return notCA
	case insecureDigest(child), rsaSmallerThan(parent, minRSA):
		return weakSignature
	case state == signatureUnchecked:
		return unusable
	default:
		return noFault
	}
}

func certificates(list []*member) []*x509.Certificate {
	out := make([]*x509.Certificate, 0, len(list))
	for _, m := range list {
		out = append(out, m.cert)
	}
	return out
}

// climb follows links that hold from the leaf upwards, through what was
// presented, and returns the first path that ends at an anchor, else the longest
// one.
func (j *judgement) climb() (path []*member, anchored bool) {
	leaf := j.presented[0]
	if j.anchors.member(leaf.fingerprint) != nil {
		return []*member{leaf}, true
	}
	var longest []*member
	anchored = j.climbFrom([]*member{leaf}, &longest)
	return longest, anchored
}

func (j *judgement) climbFrom(path []*member, longest *[]*member) bool {
	if len(path) > len(*longest) {
		*longest = slices.Clone(path)
	}
	for _, parent := range j.parents(path[len(path)-1]) {
		if j.steps >= maxSteps {
			return false
		}
		if loops(path, parent) || j.link(path, parent) != noFault {
			continue
		}
		next := append(slices.Clone(path), parent)
		if j.anchors.member(parent.fingerprint) != nil {
			*longest = next
			return true
		}
		if j.climbFrom(next, longest) {
			return true
		}
	}
	return false
}

// climbStore follows links that hold from the end of a path upwards, through the
// store alone.
func (j *judgement) climbStore(path []*member) []*member {
	for {
		above := j.anchors.issuers(path[len(path)-1].cert)
		i := slices.IndexFunc(above, func(m *member) bool { return !loops(path, m) && j.link(path, m) == noFault })
		if i < 0 || j.steps >= maxSteps {
			return path
		}
		path = append(slices.Clone(path), above[i])
	}
}

// parents are the anchors and then the presented certificates that bear the
// name of child's issuer, those with the right key id first, self-issued ones
// last: a path over a cross certificate leads further.
func (j *judgement) parents(child *member) []*member {
	out := slices.Concat(j.anchors.issuers(child.cert), j.sent(child.cert.RawIssuer))
	slices.SortStableFunc(out, func(a, b *member) int {
		return rank(child, a) - rank(child, b)
	})
	return out
}

func rank(child, parent *member) int {
	n := 0
	if !bytes.Equal(child.cert.AuthorityKeyId, parent.cert.SubjectKeyId) {
		n += 2
	}
	if selfIssued(parent.cert) {
		n++
	}
	return n
}

// sent are the presented certificates with the given subject, without the leaf.
func (j *judgement) sent(rawSubject []byte) []*member {
	var out []*member
	for _, m := range j.presented[1:] {
		if bytes.Equal(m.cert.RawSubject, rawSubject) && j.anchors.member(m.fingerprint) == nil {
			out = append(out, m)
		}
	}
	return out
}

// loops tells whether a path holds the same name with the same key already, as
// two cross certificates would bring about.
func loops(path []*member, next *member) bool {
	return slices.ContainsFunc(path, func(m *member) bool {
		return bytes.Equal(m.cert.RawSubject, next.cert.RawSubject) &&
			bytes.Equal(m.cert.RawSubjectPublicKeyInfo, next.cert.RawSubjectPublicKeyInfo)
	})
}

// above returns the members of a set that may stand above the presented
// certificates, by name alone, without those presented.
func (j *judgement) above(s *Set) []*member {
	seen := map[string]bool{}
	for _, m := range j.presented {
		seen[m.fingerprint] = true
	}
	queue := slices.Clone(j.presented)
	var out []*member
	for len(queue) > 0 {
		for _, m := range s.issuers(queue[0].cert) {
			if seen[m.fingerprint] || rsaLargerThan(m.cert, maxPresentedRSA) {
				continue
			}
			if len(out) == MaxChain {
				return out
			}
			seen[m.fingerprint] = true
			out = append(out, m)
			queue = append(queue, m)
		}
		queue = queue[1:]
	}
	return out
}
