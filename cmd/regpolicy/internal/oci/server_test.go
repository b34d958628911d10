package oci

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// bench is a registry behind TLS, and a client of it.
type bench struct {
	server *httptest.Server
	client *Client
	// before looks at each request; true says that it has answered.
	before   func(http.ResponseWriter, *http.Request) bool
	asked    atomic.Int32
	warnings []string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{}
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	// No two benches have the same CA.
	ca := certtest.Seeded(time.Now(), t.TempDir()).Root("Registry Root")
	b.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		if b.before == nil || !b.before(w, r) {
			store.ServeHTTP(w, r)
		}
	}))
	b.server.TLS = ca.Leaf("registry.corp.example", certtest.IPs("127.0.0.1")).ServerConfig()
	b.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	b.server.StartTLS()
	t.Cleanup(b.server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate)
	b.client = &Client{
		Cache: t.TempDir(), Roots: roots, Timeout: 20 * time.Second,
		Now:  func() time.Time { return time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC) },
		Warn: func(text string) { b.warnings = append(b.warnings, text) },
	}
	return b
}

// ref is a reference into the registry, "team/policies:1".
func (b *bench) ref(t *testing.T, rest string) Reference {
	t.Helper()
	ref, err := ParseReference("oci://" + b.server.Listener.Addr().String() + "/" + rest)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// push stores some bytes; the registry does not care whether they are a bundle.
func (b *bench) push(t *testing.T, rest, text string) (digest string) {
	t.Helper()
	digest, err := b.client.Push(t.Context(), b.ref(t, rest), []byte(text), "7")
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func (b *bench) wantPulled(t *testing.T, rest, want string) *Pulled {
	t.Helper()
	got, err := b.client.Pull(t.Context(), b.ref(t, rest))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Content) != want {
		t.Errorf("%s holds %q, want %q", rest, got.Content, want)
	}
	return got
}

// wantFault wants an error with a cure.
func wantFault(t *testing.T, err error, says, hint string) {
	t.Helper()
	known, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error %v has no cure", err)
	}
	if !strings.Contains(known.Error(), says) || strings.Contains(known.Error(), "\n") {
		t.Errorf("error does not say %q: %s", says, known)
	}
	if !strings.Contains(known.Hint, hint) {
		t.Errorf("hint does not say %q: %s", hint, known.Hint)
	}
}

// record is an answer that is changed before it is sent.
func record(r *http.Request, next http.Handler, change func([]byte) []byte, w http.ResponseWriter) {
	kept := httptest.NewRecorder()
	next.ServeHTTP(kept, r)
	maps.Copy(w.Header(), kept.Header())
	w.WriteHeader(kept.Code)
	_, _ = io.Copy(w, bytes.NewReader(change(kept.Body.Bytes())))
}
