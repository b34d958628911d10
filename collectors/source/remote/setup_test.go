package remote_test

import (
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

func TestConfigurationsThatCannotWork(t *testing.T) {
	dir := t.TempDir()
	known := write(t, filepath.Join(dir, "known_hosts"), "")
	key := writeKey(t, filepath.Join(dir, "id"), newPrivate(t, "ed25519"), "")
	encrypted := writeKey(t, filepath.Join(dir, "encrypted"), newPrivate(t, "ed25519"), "secret")
	public := write(t, filepath.Join(dir, "id.pub"), string(ssh.MarshalAuthorizedKey(publicOf(t, key))))
	file := func(name, content string) string { return write(t, filepath.Join(dir, name), content) }
	huge := file("huge", "")
	if err := os.Truncate(huge, 1<<30); err != nil { // sparse
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		cfg   remote.Config
		parts []string
	}{
		{"unknown host key policy", remote.Config{HostKeyPolicy: "yes"}, []string{`"yes"`, "strict, accept-new, insecure"}},
		{"port out of range", remote.Config{Port: 70000}, []string{"70000"}},
		{"key file that is absent", remote.Config{KeyFiles: []string{dir + "/absent"}}, []string{dir + "/absent", "no such file", "--ssh-key"}},
		{"key file that is a folder", remote.Config{KeyFiles: []string{dir}}, []string{dir, "no regular file"}},
		{"key file that is huge", remote.Config{KeyFiles: []string{huge}}, []string{huge, "larger than"}},
		{"key file that holds a public key", remote.Config{KeyFiles: []string{public}}, []string{public, "without .pub"}},
		{"key file of PuTTY", remote.Config{KeyFiles: []string{file("a.ppk", "PuTTY-User-Key-File-3: ssh-ed25519\n")}}, []string{"puttygen"}},
		{"key file that holds something else", remote.Config{KeyFiles: []string{file("text", "hello")}}, []string{"no private key"}},
		{"encrypted key without passphrase", remote.Config{KeyFiles: []string{encrypted}}, []string{encrypted, "encrypted", "ssh-add '" + encrypted + "'"}},
		{"encrypted key with a wrong passphrase", remote.Config{
			KeyFiles:   []string{encrypted},
			Passphrase: func(string) ([]byte, error) { return []byte("wrong"), nil },
		}, []string{encrypted, "passphrase does not open it"}},
		{"passphrase that is not given", remote.Config{
			KeyFiles:   []string{encrypted},
			Passphrase: func(string) ([]byte, error) { return nil, errors.New("no terminal") },
		}, []string{encrypted, "no terminal"}},
		{"key in memory that is none", remote.Config{Keys: []remote.Key{{Name: `secret "ns/web-ssh"`, PEM: []byte("hello")}}}, []string{`secret "ns/web-ssh"`, "no private key"}},
		{"key in memory that is huge", remote.Config{Keys: []remote.Key{{Name: `secret "ns/web-ssh"`, PEM: make([]byte, 17<<10)}}}, []string{`secret "ns/web-ssh"`, "longer than"}},
		{"no known_hosts file named", remote.Config{KnownHosts: []string{}}, []string{"--ssh-known-hosts"}},
		{"no known_hosts file that exists", remote.Config{KnownHosts: []string{dir + "/a", dir + "/b"}}, []string{dir + "/a", "ssh-keyscan", "accept-new"}},
		{"known_hosts that is a folder", remote.Config{KnownHosts: []string{dir}}, []string{dir, "no regular file"}},
		{"known_hosts that is huge", remote.Config{KnownHosts: []string{huge}}, []string{huge, "larger"}},
		{"known_hosts with a broken line", remote.Config{KnownHosts: []string{file("broken", "\nhost ssh-ed25519 AAAA!\n")}}, []string{dir + "/broken:2", "delete that line"}},
		{"new keys with nowhere to record them", remote.Config{HostKeyPolicy: "accept-new", KnownHosts: []string{dir + "/no/such/folder"}}, []string{dir + "/no/such/folder", "--ssh-known-hosts"}},
		{"jump host without a name", remote.Config{Jump: "user@"}, []string{"names no host"}},
		{"jump host that is a URL", remote.Config{Jump: "ssh://bastion/"}, []string{"ssh://bastion/"}},
		{"jump hosts with an empty one", remote.Config{Jump: "a,,b"}, []string{"names no host"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.cfg.KnownHosts == nil {
				tt.cfg.KnownHosts = []string{known}
			}
			_, err := remote.NewPool(tt.cfg)
			if err == nil {
				t.Fatal("no error")
			}
			for _, part := range tt.parts {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("lacks %q: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), "\n") || remote.Hint(err) != "" {
				t.Errorf("not one line with its cure: %q, hint %q", err, remote.Hint(err))
			}
		})
	}
}

func TestAbsentKnownHostsFilesBesideOthersArePassedOver(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{})
	there := knownHosts(t, s.KnownHosts())[0]
	pool := newPool(t, remote.Config{KnownHosts: []string{filepath.Join(t.TempDir(), "absent"), there}})
	connect(t, pool, s.Addr())
}

func TestAgentThatDoesNotAnswerIsAWarning(t *testing.T) {
	known := knownHosts(t, "")
	t.Run("absent", func(t *testing.T) {
		pool := newPool(t, remote.Config{KnownHosts: known, UseAgent: true, AgentSocket: filepath.Join(t.TempDir(), "s")})
		if w := pool.Warnings(); len(w) != 1 || !strings.Contains(w[0], "asking the SSH agent") {
			t.Errorf("warnings %q", w)
		}
	})
	t.Run("silent", func(t *testing.T) {
		socket := silentSocket(t)
		within(t, func() {
			pool := newPool(t, remote.Config{KnownHosts: known, UseAgent: true, AgentSocket: socket, ConnectTimeout: time.Second})
			if w := pool.Warnings(); len(w) != 1 || !strings.Contains(w[0], "does not answer") {
				t.Errorf("warnings %q", w)
			}
		})
	})
	t.Run("not there to use", func(t *testing.T) {
		if w := newPool(t, remote.Config{KnownHosts: known, UseAgent: true}).Warnings(); len(w) != 0 {
			t.Errorf("warnings %q", w)
		}
	})
}

func TestEncryptedDefaultKeyIsNamedWhenTheLoginFails(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{sshtest.NewKey(t).PublicKey()}})
	encrypted := writeKey(t, filepath.Join(t.TempDir(), "id"), newPrivate(t, "ed25519"), "secret")
	pool := trusting(t, remote.Config{DefaultKeyFiles: []string{encrypted}}, s)
	_, err := pool.Connect(t.Context(), s.Addr())
	wantReason(t, err, "auth_failed", encrypted, "is encrypted")
}

