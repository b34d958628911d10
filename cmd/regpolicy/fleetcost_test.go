package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
)

// TestRequestsPerCluster counts what an index of deploy/fleet asks of its cluster's API
// server: docs/scale.md multiplies it.
func TestRequestsPerCluster(t *testing.T) {
	story, err := demo.Load(os.DirFS(fixturesDir), "secret-encoded-once")
	if err != nil {
		t.Fatal(err)
	}
	c, err := demo.Start(t.Context(), os.DirFS(fixturesDir), story)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	target, err := url.Parse(c.APIServer)
	if err != nil {
		t.Fatal(err)
	}
	var requests, answered atomic.Int64
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { requests.Add(1); r.SetURL(target) },
		ModifyResponse: func(r *http.Response) error {
			body, err := io.ReadAll(r.Body)
			answered.Add(int64(len(body)))
			r.Body = io.NopCloser(bytes.NewReader(body))
			return err
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)

	dir := t.TempDir()
	place(t, dir, "kubeconfig", fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
clusters: [{name: a, cluster: {server: %q}}], users: [{name: a, user: {}}]}`, server.URL))
	place(t, dir, "clusters.txt", "a kubeconfig=kubeconfig\n")
	started := time.Now()
	code, _, stderr := command(t, story.At, "collect", "--fleet", filepath.Join(dir, "clusters.txt"), "--index", "0", "-o", dir, "--no-probe")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	info, err := os.Stat(filepath.Join(dir, "a.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("requests=%d answered=%d bytes, document=%d bytes, %s", requests.Load(), answered.Load(), info.Size(), time.Since(started).Round(time.Millisecond))
	const most = 30
	if n := requests.Load(); n == 0 || n > most {
		t.Errorf("%d requests, at most %d are in docs/scale.md", n, most)
	}
}
