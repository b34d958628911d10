package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
)

// opensslClass is a kind of case that OpenSSL sees otherwise than Go, and so than
// regpolicy. One of its functions is nil.
type opensslClass struct {
	name string
	// refused: OpenSSL refuses what Go accepts. It holds of a path of Go's and of what
	// OpenSSL says when it is given nothing but that path, and -partial_chain.
	refused func(path []*x509.Certificate, alone answer, d difference) bool
	// accepted: OpenSSL accepts what Go refuses.
	accepted func(d difference) bool
}

// verb is what OpenSSL does with a chain of the class.
func (c opensslClass) verb() string {
	if c.accepted == nil {
		return "refused"
	}
	return "accepted"
}

// wantsRoot is the class that -partial_chain alone takes away.
const wantsRoot = "the anchor is not a root, or a root whose authority key identifier is not its own: it wants -partial_chain"

// opensslClasses are the differences from OpenSSL by name, in the order in which
// they are tried.
var opensslClasses = []opensslClass{
	{name: wantsRoot, refused: func(_ []*x509.Certificate, _ answer, d difference) bool { return d.partial.number == 0 }},
	{name: "it built one path, refused it and did not go back; given Go's path alone it accepts it", refused: func(_ []*x509.Certificate, alone answer, _ difference) bool { return alone.number == 0 }},
	{name: "it holds constraints on DNS names against a common name where there is no DNS name", refused: commonNameConstrained},
	{name: "a leaf whose key usage is for no TLS server: Go does not ask", refused: leafOfOtherUsage},
	{name: "an extended key usage that is empty: to Go as if it were absent", refused: emptyUsage},
	{name: "names times constraints beyond a million: it gives up", refused: func(path []*x509.Certificate, alone answer, _ difference) bool {
		return alone.number == 1 && manyConstraints(nil, path)
	}},
	{name: "the very last second: the certificate has expired to OpenSSL, and not to Go", refused: lastSecond},
	{name: "a CA with a key usage of no bit at all: Go passes it over", refused: func(path []*x509.Certificate, alone answer, _ difference) bool {
		return slices.Contains([]int{2, 20, 21, 32}, alone.number) && slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool { return extension(c, oidKeyUsage).present && c.KeyUsage == 0 })
	}},
	{name: "a wildcard with one label behind its star: it matches none", refused: shortWildcard},

	{name: "a certificate that Go cannot read", accepted: func(d difference) bool { return d.p == nil || (d.unread > 0 && d.readable.number != 0) }},
	{name: "a leaf without DNS names: it compares the common name", accepted: commonNameAlone},
	{name: "a star that is but a part of a label: it matches", accepted: starInLabel},
	{name: "an excluded domain lies within a wildcard name: it compares the text with its star", accepted: func(d difference) bool {
		return d.constrained(`"*.`) && d.constrained("is excluded by constraint")
	}},
	{name: "a name that is none beside the good one: Go can hold no constraints against it", accepted: func(d difference) bool { return d.constrained("cannot parse dnsName") }},
	{name: "a self-issued CA: Go counts it, and holds its names against constraints", accepted: func(d difference) bool { return d.p != nil && selfIssuedCA(d.p, d.at) }},
	{name: "a critical constraint on names of a kind that Go does not know", accepted: func(d difference) bool { return d.p != nil && unknownConstraint(d.p, d.at) }},
	{name: "an anchor without basic constraints that may sign by its key usage", accepted: signsWithoutConstraints},
	{name: "a DSA key: Go verifies no signature of one", accepted: ofDSA},
}

// difference is a case about which OpenSSL and regpolicy differ.
type difference struct {
	p  *pki // nil where Go cannot read the peer's certificate
	at time.Time
	// said is OpenSSL's answer, partial the one with -partial_chain.
	said, partial answer
	// unread is how many certificates beside the peer's Go cannot read, readable
	// OpenSSL's answer without them.
	unread   int
	readable answer
}

// compare asks OpenSSL about a case that regpolicy accepts or refuses: the class of
// the difference, "" for none, or a fault.
func (o openssl) compare(ctx context.Context, c testcase, p *pki, accepted bool, at time.Time) (class, fault string, err error) {
	said, err := o.verify(ctx, c, at)
	if err != nil || (said.number == 0) == accepted {
		return "", "", err
	}
	d := difference{p: p, at: at, said: said}
	if accepted {
		class, err = o.refusedClass(ctx, c, d)
	} else {
		class, err = o.acceptedClass(ctx, c, d)
	}
	if err == nil && class == "" {
		fault = fmt.Sprintf("%s: a difference from OpenSSL without a name: regpolicy says %v %s, openssl %q", c.ID, accepted, d.detail(), said.text)
	}
	return class, fault, err
}

