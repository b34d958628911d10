// Package certtest makes certificate authorities and server certificates for
// tests and the demo: good ones, and ones with the faults that registries have.
//
//	m := certtest.New(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC))
//	root := m.Root("Corp Root CA")
//	issuing := root.Intermediate("Corp Issuing CA")
//	leaf := issuing.Leaf("harbor.corp.example")
//	listener, err := tls.Listen("tcp", "127.0.0.1:0", leaf.ServerConfig(issuing))
//
// The clock is the one given to New; nothing here asks for the time. The same
// calls in the same order give the same bytes, RSA keys excepted: keys are
// derived from the seed and protect nothing. Functions panic where an option
// cannot be encoded, which is a mistake in the calling test.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

const day = 24 * time.Hour

// A Maker makes certificates as of one time. It is not for concurrent use.
type Maker struct {
	at   time.Time
	seed string
	made int
}

// New returns a Maker whose certificates are valid at the given time.
func New(at time.Time) *Maker { return Seeded(at, "") }

// Seeded is New with another set of keys.
func Seeded(at time.Time, seed string) *Maker {
	return &Maker{at: at.UTC().Truncate(time.Second), seed: seed}
}

// Pair is a certificate and its key. Any Pair can issue certificates, a server's
// certificate too: that is one of the faults to test for.
type Pair struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
	// Issuer is nil where the certificate is self-signed.
	Issuer *Pair

	maker *Maker
}

// Root makes a self-signed CA, valid from two days before the Maker's time for
// ten years.
func (m *Maker) Root(name string, opts ...Option) *Pair {
	return m.make(nil, authority(m, name), opts)
}

// SelfSigned makes a server certificate that signs itself.
func (m *Maker) SelfSigned(host string, opts ...Option) *Pair {
	return m.make(nil, server(m, host), opts)
}

// Intermediate makes a CA below this one, valid as long as a root.
func (p *Pair) Intermediate(name string, opts ...Option) *Pair {
	return p.maker.make(p, authority(p.maker, name), opts)
}

// Leaf makes a server certificate for a DNS name or an IP address, with it as
// common name and as subject alternative name, valid from a day before the
// Maker's time for a year.
func (p *Pair) Leaf(host string, opts ...Option) *Pair {
	return p.maker.make(p, server(p.maker, host), opts)
}

// Rekeyed makes a CA of the same name and issuer with another key.
func (p *Pair) Rekeyed(opts ...Option) *Pair {
	return p.maker.make(p.Issuer, authority(p.maker, p.Certificate.Subject.CommonName), opts)
}

// Renewed makes a CA of the same name, key and issuer, another certificate.
func (p *Pair) Renewed(opts ...Option) *Pair {
	return p.maker.make(p.Issuer, authority(p.maker, p.Certificate.Subject.CommonName), append(opts, withKey(p.Key)))
}

// CrossSigned makes a certificate of the same name and key, issued by another CA.
func (p *Pair) CrossSigned(by *Pair, opts ...Option) *Pair {
	return p.maker.make(by, authority(p.maker, p.Certificate.Subject.CommonName), append(opts, withKey(p.Key)))
}

// PEM is the certificate as PEM.
func (p *Pair) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw})
}

// KeyPEM is the key as PKCS#8 PEM.
func (p *Pair) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Fingerprint is the lower-case hex SHA-256 of the certificate.
func (p *Pair) Fingerprint() string {
	sum := sha256.Sum256(p.Certificate.Raw)
	return hex.EncodeToString(sum[:])
}

// TLS is the certificate for a server that sends the given ones behind it.
func (p *Pair) TLS(behind ...*Pair) tls.Certificate {
	c := tls.Certificate{PrivateKey: p.Key, Leaf: p.Certificate}
	for _, sent := range append([]*Pair{p}, behind...) {
		c.Certificate = append(c.Certificate, sent.Certificate.Raw)
	}
	return c
}

// ServerConfig is a TLS server's configuration that sends the given certificates
// behind this one.
func (p *Pair) ServerConfig(behind ...*Pair) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{p.TLS(behind...)}, MinVersion: tls.VersionTLS12}
}

