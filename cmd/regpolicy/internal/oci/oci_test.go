package oci

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/registry/remote"
)

func TestPushAndPull(t *testing.T) {
	b := newBench(t)
	digest := b.push(t, "team/policies:1", "bundle one")
	if again := b.push(t, "team/policies:same", "bundle one"); again != digest {
		t.Errorf("the same bundle has the digests %s and %s", digest, again)
	}
	if got := b.wantPulled(t, "team/policies:1", "bundle one"); got.Digest != digest {
		t.Errorf("digest %s, want %s", got.Digest, digest)
	}
	b.wantPulled(t, "team/policies@"+digest, "bundle one")

	t.Run("a tag that moves is followed", func(t *testing.T) {
		b.push(t, "team/policies:1", "bundle two")
		b.wantPulled(t, "team/policies:1", "bundle two")
		b.wantPulled(t, "team/policies@"+digest, "bundle one")
	})
	t.Run("latest is the tag that is not written", func(t *testing.T) {
		b.push(t, "team/policies", "bundle three")
		b.wantPulled(t, "team/policies:latest", "bundle three")
	})
	if len(b.warnings) > 0 {
		t.Errorf("warnings: %q", b.warnings)
	}
	t.Run("a digest cannot be pushed to", func(t *testing.T) {
		_, err := b.client.Push(t.Context(), b.ref(t, "team/policies@"+digest), []byte("x"), "")
		wantFault(t, err, "a digest cannot be chosen", ":TAG")
	})
	t.Run("what is not there", func(t *testing.T) {
		_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:99"))
		wantFault(t, err, `team/policies:99": `, "check the repository and the tag")
	})
}

// TestWithoutNetwork closes the registry: what is pinned and was pulled is at
// hand, a tag is as it was, and the rest is told.
func TestWithoutNetwork(t *testing.T) {
	b := newBench(t)
	digest := b.push(t, "team/policies:1", "bundle one")
	other := b.push(t, "team/policies:2", "bundle two")
	b.wantPulled(t, "team/policies:1", "bundle one")
	asked := b.asked.Load()
	b.wantPulled(t, "team/policies@"+digest, "bundle one")
	if b.asked.Load() != asked {
		t.Errorf("the registry was asked for what is pinned and in the cache")
	}
	b.server.Close()
	b.wantPulled(t, "team/policies@"+digest, "bundle one")
	if len(b.warnings) > 0 {
		t.Errorf("a pinned bundle warns: %q", b.warnings)
	}
	b.wantPulled(t, "team/policies:1", "bundle one")
	if len(b.warnings) != 1 || !strings.Contains(b.warnings[0], digest) || !strings.Contains(b.warnings[0], "2026-11-25T08:00:00Z") {
		t.Errorf("warnings %q, want one that names the digest and when", b.warnings)
	}
	for _, rest := range []string{"team/policies:2", "team/policies@" + other} {
		_, err := b.client.Pull(t.Context(), b.ref(t, rest))
		wantFault(t, err, "connection refused", "--offline")
	}

	b.client.Offline = true
	b.wantPulled(t, "team/policies@"+digest, "bundle one")
	b.wantPulled(t, "team/policies:1", "bundle one")
	for _, rest := range []string{"team/policies:2", "team/policies@" + other} {
		_, err := b.client.Pull(t.Context(), b.ref(t, rest))
		wantFault(t, err, "does not hold it", "without --offline")
	}
	_, err := b.client.Push(t.Context(), b.ref(t, "team/policies:1"), []byte("x"), "")
	wantFault(t, err, "--offline is given", "leave --offline away")
}

func TestOfflineAsksNobody(t *testing.T) {
	b := newBench(t)
	digest := b.push(t, "team/policies:1", "bundle one")
	b.client.Offline = true
	asked := b.asked.Load()
	for _, rest := range []string{"team/policies:1", "team/policies@" + digest} {
		if _, err := b.client.Pull(t.Context(), b.ref(t, rest)); err == nil {
			t.Errorf("%s was pulled", rest)
		}
	}
	if b.asked.Load() != asked {
		t.Error("the registry was asked")
	}
}

