package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// keypair writes a private and a public key, name.pem and name.pub. Each name has
// a key of its own.
func keypair(t *testing.T, name string) {
	t.Helper()
	pair := certtest.Seeded(time.Now(), filepath.Base(name)).Root("Key")
	public, err := x509.MarshalPKIXPublicKey(pair.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	if err := errors.Join(os.WriteFile(name+".pem", pair.KeyPEM(), 0o600), os.WriteFile(name+".pub", text, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// tamper changes one letter of the first policy in a bundle.
func tamper(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	w, done := tar.NewWriter(packed), false
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !done && strings.HasSuffix(h.Name, ".rego") {
			done = true
			content = bytes.Replace(content, []byte("our"), []byte("OUR"), 1)
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), packed.Close(), os.WriteFile(to, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// bundleHouse is a working folder with policies, keys and a registry behind TLS.
type bundleHouse struct {
	dir, registry string
	server        *httptest.Server
	asked         atomic.Int64
}

func newBundleHouse(t *testing.T) *bundleHouse {
	t.Helper()
	h := &bundleHouse{dir: t.TempDir()}
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	ca := certtest.New(time.Now()).Root("Registry Root")
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.asked.Add(1)
		store.ServeHTTP(w, r)
	}))
	h.server.TLS = ca.Leaf("registry.corp.example", certtest.IPs("127.0.0.1")).ServerConfig()
	h.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.server.StartTLS()
	t.Cleanup(h.server.Close)
	h.registry = "oci://" + h.server.Listener.Addr().String()
	place(t, h.dir, "ca.pem", string(ca.PEM()))
	place(t, h.dir, "house/images.rego", "# METADATA\n# title: Images come from our registry\n# custom: {id: HOUSE-001}\npackage house.images\n\n"+
		"deny contains {\"subject\": {\"kind\": \"pod\", \"name\": name}, \"msg\": \"x\"} if {\n\tsome name, pod in input.pods\n\tsome image in pod.images\n\tnot startswith(image, data.house.allowed.prefix)\n}\n")
	place(t, h.dir, "house/house/allowed/data.yaml", "prefix: registry.house.example/\n")
	keypair(t, filepath.Join(h.dir, "house"))
	keypair(t, filepath.Join(h.dir, "other"))
	return h
}

func (h *bundleHouse) run(t *testing.T, args ...string) ended {
	t.Helper()
	return process{args: args, dir: h.dir}.run(t)
}

// good runs a command that must succeed, and returns what it says.
func (h *bundleHouse) good(t *testing.T, args ...string) string {
	t.Helper()
	got := h.run(t, args...)
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("regpolicy %s: exit code %d\n%s", strings.Join(args, " "), got.code, got.stderr)
	}
	return strings.TrimSuffix(got.stdout, "\n")
}

// results are an evaluation's results by these policies.
func (h *bundleHouse) results(t *testing.T, args ...string) (any, ended) {
	t.Helper()
	document, err := filepath.Abs(filepath.Join(fixturesDir, "secret-encoded-once/document.json"))
	if err != nil {
		t.Fatal(err)
	}
	got := h.run(t, append([]string{"eval", "--no-builtin", "-o", "json", document, "--bundle-key", "house.pub"}, args...)...)
	if got.code != exitFailed {
		t.Fatalf("eval %s: exit code %d\n%s", strings.Join(args, " "), got.code, got.stderr)
	}
	var rep map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &rep); err != nil {
		t.Fatal(err)
	}
	return []any{rep["results"], rep["summary"], rep["diagnosis"]}, got
}

// TestBundleFromRegistry is the way of a bundle: built, verified, pushed, pulled
// and judged by; then the registry goes away.
func TestBundleFromRegistry(t *testing.T) {
	h := newBundleHouse(t)
	want, _ := h.results(t, "-p", "house")
	h.good(t, "bundle", "build", "house", "-o", "house.tar.gz", "--revision", "7", "--signing-key", "house.pem")
	h.good(t, "bundle", "verify", "house.tar.gz", "--verification-key", "house.pub")
	tag := h.registry + "/team/policies:7"
	pinned := h.good(t, "bundle", "push", "house.tar.gz", tag, "--ca-file", "ca.pem")
	if !strings.HasPrefix(pinned, h.registry+"/team/policies@sha256:") {
		t.Fatalf("push says %q", pinned)
	}
	if got := h.good(t, "bundle", "pull", tag, "-o", "pulled.tar.gz", "--ca-file", "ca.pem"); got != pinned {
		t.Errorf("pull says %q, push %q", got, pinned)
	}
	built, errBuilt := os.ReadFile(filepath.Join(h.dir, "house.tar.gz"))
	pulled, errPulled := os.ReadFile(filepath.Join(h.dir, "pulled.tar.gz"))
	if err := errors.Join(errBuilt, errPulled); err != nil || !bytes.Equal(built, pulled) {
		t.Errorf("what was pulled is not what was built: %v", err)
	}
	if got := h.good(t, "bundle", "verify", tag, "--verification-key", "house.pub", "--ca-file", "ca.pem"); !strings.Contains(got, "reference  "+pinned+"\n") {
		t.Errorf("verify says\n%s", got)
	}

	same := func(t *testing.T, args ...string) ended {
		t.Helper()
		got, ended := h.results(t, args...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("not as with the folder (-want +got):\n%s", diff)
		}
		return ended
	}
	for name, args := range map[string][]string{
		"file": {"-p", "house.tar.gz"}, "tag": {"-p", tag, "--ca-file", "ca.pem"},
		"without a scheme": {"-p", strings.TrimPrefix(tag, "oci://"), "--ca-file", "ca.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := same(t, args...); got.stderr != "" {
				t.Errorf("stderr: %s", got.stderr)
			}
		})
	}
	t.Run("digest, asking nobody", func(t *testing.T) {
		asked := h.asked.Load()
		if got := same(t, "-p", pinned); got.stderr != "" {
			t.Errorf("stderr: %s", got.stderr)
		}
		if h.asked.Load() != asked {
			t.Error("the registry was asked")
		}
	})
	t.Run("another key", func(t *testing.T) {
		h.run(t, "eval", documentWith(t), "-p", pinned, "--bundle-key", "other.pub").checkComplaint(t, exitUsage, "signed by the key")
		h.run(t, "bundle", "verify", pinned, "--verification-key", "other.pub").checkComplaint(t, exitUsage, "signed by the key")
	})
	t.Run("no CA", func(t *testing.T) {
		got := h.run(t, "list", "-p", tag)
		got.checkComplaint(t, exitUsage, "certificate")
		if !strings.Contains(got.stderr, "--ca-file") {
			t.Errorf("no cure: %s", got.stderr)
		}
	})

	h.server.Close()
	t.Run("pinned, with no registry", func(t *testing.T) {
		if got := same(t, "-p", pinned); got.stderr != "" {
			t.Errorf("stderr: %s", got.stderr)
		}
	})
	t.Run("a tag, with no registry", func(t *testing.T) {
		got := same(t, "-p", tag, "--ca-file", "ca.pem")
		_, digest, _ := strings.Cut(pinned, "@")
		if strings.Count(got.stderr, "\n") != 1 || !strings.HasPrefix(got.stderr, "warning: ") || !strings.Contains(got.stderr, digest) {
			t.Errorf("stderr is no warning that names the digest: %s", got.stderr)
		}
	})
	t.Run("another tag, with no registry", func(t *testing.T) {
		h.run(t, "list", "-p", h.registry+"/team/policies:8").checkComplaint(t, exitUsage, "connection refused")
		h.run(t, "list", "--offline", "-p", h.registry+"/team/policies:8").checkComplaint(t, exitUsage, "does not hold it")
	})
}

// TestBundleOfOtherBytes pushes what is no signed bundle of ours.
func TestBundleOfOtherBytes(t *testing.T) {
	h := newBundleHouse(t)
	h.good(t, "bundle", "build", "house", "-o", "house.tar.gz", "--signing-key", "house.pem")
	h.good(t, "bundle", "build", "house", "-o", "unsigned.tar.gz")
	tamper(t, filepath.Join(h.dir, "house.tar.gz"), filepath.Join(h.dir, "tampered.tar.gz"))
	for name, says := range map[string]string{"unsigned": "it is not signed", "tampered": "digest mismatch"} {
		t.Run(name, func(t *testing.T) {
			pinned := h.good(t, "bundle", "push", name+".tar.gz", h.registry+"/team/"+name, "--ca-file", "ca.pem")
			h.run(t, "list", "-p", pinned, "--ca-file", "ca.pem", "--bundle-key", "house.pub").checkComplaint(t, exitUsage, says)
		})
	}
}
