package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"time"
)

// class is a kind of case that the suite and Go see differently on purpose.
type class struct {
	name string
	// accepted tells whether a path that Go takes is one that the suite wants
	// refused; nil for a class of refusals. It must not fit any path that the
	// suite wants taken: then it would not be the cause.
	accepted func(p *pki, path []*x509.Certificate) bool
	// asks: the case asks for what no chain shows, so that it may fit others, too.
	asks bool
	// refused tells whether a refusal is one that the suite does not want.
	refused func(p *pki, at time.Time) bool
}

// classes are the differences by name, in the order in which they are tried.
var classes = []class{
	{name: "a revocation list: Go reads none", asks: true, accepted: func(p *pki, _ []*x509.Certificate) bool { return len(p.CRLs) > 0 }},
	{name: "a limit to the depth that the case sets: Go has no such setting", asks: true, accepted: func(p *pki, path []*x509.Certificate) bool { return p.Depth != nil && len(path)-2 > *p.Depth }},
	{name: "names times constraints beyond a million: Go compares them in time", accepted: manyConstraints},
	{name: "a leaf that is a CA, or may sign as one, or has name constraints", accepted: leafAsCA},
	{name: "a CA without a subject, or with a key usage of no bit at all", accepted: strangeCA},
	{name: "a subject or authority key identifier that is absent or at odds", accepted: strangeKeyIDs},
	{name: "an extension that is critical and should not be, or the other way round", accepted: strangeCriticality},
	{name: "an extended key usage that is absent, empty, any, or a root's", accepted: strangeUsage},
	{name: "a serial number of zero or of more than 20 octets", accepted: strangeSerial},
	{name: "an RSA key of 1024 to 2047 bits or of a broken octet, or a DSA key", accepted: strangeKey},
	{name: "an underscore in a name, or a constraint with a leading dot", accepted: strangeDNS},
	{name: "a common name that is no subject alternative name: Go passes it over", accepted: foreignCommonName},
	{name: "a wildcard below a public suffix", accepted: publicSuffix},
	{name: "a self-issued CA: Go counts it, and holds its names against constraints", refused: selfIssuedCA},
	{name: "a critical constraint on names of a kind that Go does not know", refused: unknownConstraint},
	{name: "a fraction of a second after the last valid second", refused: fraction},
}

// verb is what becomes of a chain of the class.
func (c class) verb() string {
	if c.accepted == nil {
		return "refused"
	}
	return "accepted"
}

// fits tells whether every path that was taken is of the class.
func (c class) fits(p *pki) bool {
	return !slices.ContainsFunc(p.paths(), func(path []*x509.Certificate) bool { return !c.accepted(p, path) })
}

func manyConstraints(_ *pki, path []*x509.Certificate) bool {
	leaf := path[0]
	names := len(leaf.DNSNames) + len(leaf.IPAddresses) + len(leaf.EmailAddresses) + len(leaf.URIs)
	return slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool {
		constraints := len(c.PermittedDNSDomains) + len(c.ExcludedDNSDomains) + len(c.PermittedIPRanges) + len(c.ExcludedIPRanges) +
			len(c.PermittedEmailAddresses) + len(c.ExcludedEmailAddresses) + len(c.PermittedURIDomains) + len(c.ExcludedURIDomains)
		return names*constraints > 1_000_000
	})
}

// leafAsCA: that a leaf must not be a CA is a rule of the Web PKI alone.
func leafAsCA(p *pki, path []*x509.Certificate) bool {
	leaf := path[0]
	return (leaf.IsCA && p.about("webpki::")) || (!leaf.IsCA && leaf.KeyUsage&x509.KeyUsageCertSign != 0) || extension(leaf, oidNameConstraints).present
}

func strangeCA(_ *pki, path []*x509.Certificate) bool {
	return slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool {
		return len(c.Subject.Names) == 0 || (extension(c, oidKeyUsage).present && c.KeyUsage == 0)
	})
}

func strangeKeyIDs(p *pki, path []*x509.Certificate) bool {
	for i, c := range path {
		anchor := i == len(path)-1
		root := anchor && bytes.Equal(c.RawSubject, c.RawIssuer)
		switch {
		case i > 0 && len(c.SubjectKeyId) == 0,
			len(c.AuthorityKeyId) == 0 && (!anchor || (!root && slices.Contains(p.Features, "pedantic-rfc5280"))),
			root && strangeRootKeyID(c):
			return true
		}
	}
	return false
}

// strangeRootKeyID: a root's authority key identifier, where there is one, is its
// subject key identifier and nothing else.
func strangeRootKeyID(c *x509.Certificate) bool {
	e := extension(c, oidAuthorityKeyID)
	if !e.present {
		return false
	}
	var parts []asn1.RawValue
	_, err := asn1.Unmarshal(e.value, &parts)
	return err != nil || len(parts) != 1 || !bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId)
}

