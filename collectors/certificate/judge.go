package certificate

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxPaths is how many ways to an anchor a verdict names.
const maxPaths = 4

// Judge tells whether a presented chain, leaf first, leads to one of the anchors
// as Go's verifier sees it, with times and host names left out. Every
// certificate presented may serve as an intermediate. Where no path is found it
// names the first break, its reason (one of evidence.BreakReasons) and the
// certificates that bear on it, looked for among those presented, the anchors
// and the known ones; known may hold anything and anchors nothing by itself.
//
// Candidates are, by reason: what the server should have sent, nearest to the leaf
// first (server_omits_intermediate); roots that would do if they were trusted
// (root_absent); the trusted certificates of the issuer's name and then those with
// the right key (issuer_rekeyed); the CA at fault (issuer_not_ca, path_length,
// name_constraint, wrong_key_usage); else what else bears on it, or none.
//
// At most MaxChain presented certificates are looked at. Nil sets are empty.
func Judge(chain []*x509.Certificate, anchors, known *Set) evidence.ChainVerdict {
	return newJudgement(members(chain), anchors, known, &signatureCache{}).verdict(asGo)
}

// JudgeOpenSSL is Judge with OpenSSL's rules:
//   - a path must end at a self-signed certificate of the store, an intermediate
//     or a leaf in the store is not enough (no -partial_chain);
//   - a path that has reached the store does not leave it again: the issuer of an
//     intermediate in the store must be there, too;
//   - an issuer whose subject key id contradicts the authority key id does not count.
//
// OpenSSL follows one path and never goes back. Where a store holds two
// certificates of one CA it may choose the one that leads nowhere; that depends on
// its version and is not modelled, nor is its laxer comparison of names.
func JudgeOpenSSL(chain []*x509.Certificate, anchors, known *Set) evidence.ChainVerdict {
	return newJudgement(members(chain), anchors, known, &signatureCache{}).verdict(asOpenSSL)
}

// rule is whose reading of a trust store is applied.
type rule int

const (
	asGo rule = iota
	asOpenSSL
)

func members(chain []*x509.Certificate) []*member {
	chain = cut(chain)
	out := make([]*member, 0, len(chain))
	for _, c := range chain {
		out = append(out, newMember(c))
	}
	return out
}

// judgement is one chain held against one store.
type judgement struct {
	presented      []*member // leaf first
	anchors, known *Set
	// steps counts the links that the search for a break looked at.
	steps      int
	signatures *signatureCache
}

func newJudgement(presented []*member, anchors, known *Set, signatures *signatureCache) *judgement {
	if anchors == nil {
		anchors = NewSet() // a nil pool would mean the roots of this machine
	}
	return &judgement{presented: presented, anchors: anchors, known: known, signatures: signatures}
}

func (j *judgement) verdict(r rule) evidence.ChainVerdict {
	if len(j.presented) == 0 {
		return evidence.ChainVerdict{Reason: "chain_invalid", Detail: "the server presented no certificate"}
	}
	for _, m := range j.presented {
		if rsaLargerThan(m.cert, maxPresentedRSA) {
			bits, _ := rsaBits(m.cert)
			return finding{
				reason: "chain_invalid", broken: m,
				detail: fmt.Sprintf("the RSA key of %s has %d bits, and Go's TLS refuses such keys: tls: server sent certificate containing RSA key larger than %d bits", label(m.cert), bits, maxPresentedRSA),
			}.verdict()
		}
	}
	paths, err := j.paths(r, nil)
	if err == nil && len(paths) > 0 {
		return evidence.ChainVerdict{OK: true, Paths: fingerprintPaths(paths)}
	}
	return j.explain(r, err).verdict()
}

// paths returns the ways from the leaf to an anchor, the best first, or the
// error of Go's verifier. extra are intermediates beyond those presented.
func (j *judgement) paths(r rule, extra []*member) ([][]*member, error) {
	leaf := j.presented[0]
	roots := j.anchors.pool
	intermediates := x509.NewCertPool()
	for _, m := range slices.Concat(j.presented[1:], extra) {
		m.addTo(intermediates)
	}
	if r == asOpenSSL {
		roots = j.anchors.selfSignedPool
		for _, m := range j.above(j.anchors) {
			m.addTo(intermediates)
		}
	}
	found, err := leaf.timeless.Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   anyTime(),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		return nil, err
	}
	paths := make([][]*member, 0, len(found))
	for _, path := range found {
		if r == asOpenSSL && (!allKeyIDsAgree(path) || j.leavesStore(path)) {
			continue
		}
		paths = append(paths, j.dated(path, extra))
	}
	return best(paths), nil
}

// dated maps a path of timeless copies back to the certificates themselves.
func (j *judgement) dated(path []*x509.Certificate, extra []*member) []*member {
	out := make([]*member, 0, len(path))
	for _, c := range path {
		fingerprint := Fingerprint(c)
		m := j.anchors.member(fingerprint)
		for _, candidate := range slices.Concat(j.presented, extra) {
			if m == nil && candidate.fingerprint == fingerprint {
				m = candidate
			}
		}
		out = append(out, m)
	}
	return out
}

// leavesStore tells whether a path comes to a CA of the store and goes on to one
// that is not. The leaf does not count.
func (j *judgement) leavesStore(path []*x509.Certificate) bool {
	inStore := false
	for _, c := range path[1:] {
		was := inStore
		inStore = j.anchors.Get(Fingerprint(c)) != nil
		if was && !inStore {
			return true
		}
	}
	return false
}

func allKeyIDsAgree(path []*x509.Certificate) bool {
	for i := range len(path) - 1 {
		if !keyIDsAgree(path[i], path[i+1]) {
			return false
		}
	}
	return true
}

// best sorts paths and keeps the first ones: those whose certificates are valid
// together the longest, then the shortest, then by fingerprint.
func best(paths [][]*member) [][]*member {
	slices.SortFunc(paths, func(a, b []*member) int {
		return cmp.Or(
			cmp.Compare(overlap(b), overlap(a)),
			cmp.Compare(len(a), len(b)),
			slices.Compare(fingerprints(a), fingerprints(b)),
		)
	})
	paths = slices.CompactFunc(paths, func(a, b []*member) bool {
		return slices.Equal(fingerprints(a), fingerprints(b))
	})
	return paths[:min(len(paths), maxPaths)]
}

// overlap is how long all certificates of a path are valid together; negative
// where there is no such time. time.Duration ends at 292 years, which is enough
// to tell windows apart.
func overlap(path []*member) time.Duration {
	from, until := path[0].cert.NotBefore, path[0].cert.NotAfter
	for _, m := range path[1:] {
		if m.cert.NotBefore.After(from) {
			from = m.cert.NotBefore
		}
		if m.cert.NotAfter.Before(until) {
			until = m.cert.NotAfter
		}
	}
	return until.Sub(from)
}

func fingerprints(list []*member) []string {
	out := make([]string, 0, len(list))
	for _, m := range list {
		out = append(out, m.fingerprint)
	}
	return out
}

func fingerprintPaths(paths [][]*member) [][]string {
	out := make([][]string, 0, len(paths))
	for _, path := range paths {
		out = append(out, fingerprints(path))
	}
	return out
}