// Bundle is several certificates as one PEM text.
func Bundle(pairs ...*Pair) []byte {
	var out []byte
	for _, p := range pairs {
		out = append(out, p.PEM()...)
	}
	return out
}

// Chain is the certificates of several pairs in their order.
func Chain(pairs ...*Pair) []*x509.Certificate {
	out := make([]*x509.Certificate, 0, len(pairs))
	for _, p := range pairs {
		out = append(out, p.Certificate)
	}
	return out
}

// request is a certificate in the making.
type request struct {
	at         time.Time
	template   *x509.Certificate
	key        crypto.Signer
	public     crypto.PublicKey // instead of the key's own
	issuerName string           // instead of the issuer's own
	noKeyIDs   bool
}

func authority(m *Maker, name string) *x509.Certificate {
	return &x509.Certificate{
		Subject:               pkix.Name{CommonName: name, Organization: []string{"Corp Example"}},
		NotBefore:             m.at.Add(-2 * day),
		NotAfter:              m.at.Add(3650 * day),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func server(m *Maker, host string) *x509.Certificate {
	t := &x509.Certificate{
		Subject:               pkix.Name{CommonName: host, Organization: []string{"Corp Example"}},
		NotBefore:             m.at.Add(-day),
		NotAfter:              m.at.Add(365 * day),
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		t.IPAddresses = []net.IP{ip}
	} else {
		t.DNSNames = []string{host}
	}
	return t
}

func (m *Maker) make(issuer *Pair, template *x509.Certificate, opts []Option) *Pair {
	m.made++
	r := &request{at: m.at, template: template}
	for _, opt := range opts {
		opt(r)
	}
	if r.key == nil {
		r.key = m.ecdsaKey(elliptic.P256())
	}
	if template.SerialNumber == nil {
		template.SerialNumber = new(big.Int).SetBytes(m.derive("serial", 0)[:16])
	}
	p := &Pair{Key: r.key, Issuer: issuer, maker: m}
	p.Certificate = r.sign(issuer)
	return p
}

// derive gives bytes that depend on the seed, on how many certificates were made
// and on what they are for.
func (m *Maker) derive(what string, attempt int) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d", m.seed, what, m.made, attempt))
	sum[0] &= 0x7f // a positive serial number of full length
	return sum[:]
}

func (m *Maker) ecdsaKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	for attempt := 0; ; attempt++ {
		if key, err := ecdsa.ParseRawPrivateKey(curve, m.derive("key", attempt)); err == nil {
			return key
		}
	}
}

func (r *request) sign(issuer *Pair) *x509.Certificate {
	public := r.public
	if public == nil {
		public = r.key.Public()
	}
	signer, parent := r.key, r.template
	if issuer != nil {
		signer = issuer.Key
		copied := *issuer.Certificate
		copied.PublicKey = issuer.Key.Public() // differs after the option PublicKey
		parent = &copied
	}
	if r.issuerName != "" && issuer != nil {
		parent.Subject.CommonName, parent.RawSubject = r.issuerName, nil
	}
	r.keyIDs(parent, public)
	// No randomness: ECDSA signatures become those of RFC 6979.
	der, err := x509.CreateCertificate(nil, r.template, parent, public, signer)
	must(err)
	c, err := x509.ParseCertificate(der)
	must(err)
	return c
}

// keyIDs sets the subject key id as RFC 5280 4.2.1.2 has it, or sees to it that
// crypto/x509 writes neither that nor the authority key id.
func (r *request) keyIDs(parent *x509.Certificate, public crypto.PublicKey) {
	if !r.noKeyIDs {
		der, err := x509.MarshalPKIXPublicKey(public)
		must(err)
		sum := sha256.Sum256(der)
		r.template.SubjectKeyId = sum[:20]
		return
	}
	parent.SubjectKeyId = nil
	if r.template.IsCA {
		r.basicConstraintsByHand()
	}
}

func must(err error) {
	if err != nil {
		panic(fmt.Sprintf("certtest: %v", err))
	}
}