func TestUserCertificateBesideAKeyIsOffered(t *testing.T) {
	authority, private := sshtest.NewKey(t), newPrivate(t, "ed25519")
	cert := &ssh.Certificate{
		Key: signerOf(t, private).PublicKey(), CertType: ssh.UserCert,
		ValidPrincipals: []string{"tester"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := cert.SignCert(nonRandom{}, authority); err != nil {
		t.Fatal(err)
	}
	file := writeKey(t, filepath.Join(t.TempDir(), "id"), private, "")
	write(t, file+"-cert.pub", string(ssh.MarshalAuthorizedKey(cert)))
	s := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{cert}})
	connect(t, trusting(t, remote.Config{KeyFiles: []string{file}}, s), s.Addr())
}

// nonRandom is enough for a nonce in a test.
type nonRandom struct{}

func (nonRandom) Read(p []byte) (int, error) { return len(p), nil }

func TestAddressesThatNameNoHost(t *testing.T) {
	pool := newPool(t, remote.Config{KnownHosts: knownHosts(t, "")})
	for _, address := range []string{"", ":22", "a b", "a,b", "*", "host:0", "host:x", "::1:22:", "[::1", "-oProxyCommand=x", "a\nb", "h/x"} {
		_, err := pool.Connect(t.Context(), address)
		wantReason(t, err, "internal", "reading address")
	}
}

func TestNobodyToLogInAs(t *testing.T) {
	pool, err := remote.NewPool(remote.Config{KnownHosts: knownHosts(t, "")})
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	_, err = pool.Connect(t.Context(), "10.0.0.5")
	wantReason(t, err, "internal", "--ssh-user")
}

func TestDirectConnectionsThatFail(t *testing.T) {
	pool := newPool(t, remote.Config{KnownHosts: knownHosts(t, ""), ConnectTimeout: time.Second})
	t.Run("nothing listens", func(t *testing.T) {
		_, err := pool.Connect(t.Context(), closedPort(t))
		wantReason(t, err, "refused", "connection refused", "--ssh-port")
	})
	t.Run("the context has ended", func(t *testing.T) {
		_, err := pool.Connect(withTimeout(t, 0), "127.0.0.1:1")
		wantReason(t, err, "timeout_connect")
	})
	t.Run("the name does not exist", func(t *testing.T) {
		_, err := pool.Connect(t.Context(), "no-such-host.invalid")
		wantReason(t, err, "dns", "--node NAME=ADDRESS")
	})
}

func TestConnectionsAreClosedWithThePool(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{Fault: sshtest.NeverClose})
	pool := trusting(t, remote.Config{}, s)
	conn := connect(t, pool, s.Addr())
	time.AfterFunc(50*time.Millisecond, pool.Close)
	within(t, func() {
		_, err := conn.Exec(t.Context(), "sleep", 10)
		wantReason(t, err, "unreachable")
	})
	pool.Close()
	conn.Close()
	conn.Close()
}

func TestErrorsKeepTheirCause(t *testing.T) {
	s := sshtest.Start(t, sshtest.Options{NoForwarding: true})
	conn := connect(t, trusting(t, remote.Config{}, s), s.Addr())
	_, err := conn.DialContext(t.Context(), "tcp", "registry.example:443")
	wantReason(t, err, "forwarding_prohibited", `"registry.example:443"`)
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); !ok || refused.Reason != ssh.Prohibited {
		t.Errorf("cause %v", refused)
	}
	if got := remote.Reason(fmt.Errorf("probing: %w", err)); got != "forwarding_prohibited" {
		t.Errorf("wrapped reason %s", got)
	}
}
