package remote_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
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
	const timeout = 300 * time.Millisecond
	tests := []struct {
		name   string
		fault  sshtest.Fault
		reason string
		part   string
	}{
		{"accepts and never speaks", sshtest.Silent, "timeout_handshake", "did not finish the SSH handshake"},
		{"stalls in key exchange", sshtest.StallKeyExchange, "timeout_handshake", "did not finish"},
		{"stalls in authentication", sshtest.StallLogin, "timeout_handshake", "did not finish"},
		{"lies about a length", sshtest.LieLength, "internal", "does not speak SSH as it should"},
		{"closes at once", sshtest.Drop, "refused", "ended the SSH handshake"},
		{"speaks HTTP", sshtest.NotSSH, "refused", "ended the SSH handshake"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			pool := trusting(t, remote.Config{ConnectTimeout: timeout}, s)
			within(t, 5*timeout, func() {
				_, err := pool.Connect(t.Context(), s.Addr())
				wantReason(t, err, tt.reason, tt.part, s.Addr())
			})
		})
		t.Run(tt.name+", behind a jump host", func(t *testing.T) {
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			jump := sshtest.Start(t, sshtest.Options{})
			pool := trusting(t, remote.Config{ConnectTimeout: timeout, Jump: jump.Addr()}, s, jump)
			within(t, 5*timeout, func() {
				_, err := pool.Connect(t.Context(), s.Addr())
				wantReason(t, err, tt.reason, tt.part, s.Addr())
			})
			if jump.Accepted() != 1 {
				t.Errorf("%d connections to the jump host, want 1", jump.Accepted())
			}
		})
	}
}

func TestCommandsThatGoWrong(t *testing.T) {
	const timeout = 300 * time.Millisecond
	tests := []struct {
		name   string
		fault  sshtest.Fault
		reason string
		stdout string
	}{
		{"never ends", sshtest.NeverClose, "timeout_exec", "partial\n"},
		{"never answers the request", sshtest.IgnoreExec, "timeout_exec", ""},
		{"never opens the session", sshtest.IgnoreOpen, "timeout_exec", ""},
		{"floods stderr for ever", sshtest.FloodStderr, "timeout_exec", ""},
		{"ends without a status", sshtest.NoStatus, "internal", "hello\n"},
		{"loses the connection", sshtest.DropOnExec, "unreachable", ""},
		{"floods stdout", sshtest.Flood, "truncated", strings.Repeat("flood\n", 100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sshtest.Start(t, sshtest.Options{Fault: tt.fault})
			conn := connect(t, trusting(t, remote.Config{ExecTimeout: timeout}, s), s.Addr())
			within(t, 5*timeout, func() {
				stdout, err := conn.Exec(t.Context(), "hello", 600)
				wantReason(t, err, tt.reason, s.Addr())
				if string(stdout) != tt.stdout {
					t.Errorf("stdout %.100q, want %.100q", stdout, tt.stdout)
				}
			})
		})
	}
}

func TestSessionThatIsNotClosedAfterItsStatusCountsAsEnded(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Fault: sshtest.HalfClose})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	within(t, 3*time.Second, func() {
		if stdout, err := conn.Exec(t.Context(), "hello", 100); err != nil || string(stdout) != "hello\n" {
			t.Errorf("got %q, %v", stdout, err)
		}
	})
}

func TestConnectionServesOnAfterTruncation(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Flood})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	_, err := conn.Exec(t.Context(), "flood", 10)
	wantReason(t, err, "truncated")
	s.SetFault(sshtest.None)
	if stdout, err := conn.Exec(t.Context(), "hello", 10); err != nil || string(stdout) != "hello\n" {
		t.Errorf("got %q, %v", stdout, err)
	}
}

func TestOutputOfExactlyTheLimitIsWhole(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	if stdout, err := conn.Exec(t.Context(), "hello", 6); err != nil || string(stdout) != "hello\n" {
		t.Errorf("got %q, %v", stdout, err)
	}
	stdout, err := conn.Exec(t.Context(), "hello", 5)
	wantReason(t, err, "truncated", "more than 5 bytes")
	if string(stdout) != "hello" {
		t.Errorf("got %q", stdout)
	}
}

func TestExitStatusAndStderrOfACommand(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Exec: func(_ string, stdout, stderr io.Writer) int {
		fmt.Fprint(stdout, "before")
		fmt.Fprint(stderr, strings.Repeat("x", 4000)+"\n\x1b[31mcannot fetch https://bob:hunter2@registry.example/ \u202etxt\n")
		return 42
	}})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	stdout, err := conn.Exec(t.Context(), "fail", 100)
	wantReason(t, err, "internal", "status 42", "cannot fetch https://registry.example/ txt")
	exit, ok := errors.AsType[*remote.ExitError](err)
	if !ok || exit.Status != 42 || string(stdout) != "before" {
		t.Errorf("got %q, %#v", stdout, exit)
	}
	if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\x1b") || len(err.Error()) > 1000 {
		t.Errorf("not clean: %q", err)
	}
}

