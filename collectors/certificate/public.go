package certificate

import (
	"crypto/x509"
	"iter"
	"sync"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// publicRootIDs are the fingerprints of Mozilla's roots. No certificate needs to
// be parsed for them.
var publicRootIDs = sync.OnceValue(func() map[string]bool {
	ids := map[string]bool{}
	for root := range bundle.Roots() {
		ids[digest(root.Certificate)] = true
	}
	return ids
})

// IsPublicRoot tells whether a fingerprint is that of a root in Mozilla's root
// programme, as of the build.
func IsPublicRoot(fingerprint string) bool { return publicRootIDs()[fingerprint] }

// publicRoots parses Mozilla's roots once, when they are first needed.
var publicRoots = sync.OnceValue(func() *Set {
	set := NewSet()
	for m := range publicMembers() {
		set.add(m)
	}
	return set
})

// PublicRoots is the set of Mozilla's roots, as of the build. Some of them are
// trusted only for certificates issued before a date; judging against this set
// honours that. Callers must not add to it.
func PublicRoots() *Set { return publicRoots() }

func publicMembers() iter.Seq[*member] {
	return func(yield func(*member) bool) {
		for root := range bundle.Roots() {
			c, err := x509.ParseCertificate(root.Certificate)
			if err != nil {
				continue // a root that this Go cannot read anchors nothing
			}
			m := newMember(c)
			m.constraint = root.Constraint
			if !yield(m) {
				return
			}
		}
	}
}