func (o openssl) acceptedClass(ctx context.Context, c testcase, d difference) (string, error) {
	if d.p != nil {
		readable := c
		readable.Trusted, readable.Intermediates = readableOf(c.Trusted), readableOf(c.Intermediates)
		d.unread = len(c.Trusted) + len(c.Intermediates) - len(readable.Trusted) - len(readable.Intermediates)
		var err error
		if d.readable, err = o.verify(ctx, readable, d.at); err != nil {
			return "", err
		}
	}
	for _, class := range opensslClasses {
		if class.accepted != nil && class.accepted(d) {
			return class.name, nil
		}
	}
	return "", nil
}

func readableOf(texts []string) []string {
	return slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return goCertificate(text) == nil })
}

// refusedClass is the first class that fits one of the paths that are valid then.
func (o openssl) refusedClass(ctx context.Context, c testcase, d difference) (string, error) {
	var err error
	if d.partial, err = o.verify(ctx, c, d.at, "-partial_chain"); err != nil {
		return "", err
	}
	paths := d.p.valid(d.at)
	alone := make([]answer, 0, len(paths))
	for _, path := range paths {
		only := c
		only.Trusted, only.Intermediates = texts(path[max(1, len(path)-1):]), texts(path[1:max(1, len(path)-1)])
		if len(path) == 1 {
			only.Trusted = texts(path)
		}
		said, err := o.verify(ctx, only, d.at, "-partial_chain")
		if err != nil {
			return "", err
		}
		alone = append(alone, said)
	}
	for _, class := range opensslClasses {
		for i, path := range paths {
			if class.refused != nil && class.refused(path, alone[i], d) {
				return class.name, nil
			}
		}
	}
	return "", nil
}

// texts are certificates in PEM.
func texts(path []*x509.Certificate) []string {
	out := make([]string, 0, len(path))
	for _, c := range path {
		out = append(out, certificate.Facts(c).PEM)
	}
	return out
}

func (d difference) detail() string {
	if d.p == nil {
		return errNoLeaf.Error()
	}
	return strings.TrimSpace(d.p.verdict.Detail + " " + d.p.name.Reason)
}

// constrained tells whether name constraints are what Go refuses, and with what words.
func (d difference) constrained(words string) bool {
	return d.p != nil && d.p.verdict.Reason == "name_constraint" && strings.Contains(d.p.verdict.Detail, words)
}

// otherName tells whether nothing but the leaf's names is what Go refuses.
func (d difference) otherName() bool {
	return d.p != nil && !d.p.name.OK && len(d.p.valid(d.at)) > 0
}

func commonNameConstrained(path []*x509.Certificate, alone answer, _ difference) bool {
	return (alone.number == 47 || alone.number == 48) && len(path[0].DNSNames) == 0 && path[0].Subject.CommonName != "" &&
		slices.ContainsFunc(path[1:], func(c *x509.Certificate) bool { return len(c.PermittedDNSDomains)+len(c.ExcludedDNSDomains) > 0 })
}

func leafOfOtherUsage(path []*x509.Certificate, alone answer, _ difference) bool {
	const forServers = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageKeyAgreement
	return alone.number == 26 && extension(path[0], oidKeyUsage).present && path[0].KeyUsage&forServers == 0
}

func emptyUsage(path []*x509.Certificate, alone answer, _ difference) bool {
	leaf := path[0]
	return alone.number == 26 && extension(leaf, oidExtendedKeyUsage).present && len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) == 0
}

func lastSecond(path []*x509.Certificate, alone answer, d difference) bool {
	return alone.number == 10 && slices.ContainsFunc(path, func(c *x509.Certificate) bool { return c.NotAfter.Unix() == d.at.Unix() })
}

func shortWildcard(path []*x509.Certificate, alone answer, d difference) bool {
	_, parent, _ := strings.Cut(d.p.host(), ".")
	return alone.number == 62 && !strings.Contains(parent, ".") && slices.Contains(path[0].DNSNames, "*."+parent)
}

func commonNameAlone(d difference) bool {
	return d.otherName() && len(d.p.leaf.DNSNames) == 0 && d.p.leaf.Subject.CommonName == d.p.host()
}

func starInLabel(d difference) bool {
	return d.otherName() && slices.ContainsFunc(d.p.leaf.DNSNames, func(name string) bool {
		label, _, _ := strings.Cut(name, ".")
		return strings.Contains(label, "*") && label != "*"
	})
}

func signsWithoutConstraints(d difference) bool {
	return d.p != nil && d.p.verdict.Reason == "issuer_not_ca" && slices.ContainsFunc(d.p.verdict.Candidates, func(fingerprint string) bool {
		c := d.p.anchors.Get(fingerprint)
		return c != nil && c.KeyUsage&x509.KeyUsageCertSign != 0 && !extension(c, oidBasicConstraints).present
	})
}

func ofDSA(d difference) bool {
	if d.p == nil {
		return false
	}
	for _, c := range d.p.certs {
		if c.PublicKeyAlgorithm == x509.DSA {
			return true
		}
	}
	return false
}