func TestCancelledContextEndsEveryWait(t *testing.T) {
	t.Run("connecting", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		pool := trusting(t, remote.Config{}, s)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		within(t, time.Second, func() {
			_, err := pool.Connect(ctx, s.Addr())
			wantReason(t, err, "cancelled")
		})
	})
	t.Run("running a command", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.NeverClose})
		conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		within(t, time.Second, func() {
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
		within(t, time.Second, func() {
			_, err := conn.DialContext(ctx, "tcp", "registry.example:443")
			wantReason(t, err, "cancelled")
		})
		within(t, time.Second, func() {
			_, err := conn.DialContext(withTimeout(t, 50*time.Millisecond), "tcp", "registry.example:443")
			wantReason(t, err, "timeout_connect")
		})
	})
	t.Run("closing the pool", func(t *testing.T) {
		s := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		jump := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
		pool := trusting(t, remote.Config{Jump: jump.Addr()}, s, jump)
		time.AfterFunc(50*time.Millisecond, pool.Close)
		within(t, time.Second, func() {
			_, err := pool.Connect(t.Context(), s.Addr())
			wantReason(t, err, "cancelled")
		})
		_, err := pool.Connect(t.Context(), s.Addr())
		wantReason(t, err, "cancelled", "closed")
	})
}

// silentListener accepts connections and says nothing.
func silentListener(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return l.Addr().String()
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
	within(t, time.Second, func() {
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
	within(t, time.Second, func() {
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

func TestOneConnectionToTheJumpHostServesAll(t *testing.T) {
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{HandshakeDelay: 20 * time.Millisecond})
	pool := trusting(t, remote.Config{Jump: "admin@" + jump.Addr()}, jump, node)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			conn, err := pool.Connect(t.Context(), node.Addr())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			if got, want := conn.Jump(), "admin@"+jump.Addr(); got != want {
				t.Errorf("jump %q, want %q", got, want)
			}
			if out, err := conn.Exec(t.Context(), "hello", 10); err != nil || string(out) != "hello\n" {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
	wg.Wait()
	if jump.Accepted() != 1 {
		t.Errorf("%d connections to the jump host, want 1", jump.Accepted())
	}
	if most := node.MostPending(); most > 8 {
		t.Errorf("%d handshakes at once through the jump host, want at most 8", most)
	}
}

func TestLostJumpHostIsConnectedAgain(t *testing.T) {
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr()}, jump, node)
	for range 3 { // each time anew, since a node was reached in between
		connect(t, pool, node.Addr())
		jump.DropConnections()
	}
	connect(t, pool, node.Addr())
	if jump.Accepted() != 4 {
		t.Errorf("%d connections to the jump host, want 4", jump.Accepted())
	}
}

func TestDeadJumpHostCostsItsTimeoutOnce(t *testing.T) {
	const timeout = 300 * time.Millisecond
	jump := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr(), ConnectTimeout: timeout}, jump, node)
	within(t, 3*timeout, func() {
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				_, err := pool.Connect(t.Context(), node.Addr())
				wantReason(t, err, "timeout_handshake", node.Addr(), "through", jump.Addr())
				if e, ok := errors.AsType[*remote.Error](err); !ok || e.Host != jump.Addr() {
					t.Errorf("host %q, want the jump host's", e.Host)
				}
			})
		}
		wg.Wait()
	})
	if jump.Accepted() != 1 || node.Accepted() != 0 {
		t.Errorf("%d connections to the jump host, %d to the node", jump.Accepted(), node.Accepted())
	}
}

func TestJumpHostThatFallsSilentIsGivenUp(t *testing.T) {
	const timeout = 200 * time.Millisecond
	jump := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{Jump: jump.Addr(), ConnectTimeout: timeout}, jump, node)
	connect(t, pool, node.Addr())
	jump.SetFault(sshtest.IgnoreOpen)
	within(t, 5*timeout, func() {
		_, err := pool.Connect(t.Context(), node.Addr())
		wantReason(t, err, "timeout_connect", "through", jump.Addr())
	})
}

func TestSeveralJumpHostsInARow(t *testing.T) {
	first := sshtest.Start(t, sshtest.Options{})
	second := sshtest.Start(t, sshtest.Options{})
	node := sshtest.Start(t, sshtest.Options{})
	pool := trusting(t, remote.Config{User: "u", Jump: first.Addr() + "," + second.Addr()}, first, second, node)
	conn := connect(t, pool, node.Addr())
	if want := "u@" + first.Addr() + ",u@" + second.Addr(); conn.Jump() != want {
		t.Errorf("jump %q, want %q", conn.Jump(), want)
	}
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
