package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// pki is a case with its certificates read, by regpolicy's reader and by Go's.
type pki struct {
	testcase
	chain   []*x509.Certificate // leaf first
	anchors *certificate.Set
	verdict evidence.ChainVerdict
	name    evidence.NameVerdict

	leaf                 *x509.Certificate
	roots, intermediates *x509.CertPool

	certs map[string]*x509.Certificate
}

// errNoLeaf: a server whose certificate cannot be read has no chain to judge. Both
// judges refuse it.
var errNoLeaf = errors.New("the peer's certificate cannot be read")

// read reads a case's certificates and judges its chain. A certificate that cannot
// be read counts for neither judge.
func (c testcase) read() (*pki, error) {
	p := &pki{testcase: c, roots: x509.NewCertPool(), intermediates: x509.NewCertPool(), certs: map[string]*x509.Certificate{}}
	_, peer := certificate.Examine([]byte(c.Peer))
	p.leaf = goCertificate(c.Peer)
	if (p.leaf == nil) != (len(peer) == 0) || (p.leaf != nil && !p.leaf.Equal(peer[0])) {
		return nil, fmt.Errorf("case %q: regpolicy and Go read different certificates of the peer", c.ID)
	}
	if p.leaf == nil {
		return nil, errNoLeaf
	}
	p.chain = peer[:1]
	for _, text := range c.Intermediates {
		_, certs := certificate.Examine([]byte(text))
		p.chain = append(p.chain, certs...)
		p.intermediates.AppendCertsFromPEM([]byte(text))
	}
	p.anchors = certificate.NewSet()
	for _, text := range c.Trusted {
		_, certs := certificate.Examine([]byte(text))
		p.anchors.Add(certs...)
		p.roots.AppendCertsFromPEM([]byte(text))
	}
	for _, cert := range p.chain {
		p.certs[certificate.Fingerprint(cert)] = cert
	}
	for _, fingerprint := range p.anchors.Fingerprints() {
		p.certs[fingerprint] = p.anchors.Get(fingerprint)
	}
	p.verdict = certificate.Judge(p.chain, p.anchors, nil)
	p.name = evidence.NameVerdict{OK: true}
	if host := c.host(); host != "" {
		p.name = certificate.JudgeName(p.chain[0], host)
	}
	return p, nil
}

// goCertificate is a certificate as Go alone reads it.
func goCertificate(text string) *x509.Certificate {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return cert
}

// ours is regpolicy's verdict at a moment: as policies ask, of the paths that the
// verdict names one must be valid then.
func (p *pki) ours(moment time.Time) bool { return p.name.OK && len(p.valid(moment)) > 0 }

// valid are the paths that are valid at a moment.
func (p *pki) valid(moment time.Time) [][]*x509.Certificate {
	return slices.DeleteFunc(p.paths(), func(path []*x509.Certificate) bool {
		return slices.ContainsFunc(path, func(c *x509.Certificate) bool { return moment.Before(c.NotBefore) || moment.After(c.NotAfter) })
	})
}

// paths are the certificates of the paths that the verdict names.
func (p *pki) paths() [][]*x509.Certificate {
	out := make([][]*x509.Certificate, 0, len(p.verdict.Paths))
	for _, path := range p.verdict.Paths {
		certs := make([]*x509.Certificate, 0, len(path))
		for _, fingerprint := range path {
			certs = append(certs, p.certs[fingerprint])
		}
		out = append(out, certs)
	}
	return out
}

// gos is the verdict of Go's verifier at a moment.
func (p *pki) gos(moment time.Time) error {
	host := p.host()
	if net.ParseIP(host) != nil {
		host = "[" + host + "]"
	}
	_, err := p.leaf.Verify(x509.VerifyOptions{Roots: p.roots, Intermediates: p.intermediates, CurrentTime: moment, DNSName: host})
	return err
}

// asked is the time that a case asks about.
func (c testcase) asked(present time.Time) time.Time {
	if c.Time != nil {
		return *c.Time
	}
	return present
}

// moments are the time that a case asks about and every one at which one of its
// certificates begins or ends.
func (p *pki) moments(present time.Time) []time.Time {
	out := []time.Time{p.asked(present)}
	for _, c := range p.certs {
		out = append(out, c.NotBefore, c.NotBefore.Add(-time.Second), c.NotAfter, c.NotAfter.Add(time.Second))
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// disagreements compares regpolicy and crypto/x509 at each moment.
func (p *pki) disagreements(present time.Time) (moments int, out []string) {
	for _, moment := range p.moments(present) {
		moments++
		if ours, err := p.ours(moment), p.gos(moment); ours != (err == nil) {
			out = append(out, fmt.Sprintf("%s at %v: regpolicy says %v %s, crypto/x509 says %v", p.ID, moment, ours, p.verdict.Detail, err))
		}
	}
	return moments, out
}
