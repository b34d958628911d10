package remote_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
)

// sshd is OpenSSH's server, with its own host keys, on loopback.
type sshd struct {
	addr       string
	user       string // who may log in: whoever runs the test
	hostKeys   []ssh.Signer
	authorized string // its AuthorizedKeysFile
	keyFile    string // a private key that may log in
	dir        string
}

// sshdOptions are the differences to a plain server.
type sshdOptions struct {
	hostKeys []string // kinds, see newPrivate; default one Ed25519 key
	config   string   // lines before the others; sshd takes the first of each
}

// findSSHD skips the test where no sshd is installed, and fails it there when
// REGPOLICY_REQUIRE_SSHD=1 says that there must be one.
func findSSHD(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"sshd", "/usr/sbin/sshd"} {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.Abs(path); err == nil { // sshd re-executes itself
				return path
			}
		}
	}
	const missing = "no sshd here: install openssh-server to run the tests against the real one"
	if os.Getenv("REGPOLICY_REQUIRE_SSHD") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

func startSSHD(t testing.TB, o sshdOptions) *sshd {
	t.Helper()
	binary := findSSHD(t)
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 { // sshd run by root asks for its folder of privilege separation
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s := &sshd{user: me.Username, dir: t.TempDir()}
	s.authorized = filepath.Join(s.dir, "authorized_keys")
	client := newPrivate(t, "ed25519")
	s.keyFile = writeKey(t, filepath.Join(s.dir, "id_ed25519"), client, "")
	s.authorize(t, signerOf(t, client).PublicKey())

	var config strings.Builder
	config.WriteString(o.config + "\n")
	if len(o.hostKeys) == 0 {
		o.hostKeys = []string{"ed25519"}
	}
	for i, kind := range o.hostKeys {
		private := newPrivate(t, kind)
		s.hostKeys = append(s.hostKeys, signerOf(t, private))
		file := writeKey(t, filepath.Join(s.dir, fmt.Sprintf("host_%d", i)), private, "")
		fmt.Fprintf(&config, "HostKey %s\n", file)
	}
	fmt.Fprintf(&config, "AuthorizedKeysFile %s\n", s.authorized)
	config.WriteString("StrictModes no\nUsePAM no\nPidFile none\nLogLevel VERBOSE\nPermitRootLogin yes\n" +
		"PasswordAuthentication no\nKbdInteractiveAuthentication no\nPrintMotd no\n")
	for range 5 { // somebody may take the port meanwhile
		if s.start(t, binary, config.String()) {
			return s
		}
	}
	t.Fatal("sshd did not start")
	return nil
}

// start runs the server until the test ends; false when it did not come up.
func (s *sshd) start(t testing.TB, binary, config string) bool {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(s.addr)
	file := write(t, filepath.Join(s.dir, "sshd_config"), config+"ListenAddress 127.0.0.1\nPort "+port+"\n")
	var log syncBuffer
	cmd := exec.Command(binary, "-D", "-e", "-f", file)
	cmd.Stderr = &log
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	stop := func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	if !s.answers(ended) {
		stop()
		t.Logf("sshd: %s", log.String())
		return false
	}
	t.Cleanup(func() {
		stop()
		if t.Failed() {
			t.Logf("sshd at %s: %s", s.addr, log.String())
		}
	})
	return true
}

func (s *sshd) answers(ended <-chan struct{}) bool {
	for range 200 {
		select {
		case <-ended:
			return false
		case <-time.After(25 * time.Millisecond):
		}
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			continue
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		greeting := make([]byte, 4)
		_, err = conn.Read(greeting)
		conn.Close()
		if err == nil && string(greeting) == "SSH-" {
			return true
		}
	}
	return false
}

func (s *sshd) authorize(t testing.TB, keys ...ssh.PublicKey) {
	t.Helper()
	var lines strings.Builder
	for _, k := range keys {
		lines.Write(ssh.MarshalAuthorizedKey(k))
	}
	write(t, s.authorized, lines.String())
}

func (s *sshd) port(t testing.TB) int {
	t.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// line is the known_hosts line of its i-th key for an address.
func (s *sshd) line(i int) string {
	return knownhosts.Line([]string{s.addr}, s.hostKeys[i].PublicKey()) + "\n"
}

// knownHosts writes a known_hosts file of these lines.
func knownHosts(t testing.TB, lines ...string) []string {
	t.Helper()
	return []string{write(t, filepath.Join(t.TempDir(), "known_hosts"), strings.Join(lines, ""))}
}

// syncBuffer is a buffer that a process writes while a test reads it.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
