package remote_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh/agent"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

func TestOpenSSHLogins(t *testing.T) {
	wrong := writeKey(t, filepath.Join(t.TempDir(), "wrong"), newPrivate(t, "ed25519"), "")
	tests := []struct {
		name, config string
		cfg          func(s *sshd) remote.Config
		reason       string
		parts        []string
	}{
		{"with the right key", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{s.keyFile}}
		}, "", nil},
		{"with the right key after a wrong one", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{wrong, s.keyFile}}
		}, "", nil},
		{"with a wrong key", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{wrong}}
		}, "auth_failed", []string{"it takes publickey", "tried publickey with ssh-ed25519 SHA256:", wrong, "authorized_keys", "vmware-system-user"}},
		{"without a key", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user}
		}, "auth_failed", []string{"no key was there to offer", "--ssh-key"}},
		{"as somebody unknown", "", func(s *sshd) remote.Config {
			return remote.Config{User: "nobody-of-that-name", KeyFiles: []string{s.keyFile}}
		}, "auth_failed", []string{`"nobody-of-that-name"`}},
		{"where only passwords count", "PubkeyAuthentication no\nPasswordAuthentication yes", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{s.keyFile}}
		}, "auth_failed", []string{"it takes password", "neither password nor keyboard-interactive"}},
		{"where a key is not enough", "AuthenticationMethods publickey,password\nPasswordAuthentication yes", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{s.keyFile}}
		}, "auth_failed", []string{"it took publickey and wants more"}},
		{"with more keys than the server likes", "MaxAuthTries 2", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, KeyFiles: []string{wrong, writeKey(t, filepath.Join(s.dir, "w2"), newPrivate(t, "rsa"), ""), writeKey(t, filepath.Join(s.dir, "w3"), newPrivate(t, "ecdsa"), ""), s.keyFile}}
		}, "auth_failed", []string{"MaxAuthTries"}},
		{"with a key that lies in no file", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, Keys: []remote.Key{{Name: `secret "ns/web-ssh"`, PEM: readFile(t, s.keyFile)}}, DefaultKeyFiles: []string{wrong}}
		}, "", nil},
		{"with a default key beside one that lies in no file", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, Keys: []remote.Key{{Name: `secret "ns/web-ssh"`, PEM: readFile(t, wrong)}}, DefaultKeyFiles: []string{s.keyFile}}
		}, "", nil},
		{"with a wrong key that lies in no file", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, Keys: []remote.Key{{Name: `secret "ns/web-ssh"`, PEM: readFile(t, wrong)}}}
		}, "auth_failed", []string{`from secret "ns/web-ssh"`}},
		{"with default keys", "", func(s *sshd) remote.Config {
			return remote.Config{User: s.user, DefaultKeyFiles: []string{filepath.Join(s.dir, "absent"), s.keyFile}}
		}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := startSSHD(t, sshdOptions{config: tt.config})
			cfg := tt.cfg(s)
			cfg.KnownHosts = knownHosts(t, s.line(0))
			conn, err := newPool(t, cfg).Connect(t.Context(), s.addr)
			if tt.reason != "" {
				wantReason(t, err, tt.reason, tt.parts...)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			conn.Close()
		})
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOpenSSHKeysOfEveryKind(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			private := newPrivate(t, kind)
			s.authorize(t, signerOf(t, private).PublicKey())
			file := writeKey(t, filepath.Join(t.TempDir(), "id"), private, "")
			connect(t, newPool(t, remote.Config{User: s.user, KeyFiles: []string{file}, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
		})
		t.Run(kind+", encrypted", func(t *testing.T) {
			private := newPrivate(t, kind)
			s.authorize(t, signerOf(t, private).PublicKey())
			file := writeKey(t, filepath.Join(t.TempDir(), "id"), private, "open sesame")
			connect(t, newPool(t, remote.Config{
				User: s.user, KeyFiles: []string{file}, KnownHosts: knownHosts(t, s.line(0)),
				Passphrase: func(string) ([]byte, error) { return []byte("open sesame"), nil },
			}), s.addr)
		})
	}
}

// startAgent serves keys on a unix socket as ssh-agent does.
func startAgent(t *testing.T, keys ...any) string {
	t.Helper()
	// A socket's path has about 100 bytes; t.TempDir may be longer.
	dir, err := os.MkdirTemp("", "agent") //nolint:usetesting // a socket's path has about 100 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	keyring := agent.NewKeyring()
	for i, k := range keys {
		if err := keyring.Add(agent.AddedKey{PrivateKey: k, Comment: fmt.Sprintf("key %d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
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
				_ = agent.ServeAgent(keyring, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	return socket
}

func TestOpenSSHAgent(t *testing.T) {
	s := startSSHD(t, sshdOptions{})
	for _, kind := range []string{"rsa", "ecdsa", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			private := newPrivate(t, kind)
			s.authorize(t, signerOf(t, private).PublicKey())
			pool := newPool(t, remote.Config{User: s.user, UseAgent: true, AgentSocket: startAgent(t, newPrivate(t, "ed25519"), private), KnownHosts: knownHosts(t, s.line(0))})
			connect(t, pool, s.addr)
		})
	}
	t.Run("holds the key of an encrypted file", func(t *testing.T) {
		private := newPrivate(t, "ed25519")
		s.authorize(t, signerOf(t, private).PublicKey())
		file := writeKey(t, filepath.Join(t.TempDir(), "id"), private, "not asked for")
		pool := newPool(t, remote.Config{User: s.user, KeyFiles: []string{file}, UseAgent: true, AgentSocket: startAgent(t, private), KnownHosts: knownHosts(t, s.line(0))})
		connect(t, pool, s.addr)
	})
	t.Run("holds only wrong keys", func(t *testing.T) {
		pool := newPool(t, remote.Config{User: s.user, UseAgent: true, AgentSocket: startAgent(t, newPrivate(t, "rsa")), KnownHosts: knownHosts(t, s.line(0))})
		_, err := pool.Connect(t.Context(), s.addr)
		wantReason(t, err, "auth_failed", `from the agent ("key 0")`)
	})
	t.Run("is OpenSSH's own", func(t *testing.T) {
		private := newPrivate(t, "rsa")
		s.authorize(t, signerOf(t, private).PublicKey())
		file := writeKey(t, filepath.Join(t.TempDir(), "id"), private, "")
		socket := startSSHAgent(t, file)
		connect(t, newPool(t, remote.Config{User: s.user, UseAgent: true, AgentSocket: socket, KnownHosts: knownHosts(t, s.line(0))}), s.addr)
	})
}

// startSSHAgent runs OpenSSH's ssh-agent with one key.
func startSSHAgent(t *testing.T, keyFile string) string {
	t.Helper()
	binary, err := exec.LookPath("ssh-agent")
	if err != nil {
		t.Skip("no ssh-agent here: install openssh-client to run this test")
	}
	dir, err := os.MkdirTemp("", "agent") //nolint:usetesting // a socket's path has about 100 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(binary, "-D", "-a", socket)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	add := func() error {
		add := exec.Command("ssh-add", keyFile)
		add.Env = append(os.Environ(), "SSH_AUTH_SOCK="+socket)
		out, err := add.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	for range 100 {
		if err = add(); err == nil {
			return socket
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(err)
	return ""
}
