package remote_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

func TestOpenSSHHostKeys(t *testing.T) {
	s := startSSHD(t, sshdOptions{hostKeys: []string{"rsa", "ecdsa", "ed25519"}})
	other := signerOf(t, newPrivate(t, "ed25519")).PublicKey()
	address := knownAddress(s.addr)
	_, port, _ := net.SplitHostPort(s.addr)
	fingerprint := ssh.FingerprintSHA256(s.hostKeys[0].PublicKey())
	line := func(host string, key ssh.PublicKey) string { return host + " " + string(ssh.MarshalAuthorizedKey(key)) }
	tests := []struct {
		name   string
		lines  []string
		reason string // "" accepts
		parts  []string
	}{
		{"only the RSA key is known", []string{s.line(0)}, "", nil},
		{"only the ECDSA key is known", []string{s.line(1)}, "", nil},
		{"only the Ed25519 key is known", []string{s.line(2)}, "", nil},
		{"all keys are known", []string{s.line(2), s.line(0), s.line(1)}, "", nil},
		{"the name is hashed", []string{line(hashed(t, address), s.hostKeys[1].PublicKey())}, "", nil},
		{"a wildcard without port", []string{line("127.0.0.*", s.hostKeys[2].PublicKey())}, "", nil},
		{"comments and empty lines", []string{"# a comment\n\n", "   \n", s.line(0)}, "", nil},
		{"without a last line end", []string{strings.TrimSuffix(s.line(0), "\n")}, "", nil},
		{"an empty file", nil, "host_key_unknown", []string{address, "in no known_hosts file", "ssh-keyscan -p " + port + " 127.0.0.1", "accept-new"}},
		{"only another port is known", []string{line("[127.0.0.1]:1", s.hostKeys[0].PublicKey()), line("127.0.0.1", s.hostKeys[0].PublicKey())}, "host_key_unknown", nil},
		{"another key of the same type", []string{line(address, other)}, "host_key_changed", []string{"line 1 says ssh-ed25519 " + ssh.FingerprintSHA256(other), "ssh-keygen -R '" + address + "'"}},
		{"a hashed name with another key", []string{"\n", line(hashed(t, address), other)}, "host_key_changed", []string{"line 2 says"}},
		{"the key is revoked", []string{"@revoked * " + string(ssh.MarshalAuthorizedKey(s.hostKeys[0].PublicKey())), s.line(0)}, "host_key_changed", []string{"revoked", fingerprint}},
		{"only an authority is known", []string{"@cert-authority * " + string(ssh.MarshalAuthorizedKey(other))}, "host_key_unknown", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, tt.lines...)})
			conn, err := pool.Connect(t.Context(), s.addr)
			if tt.reason != "" {
				wantReason(t, err, tt.reason, tt.parts...)
				key, ok := errors.AsType[*remote.HostKeyError](err)
				if !ok || key.Address != address || key.Changed() != (tt.reason == "host_key_changed") {
					t.Errorf("%#v", key)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v", err)
			}
			defer conn.Close()
			if !conn.Verified() {
				t.Error("not verified")
			}
		})
	}
}

func TestOpenSSHHostWithoutTheKnownTypeOfKeyIsChanged(t *testing.T) {
	s := startSSHD(t, sshdOptions{hostKeys: []string{"ecdsa"}})
	known := fmt.Sprintf("%s %s", knownAddress(s.addr), ssh.MarshalAuthorizedKey(signerOf(t, newPrivate(t, "ed25519")).PublicKey()))
	for _, policy := range []string{remote.PolicyStrict, remote.PolicyAcceptNew} {
		pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, known), HostKeyPolicy: policy})
		_, err := pool.Connect(t.Context(), s.addr)
		wantReason(t, err, "host_key_changed", "it shows ecdsa-sha2-nistp256", "says ssh-ed25519")
	}
}

