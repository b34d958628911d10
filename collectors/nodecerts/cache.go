package nodecerts

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"sync"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxCached bounds how many different contents are remembered: nodes of one
// cluster share almost all of theirs.
const maxCached = 4096

// cache remembers what contents mean, by their digest, so that what a thousand
// nodes share is parsed once.
type cache struct {
	mu       sync.Mutex
	contents map[[sha256.Size]byte]*examined
	bundles  map[[sha256.Size]byte]*bundleFacts
}

func newCache() *cache {
	return &cache{contents: map[[sha256.Size]byte]*examined{}, bundles: map[[sha256.Size]byte]*bundleFacts{}}
}

// examined is what a content holds.
type examined struct {
	once    sync.Once
	content evidence.Content
	certs   []*x509.Certificate
}

// loaded are the fingerprints that Go's AppendCertsFromPEM takes from the bytes
// as they lie there: not what is below layers of base64, no DER.
func (e *examined) loaded() []string {
	if e.content.Form != evidence.FormPEM {
		return nil
	}
	return e.content.Certificates
}

func (c *cache) examine(content []byte) *examined {
	e := remembered(c, c.contents, content)
	e.once.Do(func() { e.content, e.certs = certificate.Examine(content) })
	return e
}

// bundleFacts is what a system bundle holds.
type bundleFacts struct {
	once   sync.Once
	sha256 string
	// all is the bundle as a whole.
	all *examined
	// members are its faultless blocks by place minus one; nil for others.
	members []*member
	// blocks counts the faultless ones.
	blocks int
	// openSSL tells whether OpenSSL takes it.
	openSSL bool
}

// member is a certificate of a bundle.
type member struct {
	cert        *x509.Certificate
	fingerprint string
	hash        string // its subject's, as OpenSSL names files
}

func (c *cache) bundle(data []byte) *bundleFacts {
	b := remembered(c, c.bundles, data)
	b.once.Do(func() {
		sum := sha256.Sum256(data)
		b.sha256 = hex.EncodeToString(sum[:])
		b.all = c.examine(data)
		b.openSSL = opensslReads(data)
		for _, block := range memberBlocks(data) {
			m := newMember(block)
			b.members = append(b.members, m)
			if m != nil {
				b.blocks++
			}
		}
	})
	return b
}

func newMember(block []byte) *member {
	decoded, _ := pem.Decode(block)
	if decoded == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(decoded.Bytes)
	if err != nil {
		return nil
	}
	return &member{cert: cert, fingerprint: certificate.Fingerprint(cert), hash: SubjectHash(cert.RawSubject)}
}

// at returns the members at 1-based places; false where there is none at one.
func (b *bundleFacts) at(places []int) ([]*member, bool) {
	var list []*member
	for _, place := range places {
		if place > len(b.members) || b.members[place-1] == nil {
			return nil, false
		}
		list = append(list, b.members[place-1])
	}
	return list, true
}

// remembered is the entry of a content, a new one if need be.
func remembered[E examined | bundleFacts](c *cache, entries map[[sha256.Size]byte]*E, content []byte) *E {
	key := sha256.Sum256(content)
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := entries[key]
	if !ok {
		if len(entries) >= maxCached {
			clear(entries)
		}
		e = new(E)
		entries[key] = e
	}
	return e
}
