package remote_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

func TestOpenSSHRunsOneCommand(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))})
	conn := connect(t, pool, s.addr)
	if want := ssh.FingerprintSHA256(s.hostKeys[0].PublicKey()); conn.HostKey() != want || !conn.Verified() || conn.User() != s.user || conn.Address() != s.addr || conn.Jump() != "" {
		t.Errorf("host key %s verified %t user %s address %s jump %q", conn.HostKey(), conn.Verified(), conn.User(), conn.Address(), conn.Jump())
	}
	tests := []struct {
		name, command, stdout string
		limit                 int64
		reason, part          string
	}{
		{"prints", `printf 'one\ntwo'`, "one\ntwo", 100, "", ""},
		{"is a script of several lines", "for i in 1 2 3\ndo echo $i\ndone\n", "1\n2\n3\n", 100, "", ""},
		{"reads an empty standard input", "cat; echo end", "end\n", 100, "", ""},
		{"prints nothing", "true", "", 100, "", ""},
		{"prints a lot", "head -c 3000000 /dev/zero | tr '\\0' x", strings.Repeat("x", 3000000), 3000000, "", ""},
		{"fails", "echo out; echo why >&2; exit 7", "out\n", 100, "internal", "status 7: why"},
		{"is killed", "kill -KILL $$", "", 100, "internal", "signal KILL"},
		{"is no command", "no-such-command-here", "", 100, "internal", "status 127"},
		{"prints too much", "yes", "y\ny\n", 4, "truncated", "more than 4 bytes"},
		{"prints afterwards", "echo fine", "fine\n", 100, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, err := conn.Exec(t.Context(), tt.command, tt.limit)
			if string(stdout) != tt.stdout {
				t.Errorf("stdout %.80q, want %.80q", stdout, tt.stdout)
			}
			if tt.reason != "" {
				wantReason(t, err, tt.reason, tt.part)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOpenSSHCommandThatDoesNotEnd(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0)), ExecTimeout: 2 * time.Second})
	conn := connect(t, pool, s.addr)
	within(t, func() {
		_, err := conn.Exec(t.Context(), "exec sleep 60", 100)
		wantReason(t, err, "timeout_exec", "did not end in time")
	})
	_, err := conn.Exec(t.Context(), "true", 100)
	wantReason(t, err, "unreachable")
}

func TestOpenSSHJumpHost(t *testing.T) {
	// Twelve logins at one node are more than its MaxStartups lets in for sure; the
	// limit for the jump host is our own.
	node := startSSHD(t, sshdOptions{config: "MaxStartups 100"})
	jump := startSSHD(t, sshdOptions{})
	node.authorize(t, publicOf(t, jump.keyFile))
	pool := newPool(t, remote.Config{
		User: node.user, KeyFiles: []string{jump.keyFile}, Jump: jump.user + "@" + jump.addr,
		KnownHosts: knownHosts(t, node.line(0), jump.line(0)),
	})
	var wg sync.WaitGroup
	for range 12 { // more than MaxSessions
		wg.Go(func() {
			conn, err := pool.Connect(t.Context(), node.addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			out, err := conn.Exec(t.Context(), "echo $SSH_CONNECTION", 200)
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), strings.ReplaceAll(node.addr, ":", " ")) {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
	wg.Wait()
}

func TestOpenSSHJumpHostWithoutForwarding(t *testing.T) {
	node := startSSHD(t, sshdOptions{})
	jump := startSSHD(t, sshdOptions{config: "AllowTcpForwarding no"})
	pool := newPool(t, remote.Config{User: node.user, KeyFiles: []string{jump.keyFile}, Jump: jump.addr, KnownHosts: knownHosts(t, node.line(0), jump.line(0))})
	_, err := pool.Connect(t.Context(), node.addr)
	wantReason(t, err, "forwarding_prohibited", "does not forward", "AllowTcpForwarding")
	if e, ok := errors.AsType[*remote.Error](err); !ok || e.Host != jump.addr {
		t.Errorf("host %v, want the jump host", e.Host)
	}
}

func TestOpenSSHJumpHostWithUnknownKey(t *testing.T) {
	jump := startSSHD(t, sshdOptions{})
	pool := newPool(t, remote.Config{User: jump.user, KeyFiles: []string{jump.keyFile}, Jump: jump.addr, KnownHosts: knownHosts(t, "# none\n")})
	_, err := pool.Connect(t.Context(), "10.0.0.5")
	wantReason(t, err, "host_key_unknown", "10.0.0.5:22", "through", jump.addr)
}

func TestOpenSSHNodeThatIsDownBehindAJumpHost(t *testing.T) {
	jump := startSSHD(t, sshdOptions{})
	pool := newPool(t, remote.Config{User: jump.user, KeyFiles: []string{jump.keyFile}, Jump: jump.addr, KnownHosts: knownHosts(t, jump.line(0))})
	_, err := pool.Connect(t.Context(), closedPort(t))
	wantReason(t, err, "refused", "could not connect", "Connection refused")
}

func TestOpenSSHMaxSessions(t *testing.T) {
	t.Run("one is enough for commands in a row and at once", func(t *testing.T) {
		s := startSSHD(t, sshdOptions{config: "MaxSessions 1"})
		conn := connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
		registry := newRegistry(t)
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if out, err := conn.Exec(t.Context(), fmt.Sprintf("echo %d", i), 20); err != nil || string(out) != fmt.Sprintln(i) {
					t.Errorf("got %q, %v", out, err)
				}
			})
			wg.Go(func() { // not counted: only session channels are
				raw, err := conn.DialContext(t.Context(), "tcp", registry)
				if err != nil {
					t.Error(err)
					return
				}
				raw.Close()
			})
		}
		wg.Wait()
	})
	t.Run("none leaves forwarding", func(t *testing.T) {
		s := startSSHD(t, sshdOptions{config: "MaxSessions 0"})
		conn := connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
		_, err := conn.Exec(t.Context(), "true", 20)
		wantReason(t, err, "refused", "MaxSessions")
		raw, err := conn.DialContext(t.Context(), "tcp", newRegistry(t))
		if err != nil {
			t.Fatal(err)
		}
		raw.Close()
	})
}

