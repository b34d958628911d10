package handshake

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxCertificates is how many certificates of a presented chain are recorded;
// crypto/tls takes Certificate messages of up to 256 KiB, which is hundreds.
const maxCertificates = 32

// retryPause lets a server or a load balancer that dropped a connection settle.
const retryPause = 200 * time.Millisecond

// outcome is what a probe came to: an observation, or a gap with a reason and
// nothing else.
type outcome struct {
	probe evidence.Probe
	chain []*x509.Certificate
	// version is the one that was negotiated, 0 for none.
	version uint16
	// untried is why no version could be tried alone, where that was asked for.
	untried *trouble
	// gap is set when nothing was found out.
	gap *trouble
	// parts are gaps within an observation, by field name of evidence.Probe.
	parts map[string]*trouble
}

// probe looks at the target once, and a second time where that can tell more:
// after a dropped connection, which may have been chance, and after a refusal
// that came before the chain, to learn the chain all the same.
func (d *dialer) probe(run, probe context.Context) outcome {
	a := d.try(run, probe, manner{ask: true})
	switch {
	case dropped(a):
		a = d.again(run, probe, a)
	case refusedUnseen(a):
		a = d.learn(run, probe, a)
	}
	return d.settle(a)
}

func dropped(a attempt) bool {
	return a.trouble != nil && a.trouble.cause == "reset" && a.trouble.stage == stageHandshake
}

// refusedUnseen: a TLS server that did not come to an understanding with a
// client of today, before it showed its certificates.
func refusedUnseen(a attempt) bool {
	if a.trouble == nil || len(a.raw) > 0 || a.trouble.foreign {
		return false
	}
	return a.trouble.cause == "tls_version" || a.trouble.cause == "tls_handshake"
}

// again repeats an attempt whose connection was dropped. Some old servers drop
// what they do not understand, so it takes what they offer, and then says
// whether a client of today would.
func (d *dialer) again(run, probe context.Context, first attempt) attempt {
	select {
	case <-probe.Done():
		return first
	case <-time.After(retryPause):
	}
	second := d.try(run, probe, manner{lenient: true, ask: true})
	if second.trouble != nil {
		if run.Err() != nil || probe.Err() != nil {
			return first
		}
		return second
	}
	second.trouble = outdated(second.state)
	if second.trouble != nil {
		second.v2, second.unread = nil, nil
	}
	return second
}

// outdated is the trouble that a client of today has with what was negotiated;
// nil for none.
func outdated(state tls.ConnectionState) *trouble {
	if state.Version < tls.VersionTLS12 {
		return &trouble{cause: "tls_version", stage: stageHandshake, detail: "the server speaks TLS " + versionName(state.Version) + " at most"}
	}
	for _, suite := range tls.InsecureCipherSuites() {
		if suite.ID == state.CipherSuite {
			return &trouble{cause: "tls_handshake", stage: stageHandshake, detail: "the server offers no cipher suite that clients of today accept, but " + suite.Name}
		}
	}
	return nil
}

// learn asks a server that refused once more, for its chain and its version. The
// refusal stays what it was.
func (d *dialer) learn(run, probe context.Context, first attempt) attempt {
	second := d.try(run, probe, manner{lenient: true, highest: tls.VersionTLS12})
	if len(second.raw) == 0 {
		return first
	}
	first.raw = second.raw
	first.asked = first.asked || second.asked
	if first.state.Version == 0 {
		first.state = second.state
	}
	if t := outdated(second.state); second.state.Version != 0 && t != nil {
		first.trouble.detail = clean(first.trouble.detail + "; " + t.detail)
		if t.cause == "tls_version" {
			first.trouble.cause = t.cause
		}
	}
	return first
}

// settle turns the last attempt into an outcome.
func (d *dialer) settle(a attempt) outcome {
	if a.trouble != nil && a.trouble.reason != "" {
		return outcome{gap: a.trouble}
	}
	o := outcome{
		probe: evidence.Probe{
			Address: a.address, Proxy: a.proxy, Reached: a.reached, Scheme: scheme(a),
			V2: a.v2, TLS: negotiated(a.state), ClientCertificateRequested: a.asked,
		},
		version: a.state.Version, parts: shortened(a.raw),
	}
	if a.reached && !isAddress(d.target.Host) {
		o.probe.SNI = d.target.Host
	}
	if a.insists {
		a.trouble = &trouble{
			cause: "client_certificate_required", stage: stageHandshake,
			detail: fmt.Sprintf("the server completed the handshake and then answered %d: it requires a certificate", a.v2.Status),
		}
	}
	if t := a.trouble; t != nil {
		o.probe.Failure = &evidence.ProbeFailure{Cause: t.cause, Stage: t.stage, Detail: t.detail}
		o.probe.ClientCertificateRequired = t.cause == "client_certificate_required"
	}
	if a.unread != nil {
		o.parts["v2"] = a.unread
	}
	// crypto/tls turns down a chain that it cannot read, so that the failure tells
	// of it already. A part of such a chain would read as an incomplete one.
	if chain, err := parseChain(a.raw); err == nil {
		o.chain = chain
	}
	return o
}

// shortened is the part that is missing of a chain beyond maxCertificates.
func shortened(raw [][]byte) map[string]*trouble {
	parts := map[string]*trouble{}
	if len(raw) > maxCertificates {
		parts["certificates"] = &trouble{reason: "truncated", detail: fmt.Sprintf(
			"the server presented %d certificates, the first %d are recorded", len(raw), maxCertificates)}
	}
	return parts
}

// parseChain reads the first maxCertificates certificates.
func parseChain(raw [][]byte) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for i, der := range raw[:min(len(raw), maxCertificates)] {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("reading certificate %d of the chain: %w", i, err)
		}
		chain = append(chain, certificate)
	}
	return chain, nil
}

func scheme(a attempt) string {
	switch {
	case a.trouble != nil && a.trouble.cause == "http_not_https":
		return "http"
	case a.state.Version != 0 || len(a.raw) > 0 || (a.trouble != nil && a.trouble.spokeTLS):
		return "https"
	}
	return "unknown"
}

func negotiated(state tls.ConnectionState) *evidence.TLS {
	if state.Version == 0 {
		return nil
	}
	n := &evidence.TLS{Version: versionName(state.Version), ALPN: state.NegotiatedProtocol}
	if state.CipherSuite != 0 {
		n.Cipher = tls.CipherSuiteName(state.CipherSuite)
	}
	return n
}

// versionName is a TLS version as the document has it, "1.3".
func versionName(version uint16) string {
	return fmt.Sprintf("%d.%d", version>>8-2, version&0xff-1)
}
