package remote_test

import (
	"io"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// listing is as long as what one node sends.
const listing = 276 << 10

func benchmarkPool(b *testing.B) (*remote.Pool, string) {
	b.Helper()
	private := newPrivate(b, "ed25519")
	output := make([]byte, listing)
	s := sshtest.Start(b, sshtest.Options{
		Authorized: []ssh.PublicKey{signerOf(b, private).PublicKey()},
		Exec: func(_ string, stdout, _ io.Writer) int {
			_, _ = stdout.Write(output)
			return 0
		},
	})
	key := writeKey(b, filepath.Join(b.TempDir(), "id"), private, "")
	return trusting(b, remote.Config{KeyFiles: []string{key}}, s), s.Addr()
}

func BenchmarkConnectAndExec(b *testing.B) {
	pool, address := benchmarkPool(b)
	b.SetBytes(listing)
	for b.Loop() {
		conn, err := pool.Connect(b.Context(), address)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Exec(b.Context(), "list", 2<<20); err != nil {
			b.Fatal(err)
		}
		conn.Close()
	}
}

func BenchmarkExec(b *testing.B) {
	pool, address := benchmarkPool(b)
	conn := connect(b, pool, address)
	b.SetBytes(listing)
	for b.Loop() {
		if _, err := conn.Exec(b.Context(), "list", 2<<20); err != nil {
			b.Fatal(err)
		}
	}
}
