package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// Error is an error that knows its cure.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

func fault(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: hint}
}

// explain adds the cure to what a registry or the network said.
func explain(doing string, ref Reference, err error) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return &Error{Err: fmt.Errorf("%s %q: %w", doing, ref, known.Err), Hint: known.Hint}
	}
	return fault(cure(ref, err), "%s %q: %w", doing, ref, err)
}

func cure(ref Reference, err error) string {
	if response, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		if response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden {
			return fmt.Sprintf("`docker login %s` stores the credentials that are used", ref.in.Registry)
		}
		return "try again later, or ask who runs the registry"
	}
	if errors.Is(err, errdef.ErrNotFound) {
		return "check the repository and the tag or digest"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		if _, ok := errors.AsType[x509.HostnameError](err); ok {
			return "use a name that stands in the registry's certificate"
		}
		return "--ca-file names the CA that signed the registry's certificate"
	}
	if errors.Is(err, http.ErrSchemeMismatch) {
		return "--plain-http, if the registry really has no TLS"
	}
	if errors.Is(err, content.ErrMismatchedDigest) || errors.Is(err, content.ErrTrailingData) {
		return "do not use it: the registry, or something before it, changed what was pushed"
	}
	if isUnreachable(err) {
		return "check host and port; --offline takes what the cache holds, and `-p FILE` a bundle that was carried over"
	}
	return "what the registry holds there is no policy bundle: `regpolicy bundle push` stores one"
}

// isUnreachable tells that there was no registry to talk to, in difference to one
// that refuses or one that cannot be trusted.
func isUnreachable(err error) bool {
	if response, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		return response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		// The others are TLS alerts.
		return op.Op != "remote error" && op.Op != "local error"
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
