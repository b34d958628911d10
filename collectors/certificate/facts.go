// Package certificate turns X.509 certificates (RFC 5280) into facts, reads
// bytes that should hold certificates, and says whether a chain leads to an
// anchor and which of its links breaks where it does not.
package certificate

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// pemLabel is the only label that Go reads as a certificate (RFC 7468).
const pemLabel = "CERTIFICATE"

// Fingerprint is the lower-case hex SHA-256 of a certificate's DER bytes.
func Fingerprint(c *x509.Certificate) string { return digest(c.Raw) }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Facts describes a certificate. PEM is left out where the text of the
// certificate holds what evidence.Scan takes for a secret.
func Facts(c *x509.Certificate) evidence.Certificate {
	fingerprint := Fingerprint(c)
	return evidence.Certificate{
		Subject:                  distinguishedName(c.RawSubject, c.Subject),
		Issuer:                   distinguishedName(c.RawIssuer, c.Issuer),
		CommonName:               public(c.Subject.CommonName),
		SerialNumber:             serialNumber(c),
		SubjectKeyID:             hex.EncodeToString(c.SubjectKeyId),
		AuthorityKeyID:           hex.EncodeToString(c.AuthorityKeyId),
		NotBefore:                evidence.At(c.NotBefore),
		NotAfter:                 evidence.At(c.NotAfter),
		IsCA:                     c.IsCA,
		BasicConstraintsValid:    c.BasicConstraintsValid,
		BasicConstraintsCritical: extension(c, oidBasicConstraints).critical,
		PathLength:               pathLength(c),
		KeyUsage:                 keyUsageNames(c.KeyUsage),
		ExtendedKeyUsage:         extendedKeyUsageNames(c),
		DNSNames:                 publicAll(c.DNSNames),
		IPAddresses:              ipAddresses(c),
		NameConstraints:          extension(c, oidNameConstraints).present,
		KeyAlgorithm:             keyAlgorithm(c),
		KeyBits:                  keyBits(c),
		SignatureAlgorithm:       signatureAlgorithm(c),
		SelfIssued:               selfIssued(c),
		SelfSigned:               selfSigned(c),
		SPKISHA256:               digest(c.RawSubjectPublicKeyInfo),
		CAIssuers:                caIssuers(c, maxIssuerURLs),
		PublicRoot:               IsPublicRoot(fingerprint),
		PEM:                      encodePEM(c),
	}
}

// encodePEM returns the certificate as PEM, or "" where its bytes would make
// evidence.Encode refuse the whole document: a hostile server must not be able
// to do that.
func encodePEM(c *x509.Certificate) string {
	text := pem.EncodeToMemory(&pem.Block{Type: pemLabel, Bytes: c.Raw})
	// Only the mark of a base64 coded key fits into a base64 body; looking for
	// its beginning first spares the regular expressions.
	if bytes.Contains(text, []byte("LS0tLS1CRUdJTi")) && evidence.Scan(text) != nil {
		return ""
	}
	return string(text)
}

func serialNumber(c *x509.Certificate) string {
	if c.SerialNumber == nil {
		return ""
	}
	return c.SerialNumber.Text(16)
}

func pathLength(c *x509.Certificate) *int {
	if !c.BasicConstraintsValid || c.MaxPathLen < 0 || (c.MaxPathLen == 0 && !c.MaxPathLenZero) {
		return nil
	}
	return new(c.MaxPathLen)
}

func ipAddresses(c *x509.Certificate) []string {
	out := make([]string, 0, len(c.IPAddresses))
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}

func keyAlgorithm(c *x509.Certificate) string {
	if c.PublicKeyAlgorithm == x509.UnknownPublicKeyAlgorithm {
		return "unknown"
	}
	return c.PublicKeyAlgorithm.String()
}

func signatureAlgorithm(c *x509.Certificate) string {
	if c.SignatureAlgorithm == x509.UnknownSignatureAlgorithm {
		return "unknown"
	}
	return c.SignatureAlgorithm.String()
}

// keyBits is the size that tells a key's strength, 0 for kinds of key that Go
// does not verify with.
func keyBits(c *x509.Certificate) int {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return key.N.BitLen()
	case *ecdsa.PublicKey:
		return key.Curve.Params().BitSize
	case ed25519.PublicKey:
		return len(key) * 8
	case *ecdh.PublicKey:
		return len(key.Bytes()) * 8
	default:
		return 0
	}
}

func selfIssued(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// keyIDsAgree tells whether child's authority key id does not speak against
// parent (RFC 5280 4.2.1.1): equal, or one of the two absent.
func keyIDsAgree(child, parent *x509.Certificate) bool {
	return len(child.AuthorityKeyId) == 0 || len(parent.SubjectKeyId) == 0 ||
		bytes.Equal(child.AuthorityKeyId, parent.SubjectKeyId)
}

const (
	oidBasicConstraints = "2.5.29.19"
	oidNameConstraints  = "2.5.29.30"
)

type extensionState struct{ present, critical bool }

func extension(c *x509.Certificate, oid string) extensionState {
	for _, e := range c.Extensions {
		if e.Id.String() == oid {
			return extensionState{present: true, critical: e.Critical}
		}
	}
	return extensionState{}
}

// maxScrubbed is how long a text of a certificate may be of which parts are kept:
// to find them costs much more than to find that there is something.
const maxScrubbed = 16 << 10

// public returns text of a certificate as it is: names are public. Only what
// would make evidence.Encode refuse the document is removed.
func public(s string) string {
	if evidence.Scan([]byte(s)) == nil {
		return s
	}
	if len(s) > maxScrubbed {
		return "[removed]"
	}
	if scrubbed := evidence.Scrub(s); evidence.Scan([]byte(scrubbed)) == nil {
		return scrubbed
	}
	return "[removed]"
}

func publicAll(list []string) []string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, public(s))
	}
	return out
}

// Limits on the URLs that are named; a certificate with more or with longer ones
// was made to cost time.
const (
	maxIssuerURLs = 16
	maxURL        = 2048
)

// caIssuers are the first URLs at which a certificate says that its issuer's is.
func caIssuers(c *x509.Certificate, limit int) []string {
	var out []string
	for _, url := range c.IssuingCertificateURL {
		if len(out) == limit {
			break
		}
		if len(url) <= maxURL {
			out = append(out, evidence.Scrub(url))
		}
	}
	return out
}
