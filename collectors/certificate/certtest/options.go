package certtest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net"
	"time"
)

// An Option changes a certificate before it is signed.
type Option func(*request)

// Validity sets both ends of the validity.
func Validity(from, until time.Time) Option {
	return func(r *request) { r.template.NotBefore, r.template.NotAfter = from, until }
}

// Expired makes a certificate that ended 35 days before the Maker's time.
func Expired() Option {
	return func(r *request) {
		r.template.NotBefore, r.template.NotAfter = r.at.Add(-400*day), r.at.Add(-35*day)
	}
}

// NotYetValid makes a certificate that begins 30 days after the Maker's time.
func NotYetValid() Option {
	return func(r *request) {
		r.template.NotBefore, r.template.NotAfter = r.at.Add(30*day), r.at.Add(395*day)
	}
}

// Names replaces the DNS names.
func Names(dns ...string) Option {
	return func(r *request) { r.template.DNSNames = dns }
}

// IPs replaces the IP addresses.
func IPs(addresses ...string) Option {
	return func(r *request) {
		r.template.IPAddresses = nil
		for _, a := range addresses {
			r.template.IPAddresses = append(r.template.IPAddresses, net.ParseIP(a))
		}
	}
}

// NoSAN leaves the common name as the only name.
func NoSAN() Option {
	return func(r *request) { r.template.DNSNames, r.template.IPAddresses = nil, nil }
}

// Subject replaces the subject.
func Subject(name pkix.Name) Option {
	return func(r *request) { r.template.Subject = name }
}

// NotCA makes a CA without the CA bit of the basic constraints.
func NotCA() Option {
	return func(r *request) { r.template.IsCA, r.template.MaxPathLen = false, -1 }
}

// KeyUsage replaces the key usage; 0 leaves the extension out.
func KeyUsage(usage x509.KeyUsage) Option {
	return func(r *request) { r.template.KeyUsage = usage }
}

// ExtendedKeyUsage replaces the extended key usage; none leaves the extension out.
func ExtendedKeyUsage(usages ...x509.ExtKeyUsage) Option {
	return func(r *request) { r.template.ExtKeyUsage = usages }
}

// PathLength sets how many intermediates a CA allows below itself.
func PathLength(n int) Option {
	return func(r *request) { r.template.MaxPathLen, r.template.MaxPathLenZero = n, n == 0 }
}

// PermittedDomains constrains a CA to these DNS domains (RFC 5280 4.2.1.10).
func PermittedDomains(domains ...string) Option {
	return func(r *request) {
		r.template.PermittedDNSDomains, r.template.PermittedDNSDomainsCritical = domains, true
	}
}

// ExcludedDomains keeps a CA from these DNS domains.
func ExcludedDomains(domains ...string) Option {
	return func(r *request) {
		r.template.ExcludedDNSDomains, r.template.PermittedDNSDomainsCritical = domains, true
	}
}

// PermittedIPs constrains a CA to these IP ranges, in CIDR form.
func PermittedIPs(ranges ...string) Option {
	return func(r *request) {
		r.template.PermittedIPRanges, r.template.PermittedDNSDomainsCritical = networks(ranges), true
	}
}

// ExcludedIPs keeps a CA from these IP ranges, in CIDR form.
func ExcludedIPs(ranges ...string) Option {
	return func(r *request) {
		r.template.ExcludedIPRanges, r.template.PermittedDNSDomainsCritical = networks(ranges), true
	}
}

func networks(ranges []string) []*net.IPNet {
	var out []*net.IPNet
	for _, text := range ranges {
		_, network, err := net.ParseCIDR(text)
		must(err)
		out = append(out, network)
	}
	return out
}

// SHA1 signs with SHA-1. The issuer's key must be ECDSA.
func SHA1() Option { return SignedWith(x509.ECDSAWithSHA1) }

// SignedWith chooses the signature algorithm; it must fit the issuer's key.
func SignedWith(algorithm x509.SignatureAlgorithm) Option {
	return func(r *request) { r.template.SignatureAlgorithm = algorithm }
}

// RSA uses a fresh RSA key instead of an ECDSA P-256 key.
func RSA(bits int) Option {
	return func(r *request) {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		must(err)
		r.key = key
	}
}

// Ed25519 uses an Ed25519 key, derived from its seed.
func Ed25519(seed [ed25519.SeedSize]byte) Option {
	return withKey(ed25519.NewKeyFromSeed(seed[:]))
}

// PublicKey writes another public key into the certificate than the Pair's own.
// What the Pair issues is signed with its own key all the same.
func PublicKey(key crypto.PublicKey) Option {
	return func(r *request) { r.public = key }
}

// NoKeyIDs leaves subject and authority key identifiers out.
func NoKeyIDs() Option { return func(r *request) { r.noKeyIDs = true } }

// IssuerNamed names the issuer otherwise than the issuer names itself.
func IssuerNamed(commonName string) Option {
	return func(r *request) { r.issuerName = commonName }
}

// CAIssuers names where the issuer's certificate can be fetched.
func CAIssuers(urls ...string) Option {
	return func(r *request) { r.template.IssuingCertificateURL = urls }
}

// Serial sets the serial number.
func Serial(n int64) Option {
	return func(r *request) { r.template.SerialNumber = big.NewInt(n) }
}

// SerialNumber sets a serial number of any size.
func SerialNumber(n *big.Int) Option {
	return func(r *request) { r.template.SerialNumber = n }
}

// Extension adds an extension.
func Extension(e pkix.Extension) Option {
	return func(r *request) { r.template.ExtraExtensions = append(r.template.ExtraExtensions, e) }
}

func withKey(key crypto.Signer) Option { return func(r *request) { r.key = key } }

// basicConstraintsByHand marks a CA by an extension of our own: crypto/x509 adds
// a subject key id to every template that is marked as a CA.
func (r *request) basicConstraintsByHand() {
	value, err := asn1.Marshal(struct {
		IsCA bool `asn1:"optional"`
	}{true})
	must(err)
	r.template.IsCA, r.template.BasicConstraintsValid = false, false
	r.template.ExtraExtensions = append(r.template.ExtraExtensions, pkix.Extension{
		Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: value,
	})
}
