package handshake

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// trouble is why an attempt went no further: a cause (one of evidence.Causes)
// when it is a fact about the endpoint, else a reason (one of evidence.Reasons).
type trouble struct {
	cause  string
	reason string
	stage  string
	detail string
	// spokeTLS: the far end answered in TLS. foreign: what came was no TLS record.
	spokeTLS, foreign bool
}

// The stages of an attempt, values of ProbeFailure.Stage.
const (
	stageDial      = "dial"
	stageProxy     = "proxy"
	stageHandshake = "handshake"
)

const maxDetail = 300

// ended tells whether an error is owed to our own contexts: the run's, which
// cancels, or the probe's, which is its deadline.
func ended(run, probe context.Context, stage string) *trouble {
	switch {
	case run.Err() != nil:
		return &trouble{reason: "cancelled", stage: stage, detail: "the run ended during the probe"}
	case probe.Err() != nil && stage == stageHandshake:
		return &trouble{reason: "timeout_handshake", stage: stage, detail: "the connection was accepted, and the handshake did not end within the probe's deadline"}
	case probe.Err() != nil:
		return &trouble{reason: "timeout_connect", stage: stage, detail: "no connection came about within the probe's deadline"}
	}
	return nil
}

// classifyDial sorts an error of a vantage's Dial. The endpoint's own answer,
// carried in a refused SSH channel, comes before what the vantage says of
// itself, and that before the errors of a plain dial.
func classifyDial(err error, vantage func(error) string) *trouble {
	t := &trouble{stage: stageDial, detail: detail(err)}
	if refusal, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		switch refusal.Reason {
		case ssh.ConnectionFailed:
			t.detail = clean(refusal.Message)
			t.cause, t.reason = fromText(refusal.Message)
		case ssh.ResourceShortage:
			t.reason = "unreachable"
		default:
			t.reason = "forwarding_prohibited"
		}
		return t
	}
	if vantage != nil {
		if t.reason = vantage(err); t.reason != "" {
			return t
		}
	}
	t.cause, t.reason = fromDial(err)
	return t
}

func fromDial(err error) (cause, reason string) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsTimeout {
			return "", "dns"
		}
		return "dns", ""
	}
	for _, e := range dialErrors {
		if errors.Is(err, e.errno) {
			return e.cause, e.reason
		}
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "", "timeout_connect"
	}
	return fromText(err.Error())
}

var dialErrors = []struct {
	errno         syscall.Errno
	cause, reason string
}{
	{syscall.ECONNREFUSED, "refused", ""},
	{syscall.ECONNRESET, "reset", ""},
	{syscall.EHOSTUNREACH, "unreachable", ""},
	{syscall.ENETUNREACH, "unreachable", ""},
	{syscall.ETIMEDOUT, "", "timeout_connect"},
	{syscall.EACCES, "", "permission_denied"},
	{syscall.EPERM, "", "permission_denied"},
}

// dialTexts are how C libraries, Go and sshd put what an error number says:
// only the text crosses an SSH channel or gets into a transcript.
var dialTexts = []struct{ text, cause, reason string }{
	{"connection refused", "refused", ""},
	{"connection reset", "reset", ""},
	{"timed out", "", "timeout_connect"},
	{"timeout", "", "timeout_connect"},
	{"no such host", "dns", ""},
	{"unknown host", "dns", ""},
	{"name or service not known", "dns", ""},
	{"nodename nor servname", "dns", ""},
	{"name resolution", "dns", ""},
	{"no address associated", "dns", ""},
	{"server misbehaving", "dns", ""},
	{"no route to host", "unreachable", ""},
	{"network is unreachable", "unreachable", ""},
	{"host is unreachable", "unreachable", ""},
	{"administratively prohibited", "", "forwarding_prohibited"},
}

func fromText(text string) (cause, reason string) {
	if cause, reason, known := knownText(text); known {
		return cause, reason
	}
	return "", "unreachable"
}

func knownText(text string) (cause, reason string, known bool) {
	text = strings.ToLower(text)
	for _, e := range dialTexts {
		if strings.Contains(text, e.text) {
			return e.cause, e.reason, true
		}
	}
	return "", "", false
}

// classifyHandshake sorts an error of the TLS handshake, or of the first read
// after it. asked tells that the server wanted a client certificate.
func classifyHandshake(err error, asked bool) *trouble {
	t := &trouble{stage: stageHandshake, cause: "tls_handshake", detail: detail(err)}
	var record tls.RecordHeaderError
	code, alert := remoteAlert(err)
	t.spokeTLS = alert
	switch {
	case errors.As(err, &record):
		t.foreign = true
		if looksLikeHTTP(record.RecordHeader[:]) {
			t.cause, t.detail = "http_not_https", "the server answers in plain HTTP"
		}
	case alert && asked && slices.Contains(certificateAlerts, code):
		t.cause = "client_certificate_required"
	case alert && code == alertProtocolVersion:
		t.cause = "tls_version"
	case alert:
	case strings.Contains(err.Error(), "selected unsupported protocol version"):
		// crypto/tls has no type for a ServerHello below our lowest version.
		t.cause, t.spokeTLS = "tls_version", true
	case lost(err):
		t.cause = "reset"
	}
	return t
}

// lost tells that the far end went away without a word of TLS.
func lost(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// looksLikeHTTP reads the five bytes that came where a TLS record was due. Old
// web servers answer a request that they cannot read with bare HTML.
func looksLikeHTTP(header []byte) bool {
	text := strings.ToLower(string(header))
	return text == "http/" || text == "<html" || text == "<!doc"
}

// TLS alerts (RFC 8446 6).
const (
	alertHandshakeFailure       = 40
	alertBadCertificate         = 42
	alertUnsupportedCertificate = 43
	alertCertificateUnknown     = 46
	alertUnknownCA              = 48
	alertAccessDenied           = 49
	alertProtocolVersion        = 70
	alertCertificateRequired    = 116
)

// certificateAlerts are what servers send to a client that was asked for a
// certificate and has none: only TLS 1.3 has an alert for just that.
var certificateAlerts = []uint8{
	alertHandshakeFailure, alertBadCertificate, alertUnsupportedCertificate, alertCertificateUnknown,
	alertUnknownCA, alertAccessDenied, alertCertificateRequired,
}

// remoteAlert gives the number of the alert that a server sent. crypto/tls
// keeps the type of such an error to itself, yet its texts are those of
// tls.AlertError.
func remoteAlert(err error) (uint8, bool) {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return 0, false
	}
	text := op.Err.Error()
	for code := range 256 {
		if tls.AlertError(code).Error() == text {
			return uint8(code), true
		}
	}
	return 0, true
}

// detail puts an error in words for the document: scrubbed, short, and without
// our own address, whose port is another one each time.
func detail(err error) string {
	text := err.Error()
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		text = op.Err.Error()
		if strings.HasSuffix(op.Op, " error") { // "remote error" or "local error", of TLS
			text = op.Op + ": " + text
		}
	}
	return clean(text)
}

// clean makes a foreign text fit for the document.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	// Scrubbed before it is cut: half a secret is one that no pattern fits.
	text = strings.TrimSpace(evidence.Scrub(text))
	if len(text) > maxDetail {
		text = strings.ToValidUTF8(text[:maxDetail], "") + "..."
	}
	return text
}
