package remote_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/skeema/knownhosts"
	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newPrivate makes a key of type "ed25519", "ecdsa" or "rsa".
func newPrivate(t testing.TB, kind string) any {
	t.Helper()
	var key any
	var err error
	switch kind {
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ecdsa":
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func signerOf(t testing.TB, private any) ssh.Signer {
	t.Helper()
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// writeKey writes a key in OpenSSH's format, encrypted if there is a passphrase.
func writeKey(t testing.TB, file string, private any, passphrase string) string {
	t.Helper()
	var block *pem.Block
	var err error
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	return write(t, file, string(pem.EncodeToMemory(block)))
}

func write(t testing.TB, file, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func read(t testing.TB, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// newPool makes a pool whose timeouts, unless the test sets its own, are longer
// than within waits.
func newPool(t testing.TB, cfg remote.Config) *remote.Pool {
	t.Helper()
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = time.Minute
	}
	if cfg.ExecTimeout == 0 {
		cfg.ExecTimeout = time.Minute
	}
	if cfg.User == "" && cfg.ConfigFile == "" {
		cfg.DefaultUser = "tester"
	}
	pool, err := remote.NewPool(cfg)
	if err != nil {
		t.Fatalf("NewPool: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func connect(t testing.TB, pool *remote.Pool, address string) *remote.Conn {
	t.Helper()
	conn, err := pool.Connect(t.Context(), address)
	if err != nil {
		t.Fatalf("Connect(%q): %v (hint: %s)", address, err, remote.Hint(err))
	}
	t.Cleanup(conn.Close)
	return conn
}

// wantReason checks an error's reason, that its text holds each part, and that
// it is fit to be printed.
func wantReason(t testing.TB, err error, reason string, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want reason %s", reason)
	}
	if got := remote.Reason(err); got != reason {
		t.Fatalf("reason %s, want %s: %v", got, reason, err)
	}
	if !slices.Contains(evidence.Reasons, reason) {
		t.Errorf("reason %s is not in evidence.Reasons", reason)
	}
	if _, ok := errors.AsType[*remote.Error](err); !ok {
		t.Errorf("%T is no *remote.Error", err)
	}
	text := err.Error() + "\n" + remote.Hint(err)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("error or hint lacks %q:\n%s", part, text)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(remote.Hint(err), "\n") {
		t.Errorf("more than one line: %q", text)
	}
}

// within fails the test when fn waits for something that never comes. The limit
// leaves room for a busy machine.
func within(t testing.TB, fn func()) {
	t.Helper()
	const limit = 15 * time.Second
	start := time.Now()
	fn()
	if took := time.Since(start); took > limit {
		t.Errorf("took %s, want at most %s", took.Round(time.Millisecond), limit)
	}
}

func withTimeout(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// knownAddress is an address as known_hosts writes it.
func knownAddress(address string) string { return knownhosts.Normalize(address) }

// hashed is a host name as ssh-keygen -H writes it.
func hashed(t testing.TB, host string) string {
	t.Helper()
	return xknownhosts.HashHostname(host)
}
