package certificate

import (
	"bytes"
	"crypto/x509"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Set is a set of certificates, indexed by fingerprint, subject and subject
// key id. A nil Set is empty. Many goroutines may read a Set; Add must not run
// beside anything else.
type Set struct {
	byFingerprint  map[string]*member
	bySubject      map[string][]*member // by RawSubject, in order of fingerprint
	bySubjectKeyID map[string][]*member // by the raw key id, likewise
	// pool is what Go takes for roots, selfSignedPool what OpenSSL does. Both
	// hold timeless copies.
	pool, selfSignedPool *x509.CertPool
}

// member is a certificate together with what judging needs of it, so that sets
// which share certificates share that, too.
type member struct {
	fingerprint string
	cert        *x509.Certificate
	// timeless is a shallow copy that is valid at any time: Verify reads these
	// fields of the struct, and verdicts leave time out.
	timeless *x509.Certificate
	// constraint refuses paths to this anchor; nil for almost all.
	constraint func([]*x509.Certificate) error
}

// anyTime is the time that timeless copies are verified at.
func anyTime() time.Time { return time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) }

func newMember(c *x509.Certificate) *member {
	timeless := *c
	timeless.NotBefore = anyTime().AddDate(-1, 0, 0)
	timeless.NotAfter = anyTime().AddDate(1, 0, 0)
	return &member{fingerprint: Fingerprint(c), cert: c, timeless: &timeless}
}

// NewSet returns a set of the given certificates.
func NewSet(certs ...*x509.Certificate) *Set {
	s := &Set{
		byFingerprint:  map[string]*member{},
		bySubject:      map[string][]*member{},
		bySubjectKeyID: map[string][]*member{},
		pool:           x509.NewCertPool(),
		selfSignedPool: x509.NewCertPool(),
	}
	s.Add(certs...)
	return s
}

// Add adds certificates; what is in the set already, or nil, is passed over.
func (s *Set) Add(certs ...*x509.Certificate) {
	for _, c := range certs {
		if c != nil {
			s.add(newMember(c))
		}
	}
}

func (s *Set) add(m *member) {
	if _, ok := s.byFingerprint[m.fingerprint]; ok {
		return
	}
	s.byFingerprint[m.fingerprint] = m
	subject := string(m.cert.RawSubject)
	s.bySubject[subject] = inserted(s.bySubject[subject], m)
	if id := string(m.cert.SubjectKeyId); id != "" {
		s.bySubjectKeyID[id] = inserted(s.bySubjectKeyID[id], m)
	}
	if rsaLargerThan(m.cert, maxRSA) {
		return // listed, yet never used to verify: one check would take minutes
	}
	m.addTo(s.pool)
	if selfSignedToOpenSSL(m.cert) {
		m.addTo(s.selfSignedPool)
	}
}

// selfSignedToOpenSSL tells whether OpenSSL ends a path here. It compares names
// and key ids and checks no signature (x509v3_cache_extensions, EXFLAG_SS).
func selfSignedToOpenSSL(c *x509.Certificate) bool { return selfIssued(c) && keyIDsAgree(c, c) }

func (m *member) addTo(pool *x509.CertPool) {
	if m.constraint == nil {
		pool.AddCert(m.timeless)
		return
	}
	pool.AddCertWithConstraint(m.timeless, func(chain []*x509.Certificate) error {
		return m.constraint(dated(chain))
	})
}

// dated gives timeless copies their dates back, by parsing them again: it runs
// only for the few anchors with a constraint.
func dated(chain []*x509.Certificate) []*x509.Certificate {
	out := make([]*x509.Certificate, 0, len(chain))
	for _, c := range chain {
		if parsed, err := x509.ParseCertificate(c.Raw); err == nil {
			out = append(out, parsed)
		}
	}
	return out
}

// Len is the number of certificates in the set.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.byFingerprint)
}

// Fingerprints are the set's fingerprints, sorted.
func (s *Set) Fingerprints() []string {
	if s == nil {
		return []string{}
	}
	return slices.Sorted(maps.Keys(s.byFingerprint))
}

// Get returns the certificate with the given fingerprint, or nil.
func (s *Set) Get(fingerprint string) *x509.Certificate {
	if m := s.member(fingerprint); m != nil {
		return m.cert
	}
	return nil
}

func (s *Set) member(fingerprint string) *member {
	if s == nil {
		return nil
	}
	return s.byFingerprint[fingerprint]
}

// maxNamesakes is how many members of one name, or of one key id, are looked at. A
// CA that is renewed twice a year for thirty years has as many; a hostile store may
// hold thousands, and each costs a signature to tell apart.
const maxNamesakes = 60

// issuers returns the members that bear the name of child's issuer, in order of
// fingerprint. Where they are too many those go first whose key id is asked for.
func (s *Set) issuers(child *x509.Certificate) []*member {
	if s == nil {
		return nil
	}
	all := s.bySubject[string(child.RawIssuer)]
	if len(all) <= maxNamesakes {
		return slices.Clip(all)
	}
	out := make([]*member, 0, maxNamesakes)
	for _, asked := range []bool{true, false} {
		for _, m := range all {
			if len(out) < maxNamesakes && bytes.Equal(m.cert.SubjectKeyId, child.AuthorityKeyId) == asked {
				out = append(out, m)
			}
		}
	}
	return out
}

// withKeyID returns the members with the given subject key id, in order of
// fingerprint.
func (s *Set) withKeyID(id []byte) []*member {
	if s == nil || len(id) == 0 {
		return nil
	}
	all := s.bySubjectKeyID[string(id)]
	return slices.Clip(all[:min(len(all), maxNamesakes)])
}

// inserted adds a member to a list that is kept in order of fingerprint.
func inserted(list []*member, m *member) []*member {
	at, _ := slices.BinarySearchFunc(list, m, func(a, b *member) int { return strings.Compare(a.fingerprint, b.fingerprint) })
	return slices.Insert(list, at, m)
}
