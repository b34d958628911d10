package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
	"unicode"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// ErrNotServed says that the API server does not know a resource.
var ErrNotServed = errors.New("the API server does not serve this resource")

// failure is an error whose reason is known where it arose.
type failure struct {
	reason string // one of evidence.Reasons
	err    error
	retry  int           // how often the same request is worth repeating
	after  time.Duration // what Retry-After asks for; 0 when it does not
}

// always repeats as often as Options.Retries allows.
const always = math.MaxInt

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// Reason gives the reason of a gap, one of evidence.Reasons, and its detail: one
// line without credentials. Both are empty for a nil error.
func Reason(err error) (reason, detail string) {
	if err == nil {
		return "", ""
	}
	return reasonOf(err), oneLine(err.Error())
}

func reasonOf(err error) string {
	var known *failure
	switch {
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, ErrNotServed), errors.Is(err, source.ErrNotCollected):
		return "not_in_source"
	case errors.As(err, &known):
		return known.reason
	case errors.Is(err, source.ErrForbidden):
		return "forbidden"
	case errors.Is(err, source.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "not_found"
	case errors.Is(err, fs.ErrPermission):
		return "permission_denied"
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		return statusReason(int(status.Status().Code))
	}
	return networkReason(err)
}

func statusReason(code int) string {
	switch code {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired:
		return "auth_failed"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusGone:
		return "gone_410"
	case http.StatusTooManyRequests:
		return "throttled_429"
	case http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return "timeout_exec"
	case http.StatusBadGateway, http.StatusServiceUnavailable:
		return "unreachable"
	default:
		return "internal"
	}
}

func networkReason(err error) string {
	var (
		dns      *net.DNSError
		operator *net.OpError
		timeout  interface{ Timeout() bool }
		record   tls.RecordHeaderError
	)
	dialing := errors.As(err, &operator) && (operator.Op == "dial" || operator.Op == "proxyconnect")
	switch {
	case errors.As(err, &dns):
		return "dns"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		return "parse_error"
	case distrusted(err):
		return "auth_failed"
	case errors.As(err, &timeout) && timeout.Timeout() && dialing:
		return "timeout_connect"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout_exec"
	case operator != nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "unreachable"
	default:
		return "internal"
	}
}

// distrusted tells whether one end refused the other's certificate.
func distrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		alert        tls.AlertError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &alert) || errors.As(err, &authority) ||
		errors.As(err, &host) || errors.As(err, &invalid)
}

// transportFailure is for a request that got no answer. ctx is the request's
// own, s how far it came.
func (c *Cluster) transportFailure(ctx context.Context, s stage, err error) *failure {
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err
	}
	timedOut := errors.Is(context.Cause(ctx), errTooSlow) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	switch {
	case timedOut:
		return c.slow(s)
	case ctx.Err() != nil:
		return ended(ctx, "waiting for "+c.base.Host, ctx.Err())
	case s == preparing && c.plugin != "":
		return &failure{reason: "auth_failed", err: fmt.Errorf("running the credential plugin %q: %s", c.plugin, pluginText(err))}
	}
	reason := networkReason(err)
	if reason == "timeout_exec" && s == handshaking {
		reason = "timeout_handshake"
	}
	if reason == "internal" {
		reason = "unreachable" // a proxy's refusal is a bare text, an HTTP/2 reset a private type
	}
	f := &failure{reason: reason, err: err}
	if reason == "unreachable" && s == waiting {
		f.retry = always // an idle connection that broke, or a server that restarts
	}
	return f
}

// slow names what a request waited for when its time was up.
func (c *Cluster) slow(s stage) *failure {
	switch s {
	case preparing:
		if c.plugin == "" {
			return &failure{reason: "timeout_connect", err: errors.New("the time was up before the request began")}
		}
		return &failure{reason: "auth_failed", err: fmt.Errorf("running the credential plugin %q: it did not end in time", c.plugin)}
	case connecting:
		return &failure{reason: "timeout_connect", err: fmt.Errorf("no connection to %s in time", c.base.Host)}
	case handshaking:
		return &failure{reason: "timeout_handshake", err: fmt.Errorf("no TLS handshake with %s in time", c.base.Host)}
	default:
		return &failure{reason: "timeout_exec", err: fmt.Errorf("no answer from %s in time", c.base.Host)}
	}
}

// ended is for a wait that the caller's context ended.
func ended(ctx context.Context, what string, err error) *failure {
	reason := "timeout_exec"
	if errors.Is(ctx.Err(), context.Canceled) {
		reason, err = "cancelled", ctx.Err()
	}
	return &failure{reason: reason, err: fmt.Errorf("%s: %w", what, err)}
}

// pluginText leaves out what a plugin printed: client-go quotes it when it is
// not the expected object, and it may be a token.
func pluginText(err error) string {
	text, _, cut := strings.Cut(err.Error(), "decoding stdout")
	if cut {
		text += "its output is not an ExecCredential"
	}
	return oneLine(strings.TrimPrefix(text, "getting credentials: "))
}

// scrubbed is an error reduced to its clean text: what it wraps may hold
// credentials.
func scrubbed(err error) error { return errors.New(oneLine(err.Error())) }

// maxDetail bounds a detail, in characters.
const maxDetail = 400

// terminalEscape is an ECMA-48 control sequence, such as a colour.
var terminalEscape = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]")

// oneLine makes foreign text fit to be shown: no credentials, no line ends or
// other control characters, no more than maxDetail characters.
func oneLine(text string) string {
	// Scrub sees the line ends, which bound what it removes, and sees the text
	// again without the characters that could have split a credential.
	text = terminalEscape.ReplaceAllString(strings.ToValidUTF8(text, "?"), "")
	flat := strings.Join(strings.FieldsFunc(evidence.Scrub(text), unprintable), " ")
	flat = evidence.Scrub(flat)
	if evidence.Scan([]byte(flat)) != nil {
		return "[removed: it may hold a credential]" // else the whole document would be refused
	}
	runes := []rune(flat)
	if len(runes) > maxDetail {
		return string(runes[:maxDetail-3]) + "..."
	}
	return string(runes)
}

func unprintable(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
