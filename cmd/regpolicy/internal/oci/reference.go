// Package oci keeps policy bundles in OCI registries: it pushes, pulls and caches
// them, in the form that OPA pulls, too.
package oci

import (
	_ "crypto/sha256" // digests are parsed by it
	"net"
	"strings"

	"oras.land/oras-go/v2/registry"
)

const scheme = "oci://"

// Reference names a bundle in a registry: host[:port]/repository, and a tag or
// the digest of a manifest.
type Reference struct{ in registry.Reference }

// ParseReference reads [oci://]HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]; without
// either the tag is latest.
func ParseReference(text string) (Reference, error) {
	in, err := registry.ParseReference(strings.TrimPrefix(text, scheme))
	if err != nil {
		return Reference{}, fault("write oci://HOST[:PORT]/REPOSITORY:TAG, or ...@sha256:DIGEST", "reading reference %q: %w", text, err)
	}
	in.Reference = in.ReferenceOrDefault()
	return Reference{in}, nil
}

// Is tells whether a text can be meant as a reference and not as a path: it has
// the scheme, or its first part is a host with a dot, a port, or localhost.
func Is(text string) bool {
	if strings.HasPrefix(text, scheme) {
		return true
	}
	for _, ending := range []string{".rego", ".tar.gz", ".tgz"} {
		if strings.HasSuffix(text, ending) {
			return false
		}
	}
	ref, err := registry.ParseReference(text)
	if err != nil {
		return false
	}
	host := ref.Registry
	if strings.HasPrefix(host, ".") || strings.HasSuffix(host, ":") {
		return false
	}
	return strings.ContainsAny(host, ".:") || host == "localhost"
}

func (r Reference) String() string { return r.in.String() }

// Pinned tells whether it has a digest, so that it always means the same.
func (r Reference) Pinned() bool { return strings.Contains(r.in.Reference, ":") }

// Pin is the reference by digest.
func (r Reference) Pin(digest string) string {
	pinned := r.in
	pinned.Reference = digest
	return scheme + pinned.String()
}

// isLoopback tells whether the registry is on this machine.
func (r Reference) isLoopback() bool {
	host := r.in.Registry
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
