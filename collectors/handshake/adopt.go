package handshake

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	// maxAdopted bounds how many endpoints of a document are adopted, and
	// maxChain how long a chain may be.
	maxAdopted = 1000
	maxChain   = 32
)

// Adopt records the handshakes that another process made from one vantage and
// wrote into a document of its own. Of certificates and chains it takes the bytes
// alone and describes them anew; it takes no other vantage's. It returns the
// endpoints that the document has an answer or a gap for.
func Adopt(b *evidence.Builder, doc *evidence.Document, vantage, source string) []string {
	var keys []string
	for _, key := range sortedKeys(doc.Endpoints) {
		e := doc.Endpoints[key]
		t, err := ParseTarget(key)
		if err != nil || t.Key() != key || len(keys) == maxAdopted {
			continue
		}
		t.Roles = knownRoles(e.Roles)
		p, probed := e.Probes[vantage]
		gaps := gapsOf(doc, key, vantage)
		if !probed && len(gaps) == 0 {
			continue
		}
		keys = append(keys, key)
		recordEndpoint(b, t)
		task := b.Ask(evidence.Handshakes, subject(key, vantage))
		if !probed {
			task.Gap(gaps[0].Reason, gaps[0].Detail)
			continue
		}
		o := outcome{probe: cleanProbe(p)}
		if o.chain, err = chainOf(doc, e, p.Chain); err != nil {
			task.Gap("parse_error", err.Error())
			continue
		}
		o.probe.Chain = ""
		o.probe.Provenance = evidence.Provenance{Source: source, Method: "handshake"}
		record(b, task, t, vantage, o)
		for _, g := range gaps {
			b.Part(evidence.Handshakes, g)
		}
	}
	return keys
}

func sortedKeys(endpoints map[string]evidence.Endpoint) []string {
	keys := make([]string, 0, len(endpoints))
	for key := range endpoints {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func knownRoles(roles []string) []string {
	var known []string
	for _, role := range []string{RoleRegistry, RoleToken, RoleRequested} {
		if slices.Contains(roles, role) {
			known = append(known, role)
		}
	}
	return known
}

// cleanProbe passes all text of a foreign observation through clean.
func cleanProbe(p evidence.Probe) evidence.Probe {
	p.Address, p.SNI, p.Proxy, p.Scheme = clean(p.Address), clean(p.SNI), clean(p.Proxy), clean(p.Scheme)
	p.VersionsAccepted, p.VersionsRefused = nil, nil // the collector's alone
	if p.Failure != nil {
		f := *p.Failure
		f.Cause, f.Stage, f.Detail = clean(f.Cause), clean(f.Stage), clean(f.Detail)
		p.Failure = &f
	}
	if p.TLS != nil {
		p.TLS = &evidence.TLS{Version: clean(p.TLS.Version), Cipher: clean(p.TLS.Cipher), ALPN: clean(p.TLS.ALPN)}
	}
	if p.V2 != nil {
		v := *p.V2
		v.APIVersion, v.AuthScheme, v.RealmHost, v.Error = clean(v.APIVersion), clean(v.AuthScheme), clean(v.RealmHost), clean(v.Error)
		p.V2 = &v
	}
	return p
}

// gapsOf are the gaps of a document about one endpoint as seen from one vantage.
func gapsOf(doc *evidence.Document, key, vantage string) []evidence.Gap {
	var gaps []evidence.Gap
	for _, g := range doc.Coverage[evidence.Handshakes].Gaps {
		if g.Subject["kind"] == "endpoint" && g.Subject["name"] == key && g.Subject["vantage"] == vantage {
			gaps = append(gaps, evidence.Gap{Subject: subject(key, vantage), Field: clean(g.Field), Reason: g.Reason, Detail: clean(g.Detail)})
		}
	}
	return gaps
}

// chainOf are the certificates of a chain, by its document's own.
func chainOf(doc *evidence.Document, e evidence.Endpoint, key string) ([]*x509.Certificate, error) {
	if key == "" {
		return nil, nil
	}
	prints := e.Chains[key].Certificates
	if len(prints) == 0 || len(prints) > maxChain {
		return nil, fmt.Errorf("the chain has %d certificates", len(prints))
	}
	var chain []*x509.Certificate
	for _, print := range prints {
		block, _ := pem.Decode([]byte(doc.Certificates[print].PEM))
		if block == nil {
			return nil, fmt.Errorf("the certificate %.16s of the chain is missing", print)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || certificate.Fingerprint(cert) != print {
			return nil, fmt.Errorf("the certificate %.16s of the chain is not what its fingerprint says", print)
		}
		chain = append(chain, cert)
	}
	return chain, nil
}
