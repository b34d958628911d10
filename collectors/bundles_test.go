package collectors_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/source"
)

var today = time.Date(2027, 1, 1, 8, 0, 0, 0, time.UTC)

func gatherFiles(t *testing.T, cfg collectors.Config, args ...string) *evidence.Document {
	t.Helper()
	in, err := source.Open(t.Context(), args, nil, source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cfg.Tool, cfg.Now, cfg.Input = evidence.Tool{Name: "regpolicy"}, func() time.Time { return today }, in
	return collectors.Run(t.Context(), cfg)
}

func bundle(name string) string { return filepath.Join("source/testdata/bundles", name) }

// theCauses are those of the pods in the bundles.
var theCauses = map[string]string{
	"plat/bearer-ca/app": "unknown_authority", "shop/dns-nxdomain/app": "dns",
	"shop/missing-pull-secret/app": "pull_secret_missing", "shop/unknown-ca/app": "unknown_authority",
}

func TestRealBundlesAsEvidence(t *testing.T) {
	for _, test := range []struct {
		name, cluster, at string
		// requested are what is asked for, with the number of gaps.
		requested map[string]int
		hints     map[string]string
		trust     string // resolved, or why not, of the only entry
	}{
		{
			name: "troubleshoot.tar.gz", cluster: "test-gc-e2e-demo", at: "2026-11-26T00:32:39Z", trust: "resolved",
			requested: map[string]int{evidence.Pods: 0, evidence.Events: 0, evidence.Images: 0, evidence.Trust: 0, evidence.Secrets: 0},
			hints:     map[string]string{evidence.Nodes: "copyFromHost"},
		},
		{
			name: "must-gather.tar.gz", cluster: "test-gc-e2e-demo", at: "2026-11-26T00:32:42Z", trust: "not_collected",
			requested: map[string]int{evidence.Pods: 0, evidence.Events: 0, evidence.Images: 0, evidence.Trust: 0, evidence.Secrets: 0},
			hints:     map[string]string{evidence.Nodes: "a must-gather holds no files of nodes"},
		},
		{
			name: "cluster-info-dump.tar.gz", cluster: "test-gc-e2e-demo", at: "2026-11-26T00:32:47Z",
			requested: map[string]int{evidence.Pods: 0, evidence.Events: 0, evidence.Images: 0, evidence.Secrets: 0},
			hints:     map[string]string{evidence.Nodes: "dump holds no files of nodes", evidence.Trust: "dump holds no trust"},
		},
		{
			name: "crash-diagnostics.tar.gz", cluster: "test-gc-e2e-demo", at: "2026-11-26T00:34:12Z", trust: "resolved",
			requested: map[string]int{evidence.Pods: 0, evidence.Events: 0, evidence.Images: 0, evidence.Trust: 0, evidence.Secrets: 0, evidence.Nodes: 1},
			hints:     map[string]string{evidence.Handshakes: "--registry"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := gatherFiles(t, collectors.Config{}, bundle(test.name))
			checkDocument(t, doc)
			if doc.Cluster != test.cluster || doc.CollectedAt.Format(time.RFC3339) != test.at {
				t.Errorf("cluster %q at %s", doc.Cluster, doc.CollectedAt)
			}
			causes := map[string]string{}
			for key, f := range doc.PullFailures {
				causes[key] = f.Cause
			}
			if diff := cmp.Diff(theCauses, causes); diff != "" {
				t.Errorf("causes (-want +got):\n%s", diff)
			}
			requested := map[string]int{}
			for name, c := range doc.Coverage {
				if c.Requested {
					requested[name] = len(c.Gaps)
				}
			}
			if diff := cmp.Diff(test.requested, requested); diff != "" {
				t.Errorf("coverage (-want +got):\n%s", diff)
			}
			for name, words := range test.hints {
				if got := doc.Coverage[name].Hint; !strings.Contains(got, words) {
					t.Errorf("the hint of %s is %q, without %q", name, got, words)
				}
			}
			got := ""
			for _, e := range doc.Trust {
				if got = e.Reason; e.Resolved {
					got = "resolved"
				}
			}
			if got != test.trust || len(doc.Trust) > 1 {
				t.Errorf("trust %q of %d entries, want %q", got, len(doc.Trust), test.trust)
			}
		})
	}
}

func TestMissingListsAreGapsOfWhatTheyWouldTell(t *testing.T) {
	doc := gatherFiles(t, collectors.Config{}, bundle("troubleshoot-limited.tar.gz"))
	got := map[string]string{}
	for name, c := range doc.Coverage {
		for _, g := range c.Gaps {
			got[name] += g.Reason
		}
	}
	want := map[string]string{evidence.Pods: "not_in_source", evidence.Images: "not_in_source", evidence.Events: "forbidden"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	if doc.Coverage[evidence.Secrets].Requested && doc.Coverage[evidence.Secrets].Skipped == 0 {
		t.Errorf("secrets %+v", doc.Coverage[evidence.Secrets])
	}
}

func TestNodesOfBundles(t *testing.T) {
	doc := gatherFiles(t, collectors.Config{}, bundle("crash-diagnostics.tar.gz"))
	want := []evidence.Gap{{Subject: evidence.Subject{"kind": "node", "name": "worker-c"}, Reason: "not_in_source", Detail: "nothing below /etc/ssl was copied from the host"}}
	if diff := cmp.Diff(want, doc.Coverage[evidence.Nodes].Gaps); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	const file = "/etc/ssl/certs/tkg-corp-root-ca.pem"
	for node, form := range map[string]string{"worker-a": "base64_of_pem", "worker-b": "pem"} {
		if got := doc.Nodes[node].TrustFiles[file].Content; got.Form != form {
			t.Errorf("%s: %+v, want %s", node, got, form)
		}
	}
}

// TestTheDocumentsTime holds when a bundle's own time is the document's.
func TestTheDocumentsTime(t *testing.T) {
	const troubleshoot, mustGather = "2026-11-26T00:32:39Z", "2026-11-26T00:32:42Z"
	manifest := filepath.Join(t.TempDir(), "pod.yaml")
	capture := filepath.Join(t.TempDir(), "capture")
	text := []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")
	if err := os.MkdirAll(filepath.Join(capture, "objects"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manifest, filepath.Join(capture, "objects", "pod.yaml")} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name string
		cfg  collectors.Config
		args []string
		want string
	}{
		{"one", collectors.Config{}, []string{bundle("troubleshoot.tar.gz")}, troubleshoot},
		{"the later of two", collectors.Config{}, []string{bundle("must-gather.tar.gz"), bundle("troubleshoot.tar.gz")}, mustGather},
		{"beside manifests", collectors.Config{}, []string{bundle("troubleshoot.tar.gz"), manifest}, troubleshoot},
		{"beside a capture, which tells no time", collectors.Config{}, []string{bundle("troubleshoot.tar.gz"), capture}, "2027-01-01T08:00:00Z"},
		{"with a registry probed now", collectors.Config{Registries: []handshake.Target{{Host: "127.0.0.1", Port: 1}}}, []string{bundle("troubleshoot.tar.gz")}, "2027-01-01T08:00:00Z"},
		{"manifests alone", collectors.Config{}, []string{manifest}, "2027-01-01T08:00:00Z"},
	} {
		t.Run(test.name, func(t *testing.T) {
			doc := gatherFiles(t, test.cfg, test.args...)
			if got := doc.CollectedAt.Format(time.RFC3339); got != test.want {
				t.Errorf("%s, want %s; sources %v", got, test.want, slices.Collect(maps.Values(doc.Sources)))
			}
		})
	}
}
