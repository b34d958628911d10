package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestMountedRoot reads one node as a copy and as a mounted root: both tell the
// same of its trust, links under the root included.
func TestMountedRoot(t *testing.T) {
	const node = "test-gc-e2e-demo-workers-8s2kd-7f9c6"
	source := filepath.Join(fixturesDir, "ubuntu-layout/source")
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	read := func(args ...string) evidence.Node {
		code, stdout, stderr := command(t, at, append([]string{"collect"}, args...)...)
		var doc evidence.Document
		if err := json.Unmarshal([]byte(stdout), &doc); code != 0 || err != nil {
			t.Fatalf("collect %v: exit code %d, %v\n%s", args, code, err, stderr)
		}
		return doc.Nodes[node]
	}
	copied := read(source)
	mounted := read("--host-root", node+"="+filepath.Join(source, "nodes", node))
	if mounted.Access.Method != "host_root" || copied.Access.Method != "tree" {
		t.Errorf("access %+v and %+v", mounted.Access, copied.Access)
	}
	if mounted.TrustStore == "" || mounted.TrustStore != copied.TrustStore {
		t.Errorf("trust stores %q and %q, want the same", mounted.TrustStore, copied.TrustStore)
	}
	certificates := func(n evidence.Node) map[string][]string {
		out := map[string][]string{}
		for path, f := range n.TrustFiles {
			out[path+" -> "+f.LinkTarget] = f.Certificates
		}
		return out
	}
	if diff := cmp.Diff(certificates(copied), certificates(mounted)); diff != "" || len(copied.TrustFiles) < 2 {
		t.Errorf("trust files (-copied +mounted):\n%s", diff)
	}
}
