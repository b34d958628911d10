package remote_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// trusting makes a pool that knows the servers' host keys.
func trusting(t testing.TB, cfg remote.Config, servers ...*sshtest.Server) *remote.Pool {
	t.Helper()
	var lines strings.Builder
	for _, s := range servers {
		lines.WriteString(s.KnownHosts())
	}
	cfg.KnownHosts = []string{write(t, filepath.Join(t.TempDir(), "known_hosts"), lines.String())}
	return newPool(t, cfg)
}

func TestServersThatNeverLetIn(t *testing.T) {
	const timeout = time.Second
	tests := []struct {
		name   string
		fault  sshtest.Fault
		reason string
		part   string
	}{
		{"accepts and never speaks", sshtest.Silent, "timeout_handshake", "did not finish the SSH handshake"},
		{"stalls in key exchange", sshtest.StallKeyExchange, "timeout_handshake", "did not finish"},
		{"stalls in authentication", sshtest.StallLogin, "timeout_handshake", "did not finish"},
		{"sends banners for ever", sshtest.FloodBanners, "timeout_handshake", "did not finish"},
		{"sends a version without end", sshtest.EndlessVersion, "internal", "does not speak SSH as it should"},
		{"lies about a length", sshtest.LieLength, "internal", "does not speak SSH as it should"},
		{"closes at once", sshtest.Drop, "refused", "ended the SSH handshake"},
		{"speaks HTTP", sshtest.NotSSH, "refused", "ended the SSH handshake"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			pool := trusting(t, remote.Config{ConnectTimeout: timeout}, s)
			within(t, func() {
				_, err := pool.Connect(t.Context(), s.Addr())
				wantReason(t, err, tt.reason, tt.part, s.Addr())
			})
		})
		t.Run(tt.name+", behind a jump host", func(t *testing.T) {
			t.Parallel()
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			jump := sshtest.Start(t, sshtest.Options{})
			pool := trusting(t, remote.Config{ConnectTimeout: timeout, Jump: jump.Addr()}, s, jump)
			within(t, func() {
				_, err := pool.Connect(t.Context(), s.Addr())
				wantReason(t, err, tt.reason, tt.part, s.Addr())
			})
			if jump.Accepted() != 1 {
				t.Errorf("%d connections to the jump host, want 1", jump.Accepted())
			}
		})
	}
}

func TestCancelledContextEndsEveryWait(t *testing.T) {
	t.Run("connecting", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		pool := trusting(t, remote.Config{}, s)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		within(t, func() {
			_, err := pool.Connect(ctx, s.Addr())
			wantReason(t, err, "cancelled")
		})
	})
	t.Run("running a command", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.NeverClose})
		conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		within(t, func() {
			_, err := conn.Exec(ctx, "sleep", 10)
			wantReason(t, err, "cancelled")
		})
		_, err := conn.Exec(t.Context(), "again", 10)
		wantReason(t, err, "unreachable", "gone")
	})
	t.Run("dialling from the node", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.IgnoreOpen})
		conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		within(t, func() {
			_, err := conn.DialContext(ctx, "tcp", "registry.example:443")
			wantReason(t, err, "cancelled")
		})
		within(t, func() {
			_, err := conn.DialContext(withTimeout(t, 50*time.Millisecond), "tcp", "registry.example:443")
			wantReason(t, err, "timeout_connect")
		})
	})
	t.Run("closing the pool", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		jump := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		pool := trusting(t, remote.Config{Jump: jump.Addr()}, s, jump)
		time.AfterFunc(50*time.Millisecond, pool.Close)
		within(t, func() {
			_, err := pool.Connect(t.Context(), s.Addr())
			wantReason(t, err, "cancelled")
		})
		_, err := pool.Connect(t.Context(), s.Addr())
		wantReason(t, err, "cancelled", "closed")
	})
}

func TestHandshakeThroughAChannelEndsWithItsContext(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{}, s)
	conn := connect(t, pool, s.Addr())
	target := silentListener(t)
	t.Cleanup(pool.Close) // before the listener waits for its connections
	raw, err := conn.DialContext(t.Context(), "tcp", target)
	if err != nil {
		t.Fatal(err)
	}
	if raw.RemoteAddr().String() != target {
		t.Errorf("remote address %s, want %s", raw.RemoteAddr(), target)
	}
	within(t, func() {
		client := tls.Client(raw, &tls.Config{ServerName: "registry.example"})
		err := client.HandshakeContext(withTimeout(t, 100*time.Millisecond))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})

	deadlined, err := conn.DialContext(t.Context(), "tcp", target)
	if err != nil {
		t.Fatal(err)
	}
	defer deadlined.Close()
	if err := deadlined.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		_, err := deadlined.Read(make([]byte, 1))
		if remote.Reason(err) != "timeout_connect" {
			t.Errorf("got %v", err)
		}
	})
}

func TestHostKeyThatChangesBetweenConnections(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{}, s)
	connect(t, pool, s.Addr())
	s.SetHostKeys(sshtest.NewKey(t))
	_, err := pool.Connect(t.Context(), s.Addr())
	wantReason(t, err, "host_key_changed", "line 1 says ssh-ed25519 SHA256:", "ssh-keygen -R '[127.0.0.1]:")
}

func TestKeysThatTheServerDoesNotKnow(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{sshtest.NewKey(t).PublicKey()}})
	t.Run("none to offer", func(t *testing.T) {
		_, err := trusting(t, remote.Config{}, s).Connect(t.Context(), s.Addr())
		wantReason(t, err, "auth_failed", "no key was there to offer", "--ssh-key")
	})
	t.Run("more than the message names", func(t *testing.T) {
		var files []string
		for i := range 6 {
			files = append(files, writeKey(t, filepath.Join(t.TempDir(), fmt.Sprint(i)), newPrivate(t, "ed25519"), ""))
		}
		_, err := trusting(t, remote.Config{KeyFiles: files}, s).Connect(t.Context(), s.Addr())
		wantReason(t, err, "auth_failed", "it takes publickey", "3 more", "too many authentication failures", "MaxAuthTries")
	})
}

func TestFirstKeyHoldsForTheRun(t *testing.T) {
	first, second := sshtest.NewKey(t), signerOf(t, newPrivate(t, "ecdsa"))
	s := sshtest.Start(t, sshtest.Options{HostKeys: []ssh.Signer{first}})
	file := filepath.Join(t.TempDir(), "known_hosts")
	pool := newPool(t, remote.Config{KnownHosts: []string{file}, HostKeyPolicy: remote.PolicyAcceptNew})
	connect(t, pool, s.Addr())
	s.SetHostKeys(second, first)
	if conn := connect(t, pool, s.Addr()); conn.HostKey() != ssh.FingerprintSHA256(first.PublicKey()) {
		t.Errorf("host key %s, want the recorded one", conn.HostKey())
	}
	s.SetHostKeys(second)
	_, err := pool.Connect(t.Context(), s.Addr())
	wantReason(t, err, "host_key_changed", "recorded in this run", file)
	if lines := strings.Count(read(t, file), "\n"); lines != 1 {
		t.Errorf("%d lines recorded, want 1", lines)
	}
}

func TestNewKeyThatCannotBeRecordedIsNotAccepted(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "a", "b", "known_hosts"), "")
	pool := newPool(t, remote.Config{KnownHosts: []string{file}, HostKeyPolicy: remote.PolicyAcceptNew})
	if err := os.RemoveAll(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	_, err := pool.Connect(t.Context(), s.Addr())
	wantReason(t, err, "host_key_unknown", "recording a new host key", file, "--ssh-known-hosts")
}
