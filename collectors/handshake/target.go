package handshake

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// The roles of a Target: why it is probed.
const (
	RoleRegistry  = "registry"  // images name it
	RoleToken     = "token"     // a registry's WWW-Authenticate names it
	RoleRequested = "requested" // the user named it
)

const defaultPort = 443

// Target is one endpoint to probe.
type Target struct {
	// Host is a lower-case DNS name without final dot, or an IP address without
	// brackets.
	Host string
	// Port is 1 to 65535.
	Port int
	// Roles are any of RoleRegistry, RoleToken and RoleRequested.
	Roles []string
}

// Key is the target's key in Document.Endpoints: "host:port", an IPv6 address
// in brackets.
func (t Target) Key() string { return net.JoinHostPort(t.Host, strconv.Itoa(t.Port)) }

// ParseTarget reads HOST[:PORT]; the port is 443 where none is given, an IPv6
// address with a port stands in brackets. Its error is one line that says what
// to write instead.
func ParseTarget(s string) (Target, error) {
	host, port, err := splitTarget(s)
	if err != nil {
		return Target{}, err
	}
	if address, err := netip.ParseAddr(host); err == nil && address.Zone() == "" {
		return Target{Host: address.Unmap().String(), Port: port}, nil
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !validName(host) {
		return Target{}, fmt.Errorf("reading registry %q: %q is no host name; write HOST or HOST:PORT, for example harbor.corp.example:443", s, host)
	}
	return Target{Host: host, Port: port}, nil
}

func splitTarget(s string) (string, int, error) {
	switch {
	case s == "":
		return "", 0, errors.New("reading registry: it is empty; write HOST or HOST:PORT, for example harbor.corp.example:443")
	case strings.Contains(s, "@"):
		// Not quoted: what stands before the @ may be a password.
		return "", 0, errors.New("reading registry: it holds an @; write HOST:PORT alone, without user and password")
	case strings.Contains(s, "://"):
		return "", 0, fmt.Errorf("reading registry %q: leave the scheme out and write HOST:PORT, for example harbor.corp.example:443", evidence.Scrub(s))
	case strings.Contains(s, "/"):
		return "", 0, fmt.Errorf("reading registry %q: leave the path out and write HOST:PORT", evidence.Scrub(s))
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return s, defaultPort, nil
	}
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return s[1 : len(s)-1], defaultPort, nil
	}
	if !strings.Contains(s, ":") {
		return s, defaultPort, nil
	}
	host, text, err := net.SplitHostPort(s)
	if err != nil {
		return "", 0, fmt.Errorf("reading registry %q: more than one colon; write HOST:PORT, an IPv6 address as [::1]:5000", s)
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return "", 0, fmt.Errorf("reading registry %q: port %q is not a number from 1 to 65535", s, text)
	}
	return host, int(port), nil
}

// validName takes what DNS and image references take, and the underscore that
// private zones use.
func validName(host string) bool {
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range label {
			if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
				return false
			}
		}
	}
	return true
}

// merge joins targets of the same host and port; roles come out sorted.
func merge(targets []Target) []Target {
	merged := make([]Target, 0, len(targets))
	place := make(map[string]int, len(targets))
	for _, t := range targets {
		at, known := place[t.Key()]
		if !known {
			at = len(merged)
			place[t.Key()] = at
			merged = append(merged, Target{Host: t.Host, Port: t.Port})
		}
		merged[at].Roles = addRoles(merged[at].Roles, t.Roles)
	}
	return merged
}

func addRoles(have, more []string) []string {
	all := slices.Concat(have, more)
	slices.Sort(all)
	return slices.Compact(all)
}
