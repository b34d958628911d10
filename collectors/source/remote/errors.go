package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// The reasons, of evidence.Reasons, that this package gives.
const (
	reasonConnectTimeout   = "timeout_connect"
	reasonHandshakeTimeout = "timeout_handshake"
	reasonExecTimeout      = "timeout_exec"
	reasonRefused          = "refused"
	reasonUnreachable      = "unreachable"
	reasonDNS              = "dns"
	reasonAuth             = "auth_failed"
	reasonUnknownKey       = "host_key_unknown"
	reasonChangedKey       = "host_key_changed"
	reasonForwarding       = "forwarding_prohibited"
	reasonTruncated        = "truncated"
	reasonCancelled        = "cancelled"
	reasonInternal         = "internal"
)

// maxForeign is how long a text with words from the far end may be, in bytes.
const maxForeign = 1000

// Error is a failure to reach or to use a host. Its text is one line without
// credentials and control characters.
type Error struct {
	// Reason is one of evidence.Reasons.
	Reason string
	// Host is the host that failed, "host:port"; with jump hosts it may be one
	// of those.
	Host string
	// Hint says what to do, in one line; empty where nothing is known.
	Hint string

	action string
	detail string
	cause  error
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.action, e.detail) }

// Unwrap gives the cause: a *HostKeyError, an *ExitError, an
// *ssh.OpenChannelError, or what the network said.
func (e *Error) Unwrap() error { return e.cause }

func newError(reason, host, action string, cause error) *Error {
	return &Error{Reason: reason, Host: host, action: action, detail: clean(cause.Error()), cause: cause}
}

func (e *Error) withHint(hint string) *Error {
	e.Hint = hint
	return e
}

// Reason is the reason of an error, one of evidence.Reasons; "" for nil. It also
// reads plain errors of package net and of contexts.
func Reason(err error) string {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason
	}
	if e, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return forwardReason(e)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return reasonCancelled
	case isNetwork(err):
		return dialReason(err)
	default:
		return reasonInternal
	}
}

// Hint is what to do about an error of Connect, Exec or DialContext, or "". The
// errors of NewPool name their cure in their own text.
func Hint(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Hint
	}
	return ""
}

func isNetwork(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	_, ok := errors.AsType[syscall.Errno](err)
	return ok
}

// dialReason is the reason of a TCP connection that did not come about.
func dialReason(err error) string {
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return reasonDNS
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return reasonConnectTimeout
	}
	switch {
	case errors.Is(err, context.Canceled):
		return reasonCancelled
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET):
		return reasonRefused
	default:
		return reasonUnreachable
	}
}

// forwardReason is the reason of a direct-tcpip channel that a server did not
// open (RFC 4254 section 5.1). For failed connections servers put the system's
// own words into the message, and nothing else tells them apart.
func forwardReason(err *ssh.OpenChannelError) string {
	if err.Reason == ssh.Prohibited || err.Reason == ssh.UnknownChannelType {
		return reasonForwarding
	}
	message := strings.ToLower(err.Message)
	for _, m := range forwardMessages {
		if strings.Contains(message, m.part) {
			return m.reason
		}
	}
	return reasonUnreachable
}

var forwardMessages = []struct{ part, reason string }{
	{"connection refused", reasonRefused},
	{"connection reset", reasonRefused},
	{"timed out", reasonConnectTimeout},
	{"timeout", reasonConnectTimeout},
	{"name or service not known", reasonDNS},
	{"name does not resolve", reasonDNS}, // musl
	{"no such host", reasonDNS},
	{"name resolution", reasonDNS},
	{"no address associated", reasonDNS},
	{"nodename nor servname", reasonDNS},
	{"unknown host", reasonDNS},
}

// clean makes a text that may come from the far end fit for a terminal and for
// the document: one line, no control or formatting characters, no credentials,
// no more than maxForeign bytes.
func clean(text string) string {
	text = evidence.Scrub(strings.ToValidUTF8(text, "\uFFFD"))
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case unicode.Is(unicode.Cf, r):
			return -1
		default:
			return r
		}
	}, text)
	text = evidence.Scrub(strings.Join(strings.Fields(text), " "))
	if len(text) <= maxForeign {
		return text
	}
	cut := maxForeign
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " ..."
}
