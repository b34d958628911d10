package evidence

import (
	"bytes"
	"fmt"
	"regexp"
)

// SecretError says that a document would have carried a secret. It names the
// place and the kind, never the value.
type SecretError struct {
	Kind string // "private key", "JSON web token", "registry credentials"
	Line int    // 1-based line of the encoded document
}

func (e *SecretError) Error() string {
	return fmt.Sprintf("refusing to write the evidence document: line %d holds a %s", e.Line, e.Kind)
}

// Found says it of a document that is read, not written.
func (e *SecretError) Found() string {
	return fmt.Sprintf("line %d: it holds a %s, which no evidence document may", e.Line, e.Kind)
}

// Types keep secrets out; these patterns are the last check. Each must fit the
// JSON text, in which line ends are written \n, and begins with plain text, which is
// searched for fast.
var secretPatterns = []struct {
	kind    string
	pattern *regexp.Regexp
}{
	{"private key", regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----`)},
	{"private key", regexp.MustCompile(`LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFW|BPUEVOU1NIIFBSSVZBVE)`)},
	{"JSON web token", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
}

// Scan looks for secrets in an encoded document and returns a *SecretError for
// the first one.
func Scan(encoded []byte) error {
	for _, p := range secretPatterns {
		if at := p.pattern.FindIndex(encoded); at != nil {
			return secretAt(p.kind, encoded, at[0])
		}
	}
	if at := registryCredential(encoded); at >= 0 {
		return secretAt("registry credential", encoded, at)
	}
	if at := passwordURL(encoded); at >= 0 {
		return secretAt("URL with a password", encoded, at)
	}
	return nil
}

func secretAt(kind string, encoded []byte, at int) *SecretError {
	return &SecretError{Kind: kind, Line: 1 + bytes.Count(encoded[:at], []byte("\n"))}
}