// TestTrustIsNotFallenBackFrom: a registry that cannot be trusted any more is no
// reason to go on with what the cache holds.
func TestTrustIsNotFallenBackFrom(t *testing.T) {
	b := newBench(t)
	b.push(t, "team/policies:1", "bundle one")
	b.wantPulled(t, "team/policies:1", "bundle one")
	b.client.Roots = newBench(t).client.Roots
	_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:1"))
	wantFault(t, err, "certificate", "--ca-file")
	b = newBench(t)
	b.push(t, "team/policies:1", "bundle one")
	b.wantPulled(t, "team/policies:1", "bundle one")
	b.before = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true }
	_, err = b.client.Pull(t.Context(), b.ref(t, "team/policies:1"))
	wantFault(t, err, "403", "docker login")
	b.before = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
	b.wantPulled(t, "team/policies:1", "bundle one")
}

// TestTampered changes one byte of what the registry sends.
func TestTampered(t *testing.T) {
	for _, part := range []string{"/blobs/", "/manifests/"} {
		t.Run(part, func(t *testing.T) {
			b := newBench(t)
			digest := b.push(t, "team/policies:1", "bundle one")
			before := b.server.Config.Handler
			b.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, part) {
					before.ServeHTTP(w, r)
					return
				}
				record(r, before, func(body []byte) []byte { body[len(body)/2] ^= 1; return body }, w)
			})
			for _, rest := range []string{"team/policies:1", "team/policies@" + digest} {
				_, err := b.client.Pull(t.Context(), b.ref(t, rest))
				wantFault(t, err, "digest", "do not use it")
			}
			b.server.Config.Handler = before
			b.wantPulled(t, "team/policies:1", "bundle one")
		})
	}
}

func TestDamagedCache(t *testing.T) {
	b := newBench(t)
	digest := b.push(t, "team/policies:1", "bundle one")
	b.wantPulled(t, "team/policies:1", "bundle one")
	damage := func(dir string) {
		files, err := filepath.Glob(filepath.Join(b.client.Cache, dir, "*"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no files in %q: %v", dir, err)
		}
		for _, file := range files {
			if err := errors.Join(os.Remove(file), os.WriteFile(file, []byte("damaged"), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
	}
	damage("blobs/sha256")
	b.wantPulled(t, "team/policies@"+digest, "bundle one")
	damage("tags")
	b.wantPulled(t, "team/policies:1", "bundle one")
	damage("blobs/sha256")
	b.client.Offline = true
	_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies@"+digest))
	wantFault(t, err, "does not hold it", "")
}

func TestCacheThatCannotBeWritten(t *testing.T) {
	b := newBench(t)
	b.push(t, "team/policies:1", "bundle one")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.client.Cache = filepath.Join(file, "cache")
	b.wantPulled(t, "team/policies:1", "bundle one")
	if len(b.warnings) == 0 || !strings.Contains(b.warnings[0], "in the cache") {
		t.Errorf("warnings %q", b.warnings)
	}
	b.client.Cache, b.warnings = "", nil
	b.wantPulled(t, "team/policies:1", "bundle one")
	if len(b.warnings) > 0 {
		t.Errorf("without a cache it warns: %q", b.warnings)
	}
}

// TestSlowServer holds answers back: nothing at all, and half a bundle.
func TestSlowServer(t *testing.T) {
	for name, stop := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"silent": func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true },
		"halfway": func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "bundl")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return true
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.push(t, "team/policies:1", "bundle one")
			b.before, b.client.Timeout = stop, 300*time.Millisecond
			began := time.Now()
			_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:1"))
			wantFault(t, err, "context deadline exceeded", "check host and port")
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			ctx, cancel := context.WithCancel(t.Context())
			b.client.Timeout = time.Minute
			time.AfterFunc(100*time.Millisecond, cancel)
			if _, err = b.client.Pull(ctx, b.ref(t, "team/policies:1")); !errors.Is(err, context.Canceled) {
				t.Errorf("interrupted: %v", err)
			}
		})
	}
}

func TestConnectionCutOff(t *testing.T) {
	b := newBench(t)
	b.push(t, "team/policies:1", "bundle one")
	b.before = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		w.Header().Set("Content-Length", "10")
		fmt.Fprint(w, "bundl")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:1"))
	wantFault(t, err, "unexpected EOF", "check host and port")
}

