package repair

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	idComplete        = "RT-TLS-003"
	omitsIntermediate = "server_omits_intermediate"
)

// serve makes up the chains that registries should send and do not: a file for the
// server, for no manifest repairs that.
func (p *planner) serve(rep *report.Report) {
	made := map[string]*Repair{}
	for i := range rep.Results {
		r := &rep.Results[i]
		name := r.Subject["name"]
		chain, ok := p.incomplete(r)
		if !ok {
			continue
		}
		full := p.complete(chain.Certificates[0])
		if len(full) <= len(chain.Certificates) {
			p.problems = append(p.problems, Problem{
				r.ID, r.Message, "no manifest repairs this, the registry itself must send that certificate; and the evidence does not hold it",
				strings.Join(p.askFor(name, chain.Certificates[0]), "\n"),
			})
			continue
		}
		if made[name] != nil {
			made[name].take(r)
			continue
		}
		made[name] = &Repair{
			Of:     "registry " + name,
			Does:   fmt.Sprintf("let it send %d certificates, its own and the CA's behind it: no manifest does that, whoever runs the registry must", len(full)),
			Notes:  p.chainNotes(full),
			chains: map[string][]string{name: full}, ahead: true,
		}
		p.add(made[name], r)
	}
}

// incomplete is the chain that a finding says to lack a certificate that its server
// should send.
func (p *planner) incomplete(r *report.Result) (evidence.Chain, bool) {
	e := p.doc.Endpoints[r.Subject["name"]]
	switch {
	case r.Verdict != report.Fail:
	case r.ID == idComplete:
		chain, ok := e.Chains[e.Probes[r.Subject["vantage"]].Chain]
		return chain, ok
	case r.ID == idAnchored:
		chain, ok := e.Chains[r.Subject["chain"]]
		return chain, ok && chain.Verdicts[p.doc.Domains[r.Subject["domain"]].TrustStore].Reason == omitsIntermediate
	}
	return evidence.Chain{}, false
}

// later is a subject as it is called when registries send their chains.
func (r *Repair) later(s evidence.Subject) evidence.Subject {
	full := r.chains[s["name"]]
	if full == nil || s["chain"] == "" {
		return s
	}
	out := maps.Clone(s)
	out["chain"] = evidence.ChainKey(full)
	return out
}

// complete is the chain above a certificate, as far as the evidence knows it, without
// the root.
func (p *planner) complete(leaf string) []string {
	const most = 8
	out := []string{leaf}
	for len(out) < most {
		next := p.issuerOf(out[len(out)-1])
		if next == "" || p.doc.Certificates[next].SelfIssued || slices.Contains(out, next) {
			break
		}
		out = append(out, next)
	}
	return out
}

// issuerOf is a known CA whose key signed a certificate.
func (p *planner) issuerOf(fingerprint string) string {
	c := p.parse(fingerprint)
	for _, fingerprint := range p.doc.Views.CertificatesBySubject[p.doc.Certificates[fingerprint].Issuer] {
		ca := p.parse(fingerprint)
		if c != nil && ca != nil && ca.IsCA && c.CheckSignatureFrom(ca) == nil {
			return fingerprint
		}
	}
	return ""
}

func (p *planner) parse(fingerprint string) *x509.Certificate {
	block, _ := pem.Decode([]byte(p.doc.Certificates[fingerprint].PEM))
	if block == nil {
		return nil
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return c
}

func (p *planner) chainNotes(full []string) []string {
	var out []string
	for _, fingerprint := range full {
		out = append(out, fmt.Sprintf("%q, sha256 %s", p.doc.Certificates[fingerprint].Subject, fingerprint))
	}
	return append(out, "-o DIR writes them as one PEM file, without the key: install it in the place of the registry's certificate")
}

// askFor says how to get and install what the evidence does not hold.
func (p *planner) askFor(endpoint, leaf string) []string {
	c := p.doc.Certificates[leaf]
	e := p.doc.Endpoints[endpoint]
	from := "ask whoever issued it"
	if len(c.CAIssuers) > 0 {
		from = "it names a place for it: " + c.CAIssuers[0]
	}
	out := []string{
		fmt.Sprintf("get the certificate of %q; %s", c.Issuer, from),
		"if its subject and issuer are equal, it is a root: configure that as CA, and the registry sends all it should",
		"if not, put it behind the registry's own certificate: cat registry.crt intermediate.crt >chain.crt",
		"install chain.crt where the registry has its certificate (Harbor: https.certificate in harbor.yml), and restart it",
	}
	if Pasteable(e.Host) {
		out = append(out, fmt.Sprintf("see that both are sent: openssl s_client -connect %s:%d -servername %s -showcerts </dev/null", e.Host, e.Port, e.Host))
	}
	return out
}

// ChainFile is a chain that a registry is to send.
type ChainFile struct {
	Endpoint evidence.Endpoint
	PEM      []byte
}

// ChainFiles are the chains that registries are to send, by endpoint.
func (s State) ChainFiles() []ChainFile {
	var out []ChainFile
	for _, name := range slices.Sorted(maps.Keys(s.Manifests.chains)) {
		file := ChainFile{Endpoint: s.Document.Endpoints[name]}
		for _, fingerprint := range s.Manifests.chains[name] {
			file.PEM = append(file.PEM, s.Document.Certificates[fingerprint].PEM...)
		}
		out = append(out, file)
	}
	return out
}