func TestOpenSSHForcedCommand(t *testing.T) {
	s := startSSHD(t, sshdOptions{config: `ForceCommand echo "asked for: $SSH_ORIGINAL_COMMAND"`})
	conn := connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{s.keyFile}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
	if out, err := conn.Exec(t.Context(), "the script", 100); err != nil || string(out) != "asked for: the script\n" {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestOpenSSHConfigurationHints(t *testing.T) {
	node := startSSHD(t, sshdOptions{})
	jump := startSSHD(t, sshdOptions{})
	node.authorize(t, publicOf(t, jump.keyFile))
	home := t.TempDir()
	write(t, filepath.Join(home, ".ssh", "id_node"), read(t, jump.keyFile))
	write(t, filepath.Join(home, ".ssh", "conf.d", "bastion.conf"), fmt.Sprintf("Host bastion\n  HostName 127.0.0.1\n  Port %d\n", jump.port(t)))
	config := write(t, filepath.Join(home, ".ssh", "config"), fmt.Sprintf(`# comment
Include conf.d/*.conf
Match exec "true"
  User somebody-else
Host wk-1
  HostName = 127.0.0.1
  Port %d
  ProxyJump bastion
Host *
  User %s
  IdentityFile ~/.ssh/id_%%r
  IdentityFile ~/.ssh/id_node
  ProxyJump bastion
`, node.port(t), node.user))
	cfg := remote.Config{
		ConfigFile: config, Home: home,
		KnownHosts: knownHosts(t, node.line(0), jump.line(0)),
	}
	conn := connect(t, newPool(t, cfg), "wk-1")
	if conn.Address() != node.addr || conn.Jump() != node.user+"@"+jump.addr {
		t.Errorf("address %s jump %s", conn.Address(), conn.Jump())
	}
	t.Run("own settings win", func(t *testing.T) {
		own := cfg
		own.User, own.Jump, own.KeyFiles = "nobody-of-that-name", "none", []string{node.keyFile}
		_, err := newPool(t, own).Connect(t.Context(), "wk-1")
		wantReason(t, err, "auth_failed", "nobody-of-that-name", node.keyFile)
	})
	t.Run("an address with a port keeps it", func(t *testing.T) {
		_, err := newPool(t, cfg).Connect(t.Context(), "wk-1:1")
		wantReason(t, err, "refused", `"127.0.0.1:1"`)
	})
}

func publicOf(t testing.TB, keyFile string) ssh.PublicKey {
	t.Helper()
	signer, err := ssh.ParsePrivateKey([]byte(read(t, keyFile)))
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}
