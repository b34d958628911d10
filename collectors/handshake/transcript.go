package handshake

import (
	"fmt"
	"path"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// maxTranscript is how much of a saved text is read at most.
const maxTranscript = 4 << 20

// Transcript records what a saved `openssl s_client -showcerts` text shows of
// hostport, as vantage "transcript/<file>", where the file is the last element
// of prov.Path. s_client's own verdict ("Verify return code") is not read: it
// is that of the machine it ran on, and 0 even where no certificate came.
//
// What the text shows of a failure (refused, plain HTTP, an alert) is an answer.
// A text that tells nothing, or was saved without the certificates that the
// server sent, is a gap.
func Transcript(b *evidence.Builder, hostport string, text []byte, prov evidence.Provenance) {
	file := path.Base(prov.Path)
	if prov.Path == "" {
		file = hostport
	}
	target, err := ParseTarget(hostport)
	if err != nil {
		b.Ask(evidence.Handshakes, evidence.Subject{"kind": "file", "name": prov.Path}).Gap("parse_error", clean(err.Error()))
		return
	}
	target.Roles = []string{RoleRequested}
	recordEndpoint(b, target)
	vantage := "transcript/" + file
	task := b.Ask(evidence.Handshakes, subject(target.Key(), vantage))
	o := readTranscript(text)
	o.probe.Provenance = prov
	record(b, task, target, vantage, o)
}

func readTranscript(text []byte) outcome {
	if len(text) > maxTranscript {
		return unreadable("truncated", fmt.Sprintf("the text is larger than %d MiB", maxTranscript>>20))
	}
	t := scan(decode(text))
	if len(t.blocks()) > 0 || t.cut {
		return t.withChain()
	}
	return t.withoutChain()
}

func unreadable(reason, detail string) outcome {
	return outcome{gap: &trouble{reason: reason, detail: clean(detail)}}
}

// blocks are the certificates the text holds: those of the chain, or the server
// certificate alone, which is printed apart where -showcerts was not given.
func (t *transcript) blocks() [][]byte {
	if len(t.chain) > 0 {
		return t.chain
	}
	return t.server
}

// withChain reads a text that shows certificates. A part of a chain is not
// recorded: it would read as a server that leaves its intermediates out.
func (t *transcript) withChain() outcome {
	raw := t.blocks()
	switch {
	case t.cut:
		return unreadable("parse_error", "a certificate in the text has no end or is no PEM")
	case t.listed > len(raw):
		return unreadable("not_in_source", fmt.Sprintf(
			"the server sent %d certificates and the text holds %d; save it again with openssl s_client -showcerts", t.listed, len(raw)))
	}
	o := outcome{probe: t.probe()}
	var err error
	if o.chain, err = parseChain(raw); err != nil {
		return unreadable("parse_error", err.Error())
	}
	o.parts = shortened(raw)
	o.probe.Scheme = "https"
	o.fail(t.broken())
	return o
}

// broken is what went wrong although certificates came; nil when nothing did.
func (t *transcript) broken() *trouble {
	switch {
	case t.alert != 0:
		// s_client names version and cipher suite as if all was well when a
		// TLS 1.2 server turns a client down for want of a certificate.
		return t.byAlert()
	case slices.Contains([]string{"1.0", "1.1", "SSLv3"}, t.version):
		return &trouble{cause: "tls_version", detail: "the server negotiated " + t.version}
	case t.cipher != "" || !t.ended:
		// Errors behind a finished handshake tell how s_client was ended.
		return nil
	case t.reset:
		return &trouble{cause: "reset", detail: t.reason}
	case t.reason != "":
		return &trouble{cause: "tls_handshake", detail: t.reason}
	}
	return &trouble{cause: "tls_handshake", detail: "s_client did not finish the handshake"}
}

func (t *transcript) byAlert() *trouble {
	cause := "tls_handshake"
	switch {
	case t.alert == alertProtocolVersion:
		cause = "tls_version"
	case t.alert == alertCertificateRequired || t.asked && slices.Contains(certificateAlerts, t.alert):
		cause = "client_certificate_required"
	}
	return &trouble{cause: cause, detail: t.reason, spokeTLS: true}
}

// withoutChain reads a text that shows no certificate, which is never good.
func (t *transcript) withoutChain() outcome {
	o := outcome{probe: t.probe()}
	o.probe.Scheme = "unknown"
	failure := t.failure()
	if failure == nil {
		return unreadable("parse_error", "the text is no output of openssl s_client, or one that tells neither certificates nor an error")
	}
	if failure.reason != "" {
		return outcome{gap: failure}
	}
	switch {
	case failure.cause == "http_not_https":
		o.probe.Scheme = "http"
	case failure.spokeTLS || o.probe.TLS != nil:
		o.probe.Scheme = "https"
	}
	o.fail(failure)
	return o
}

func (t *transcript) failure() *trouble {
	switch {
	case t.proxy != "":
		return &trouble{cause: "proxy", stage: stageProxy, detail: t.proxy}
	case !t.connected:
		return t.undialled()
	case t.plain:
		// The measured sign of a plain-HTTP port: bytes that are no TLS record.
		return &trouble{cause: "http_not_https", detail: "s_client says " + t.reason}
	case t.alert != 0:
		return t.byAlert()
	case t.oldOnly:
		return &trouble{cause: "tls_version", detail: t.reason}
	case t.reset:
		return &trouble{cause: "reset", detail: t.reason}
	case t.reason != "":
		return &trouble{cause: "tls_handshake", detail: t.reason}
	case t.cipher != "" && !t.none:
		return &trouble{reason: "not_in_source", detail: "the text holds no certificate; save it again with openssl s_client -showcerts"}
	case t.none:
		return &trouble{cause: "tls_handshake", detail: "no peer certificate available"}
	}
	return &trouble{reason: "timeout_handshake", detail: "the text ends after the connection was accepted"}
}

// undialled is why there was no connection; nil when the text does not even say
// that there was none.
func (t *transcript) undialled() *trouble {
	switch {
	case t.dial != nil:
		return t.dial
	case t.unconnected == "":
		return nil
	case t.hint != nil:
		return t.hint
	}
	return &trouble{reason: "unreachable", detail: t.unconnected}
}

func (t *transcript) probe() evidence.Probe {
	p := evidence.Probe{Reached: t.proxy == "" && (t.connected || len(t.blocks()) > 0), ClientCertificateRequested: t.asked}
	// s_client prints its own version for a session that never came about.
	if t.cipher != "" || t.version != "" && len(t.blocks()) > 0 {
		p.TLS = &evidence.TLS{Version: t.version, Cipher: t.cipher, ALPN: t.alpn}
	}
	if !t.start.IsZero() {
		p.ProbedAt = evidence.MaybeAt(t.start)
	}
	return p
}

// fail states a failure in the probe, nil for none.
func (o *outcome) fail(t *trouble) {
	if t == nil {
		return
	}
	if t.stage == "" {
		t.stage = stageHandshake
	}
	o.probe.Failure = &evidence.ProbeFailure{Cause: t.cause, Stage: t.stage, Detail: clean(t.detail)}
	if t.cause == "client_certificate_required" {
		o.probe.ClientCertificateRequested, o.probe.ClientCertificateRequired = true, true
	}
}