func strangeCriticality(p *pki, path []*x509.Certificate) bool {
	leaf := path[0]
	if names := extension(leaf, oidSubjectNames); names.present && names.critical != (len(leaf.Subject.Names) == 0) {
		return true
	}
	if extension(leaf, oidExtendedKeyUsage).critical {
		return true
	}
	mustBe := []string{oidBasicConstraints, oidPolicyConstraints}
	if !p.about("webpki::") { // where name constraints may be either
		mustBe = append(mustBe, oidNameConstraints)
	}
	return slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool {
		return slices.ContainsFunc(mustBe, func(oid string) bool {
			e := extension(c, oid)
			return e.present && !e.critical
		})
	})
}

func strangeUsage(p *pki, path []*x509.Certificate) bool {
	leaf, root := path[0], path[len(path)-1]
	usage := extension(leaf, oidExtendedKeyUsage)
	if usage.present && len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(p.Features, "pedantic-webpki-eku") &&
		(!usage.present || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) || extension(root, oidExtendedKeyUsage).present)
}

// strangeSerial: an anchor is trusted as it is; an old public root has serial number 0.
func strangeSerial(_ *pki, path []*x509.Certificate) bool {
	return slices.ContainsFunc(path[:len(path)-1], func(c *x509.Certificate) bool { return c.SerialNumber.Sign() == 0 || c.SerialNumber.BitLen() >= 20*8 })
}

func strangeKey(_ *pki, path []*x509.Certificate) bool {
	return slices.ContainsFunc(path, func(c *x509.Certificate) bool {
		key, isRSA := c.PublicKey.(*rsa.PublicKey)
		return c.PublicKeyAlgorithm == x509.DSA || (isRSA && (key.N.BitLen() < 2048 || key.N.BitLen()%8 != 0))
	})
}

func strangeDNS(_ *pki, path []*x509.Certificate) bool {
	dotted := func(domain string) bool { return strings.HasPrefix(domain, ".") }
	return slices.ContainsFunc(path[0].DNSNames, func(name string) bool { return strings.Contains(name, "_") }) ||
		slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool {
			return slices.ContainsFunc(slices.Concat(c.PermittedDNSDomains, c.ExcludedDNSDomains), dotted)
		})
}

func foreignCommonName(p *pki, path []*x509.Certificate) bool {
	leaf := path[0]
	if !p.about("webpki::cn::") || leaf.Subject.CommonName == "" || slices.Contains(leaf.DNSNames, leaf.Subject.CommonName) {
		return false
	}
	for _, ip := range leaf.IPAddresses {
		if ip.String() == leaf.Subject.CommonName {
			return false
		}
	}
	return true
}

func publicSuffix(p *pki, path []*x509.Certificate) bool {
	return slices.Contains(p.Features, "pedantic-public-suffix-wildcard") &&
		slices.ContainsFunc(path[0].DNSNames, func(name string) bool { return strings.HasPrefix(name, "*.") })
}

func selfIssuedCA(p *pki, _ time.Time) bool {
	return (p.verdict.Reason == "path_length" || p.verdict.Reason == "name_constraint") &&
		slices.ContainsFunc(p.chain[1:], func(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) })
}

func unknownConstraint(p *pki, _ time.Time) bool {
	for _, c := range p.certs {
		if slices.ContainsFunc(c.UnhandledCriticalExtensions, func(oid asn1.ObjectIdentifier) bool { return oid.String() == oidNameConstraints }) {
			return true
		}
	}
	return false
}

func fraction(p *pki, at time.Time) bool {
	return at.Nanosecond() != 0 && p.ours(at.Truncate(time.Second))
}

// about tells whether a case stands in a part of the suite.
func (c testcase) about(prefix string) bool { return strings.HasPrefix(c.ID, prefix) }

const (
	oidKeyUsage          = "2.5.29.15"
	oidSubjectNames      = "2.5.29.17"
	oidBasicConstraints  = "2.5.29.19"
	oidNameConstraints   = "2.5.29.30"
	oidAuthorityKeyID    = "2.5.29.35"
	oidPolicyConstraints = "2.5.29.36"
	oidExtendedKeyUsage  = "2.5.29.37"
)

type found struct {
	present, critical bool
	value             []byte
}

func extension(c *x509.Certificate, oid string) found {
	for _, e := range c.Extensions {
		if e.Id.String() == oid {
			return found{present: true, critical: e.Critical, value: e.Value}
		}
	}
	return found{}
}