// pushManifest stores a manifest that no honest client would.
func (b *bench) pushManifest(t *testing.T, tag string, layers ...ocispec.Descriptor) {
	t.Helper()
	text, err := json.Marshal(ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, Layers: layers})
	if err != nil {
		t.Fatal(err)
	}
	ref := b.ref(t, "team/policies:"+tag)
	err = b.client.with(t.Context(), ref, func(ctx context.Context, r *remote.Repository) error {
		head := content.NewDescriptorFromBytes(ocispec.MediaTypeImageManifest, text)
		return r.Manifests().PushReference(ctx, head, bytes.NewReader(text), tag)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoBundle(t *testing.T) {
	b := newBench(t)
	b.push(t, "team/policies:1", "bundle one")
	layer := content.NewDescriptorFromBytes(ocispec.MediaTypeImageLayerGzip, []byte("bundle one"))
	plain, large := layer, layer
	plain.MediaType, large.Size = ocispec.MediaTypeImageLayer, 17<<20
	b.pushManifest(t, "none")
	b.pushManifest(t, "plain", plain)
	b.pushManifest(t, "large", large)
	b.pushManifest(t, "second", plain, layer)
	b.wantPulled(t, "team/policies:second", "bundle one")
	for tag, says := range map[string]string{"none": "no layer", "plain": "no layer", "large": "16 MiB at most"} {
		_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:"+tag))
		wantFault(t, err, says, "")
	}
	t.Run("more bytes than it says", func(t *testing.T) {
		b.client.Cache = t.TempDir()
		b.before = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				return false
			}
			fmt.Fprint(w, "bundle one and more")
			return true
		}
		if _, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:1")); err == nil {
			t.Error("it was pulled")
		}
	})
}

func TestPlainHTTP(t *testing.T) {
	store := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		store.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	b := newBench(t)
	here, err := ParseReference(strings.TrimPrefix(server.URL, "http://") + "/team/policies:1")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("on this machine without asking", func(t *testing.T) {
		if _, err := b.client.Push(t.Context(), here, []byte("bundle one"), ""); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("elsewhere only when asked for", func(t *testing.T) {
		// No name of this machine is used: a proxy stands for the way there.
		b.client.Proxy = http.ProxyURL(mustURL(t, server.URL))
		away, err := ParseReference("registry.corp.example/team/policies:1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.client.Push(t.Context(), away, []byte("bundle one"), ""); err == nil {
			t.Fatal("it was pushed without TLS")
		}
		b.client.PlainHTTP = true
		if _, err := b.client.Push(t.Context(), away, []byte("bundle one"), ""); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("not by being led there", func(t *testing.T) {
		b := newBench(t)
		b.push(t, "team/policies:1", "bundle one")
		b.before = func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, server.URL+r.URL.Path, http.StatusTemporaryRedirect)
			return true
		}
		_, err := b.client.Pull(t.Context(), b.ref(t, "team/policies:1"))
		wantFault(t, err, "which has no TLS", "")
	})
}

// TestCredentials: docker's configuration is used for its host and no other.
func TestCredentials(t *testing.T) {
	b := newBench(t)
	b.before = func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, ok := r.BasicAuth(); ok && user == "robot" && password == "canary-secret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	ref := b.ref(t, "team/policies:1")
	config := func(host, secret string) string {
		path := filepath.Join(t.TempDir(), "config.json")
		auth := base64.StdEncoding.EncodeToString([]byte("robot:" + secret))
		text := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, auth)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	host := b.server.Listener.Addr().String()
	for name, file := range map[string]string{
		"none":        "",
		"missing":     filepath.Join(t.TempDir(), "config.json"),
		"wrong":       config(host, "canary-wrong"),
		"other host":  config("registry.corp.example", "canary-secret"),
		"broken file": "oci_test.go",
	} {
		t.Run(name, func(t *testing.T) {
			b.client.DockerConfig = file
			_, err := b.client.Push(t.Context(), ref, []byte("bundle one"), "")
			if err == nil {
				t.Fatal("it was pushed")
			}
			if strings.Contains(err.Error(), "canary") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
	b.client.DockerConfig = config(host, "canary-secret")
	b.push(t, "team/policies:1", "bundle one")
	b.wantPulled(t, "team/policies:1", "bundle one")

	t.Run("for a token", func(t *testing.T) {
		basic := b.before
		b.before = func(w http.ResponseWriter, r *http.Request) bool {
			switch {
			case r.URL.Path == "/token" && basic(w, r):
			case r.URL.Path == "/token":
				fmt.Fprint(w, `{"token":"granted"}`)
			case r.Header.Get("Authorization") == "Bearer granted":
				return false
			default:
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+b.server.URL+`/token",service="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
			return true
		}
		b.push(t, "team/policies:2", "bundle two")
		b.wantPulled(t, "team/policies:2", "bundle two")
		b.client.DockerConfig = ""
		_, err := b.client.Pull(t.Context(), ref)
		wantFault(t, err, "401", "docker login")
	})
}
