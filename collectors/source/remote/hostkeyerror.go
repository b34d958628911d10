package remote

import (
	"fmt"
	"net"
	"strings"

	"golang.org/x/crypto/ssh"
)

// HostKeyError says that a host's key was not accepted. It is the cause of every
// *Error with reason host_key_unknown or host_key_changed.
type HostKeyError struct {
	// Address is the host as known_hosts writes it: "10.0.0.5", or
	// "[10.0.0.5]:2222" for a port other than 22.
	Address string
	// KeyType ("ssh-ed25519") and Fingerprint ("SHA256:...") are of the key that
	// the host showed; of a certificate, those of the key it certifies.
	KeyType, Fingerprint string
	// Known are the keys recorded for the host; empty means that it is unknown.
	Known []KnownKey
	// Revoked tells that the key is marked @revoked; Known then holds that line.
	Revoked bool
	// Certificate is why a host certificate was not good enough, where the host
	// showed one.
	Certificate string
	// Files are the known_hosts files that were read.
	Files []string
}

// KnownKey is an entry of a known_hosts file. Line is 0 for a key that was
// accepted, and recorded, earlier in this run.
type KnownKey struct {
	File        string
	Line        int
	KeyType     string
	Fingerprint string
}

func (k KnownKey) String() string {
	if k.Line == 0 {
		return fmt.Sprintf("%q (recorded in this run) says %s %s", k.File, k.KeyType, k.Fingerprint)
	}
	return fmt.Sprintf("%q line %d says %s %s", k.File, k.Line, k.KeyType, k.Fingerprint)
}

// Changed tells a changed or revoked key from an unknown one.
func (e *HostKeyError) Changed() bool { return len(e.Known) > 0 || e.Revoked }

func (e *HostKeyError) Error() string {
	shown := e.KeyType + " " + e.Fingerprint
	known := make([]string, 0, len(e.Known))
	for _, k := range e.Known {
		known = append(known, k.String())
	}
	var text string
	switch {
	case e.Revoked:
		text = fmt.Sprintf("the host key %s of %s is revoked: %s", shown, e.Address, strings.Join(known, ", "))
	case e.Changed():
		text = fmt.Sprintf("the host key of %s is not the recorded one: it shows %s, %s", e.Address, shown, strings.Join(known, ", "))
	default:
		text = fmt.Sprintf("the host key %s of %s is in no known_hosts file (%s)", shown, e.Address, quoteAll(e.Files))
	}
	if e.Certificate != "" {
		text += "; its certificate does not help: " + e.Certificate
	}
	return text
}

func (e *HostKeyError) reason() string {
	if e.Changed() {
		return reasonChangedKey
	}
	return reasonUnknownKey
}

func (e *HostKeyError) hint() string {
	switch {
	case e.Revoked:
		return "the key was marked @revoked on purpose: renew the host's key"
	case e.Changed():
		return fmt.Sprintf("if the node was replaced and its address re-used, remove the old key with: ssh-keygen -R '%s' -f '%s'; a known_hosts file per cluster (--ssh-known-hosts) avoids this; otherwise somebody may stand in between",
			e.Address, e.Known[0].File)
	default:
		return fmt.Sprintf("compare the fingerprint at the node's console (ssh-keygen -lf on its /etc/ssh/ssh_host_*_key.pub), then add the key to %s, or record first keys with --host-key-policy accept-new",
			e.addTo())
	}
}

// addTo is where a user would add the key, with the command where one would do.
func (e *HostKeyError) addTo() string {
	if len(e.Files) == 0 {
		return "a known_hosts file (--ssh-known-hosts)"
	}
	host, port, err := net.SplitHostPort(e.Address)
	if err != nil {
		host, port = e.Address, "22"
	}
	return fmt.Sprintf("'%s' (ssh-keyscan -p %s %s)", e.Files[0], port, host)
}

func quoteAll(files []string) string {
	if len(files) == 0 {
		return "none was read"
	}
	quoted := make([]string, 0, len(files))
	for _, f := range files {
		quoted = append(quoted, fmt.Sprintf("%q", f))
	}
	return strings.Join(quoted, ", ")
}

// plainKey is the key itself, of a certificate the key that it certifies:
// ssh-keygen -l prints the same fingerprint for both.
func plainKey(key ssh.PublicKey) ssh.PublicKey {
	if cert, ok := key.(*ssh.Certificate); ok {
		return cert.Key
	}
	return key
}