func TestOpenSSHHostCertificate(t *testing.T) {
	authority := signerOf(t, newPrivate(t, "ed25519"))
	caLine := func(pattern string) string {
		return "@cert-authority " + pattern + " " + string(ssh.MarshalAuthorizedKey(authority.PublicKey()))
	}
	certFile := filepath.Join(t.TempDir(), "host-cert.pub")
	write(t, certFile, "") // read by sshd when it starts
	// The key has another type than the authority's.
	private := newPrivate(t, "ecdsa")
	keyFile := writeKey(t, filepath.Join(t.TempDir(), "host"), private, "")
	certify := func(principal string, until time.Time) {
		cert := &ssh.Certificate{
			Key: signerOf(t, private).PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{principal},
			ValidBefore: uint64(until.Unix()),
		}
		if err := cert.SignCert(rand.Reader, authority); err != nil {
			t.Fatal(err)
		}
		write(t, certFile, string(ssh.MarshalAuthorizedKey(cert)))
	}
	tests := []struct {
		name, principal string
		valid           time.Duration
		lines           []string
		reason          string
		parts           []string
	}{
		{"of a known authority", "127.0.0.1", time.Hour, []string{caLine("127.0.0.1")}, "", nil},
		{"of an authority for every host", "127.0.0.1", time.Hour, []string{caLine("*")}, "", nil},
		{"of an unknown authority", "127.0.0.1", time.Hour, nil, "host_key_unknown", []string{"no authorities"}},
		{"for another host", "10.0.0.9", time.Hour, []string{caLine("*")}, "host_key_unknown", []string{"certificate does not help", "principal"}},
		{"that has expired", "127.0.0.1", -time.Hour, []string{caLine("*")}, "host_key_unknown", []string{"expired"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			certify(tt.principal, time.Now().Add(tt.valid))
			s := startSSHD(t, sshdOptions{config: "HostKey " + keyFile + "\nHostCertificate " + certFile})
			pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, tt.lines...)})
			if tt.name == "of a known authority" {
				// As sites write it: with the port that is not 22.
				pool = newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, caLine(knownAddress(s.addr)))})
			}
			conn, err := pool.Connect(t.Context(), s.addr)
			if tt.reason != "" {
				wantReason(t, err, tt.reason, tt.parts...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if want := ssh.FingerprintSHA256(signerOf(t, private).PublicKey()); conn.HostKey() != want || !conn.Verified() {
				t.Errorf("host key %s verified %t", conn.HostKey(), conn.Verified())
			}
		})
	}
}

func TestOpenSSHAcceptNew(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	file := filepath.Join(t.TempDir(), ".ssh", "known_hosts") // neither exists
	cfg := remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: []string{file}, HostKeyPolicy: remote.PolicyAcceptNew}
	pool := newPool(t, cfg)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			conn, err := pool.Connect(t.Context(), s.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if conn.Verified() {
				t.Error("a first key counts as verified")
			}
		})
	}
	wg.Wait()
	if got, want := read(t, file), s.line(0); got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if conn := connect(t, newPool(t, cfg), s.addr); !conn.Verified() {
		t.Error("a recorded key does not count as verified in the next run")
	}
	cfg.HostKeyPolicy = remote.PolicyStrict
	connect(t, newPool(t, cfg), s.addr)
	if keyscan, err := exec.LookPath("ssh-keygen"); err == nil {
		out, err := exec.Command(keyscan, "-F", knownAddress(s.addr), "-f", file).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "ssh-ed25519") {
			t.Errorf("ssh-keygen does not find the recorded key: %v: %s", err, out)
		}
	}
}

func TestOpenSSHAcceptNewKeepsWhatIsThere(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	before := "# mine\n10.0.0.1 " + strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.hostKeys[0].PublicKey())))
	files := knownHosts(t, before) // without a last line end
	pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: files, HostKeyPolicy: remote.PolicyAcceptNew})
	connect(t, pool, s.addr)
	if got, want := read(t, files[0]), before+"\n"+s.line(0); got != want {
		t.Errorf("file is %q, want %q", got, want)
	}
}

func TestOpenSSHInsecureVerifiesNothing(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0)), HostKeyPolicy: remote.PolicyInsecure})
	if conn := connect(t, pool, s.addr); conn.Verified() || conn.HostKey() != ssh.FingerprintSHA256(s.hostKeys[0].PublicKey()) {
		t.Errorf("verified %t, host key %s", conn.Verified(), conn.HostKey())
	}
}
