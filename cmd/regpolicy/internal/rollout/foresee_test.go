package rollout

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const fixturesDir = "../../../../fixtures"

func document(t testing.TB, story string) *evidence.Document {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixturesDir, story, "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// repaired is a story's document with the trust configuration of its twin, whose
// entry is named anew.
func repaired(t testing.TB, before *evidence.Document, twin string) *evidence.Document {
	t.Helper()
	now, right := document(t, twin), map[string]evidence.TrustEntry{}
	now.Nodes, now.Pods, now.PullFailures, now.Endpoints = before.Nodes, before.Pods, before.PullFailures, before.Endpoints
	maps.Copy(now.TrustStores, before.TrustStores)
	maps.Copy(now.Certificates, before.Certificates)
	for _, e := range now.Trust {
		if e.Secret != nil {
			e.Name, e.Label = e.Name+"-2", e.Label+"-2"
			e.Secret = &evidence.KeyRef{Namespace: e.Secret.Namespace, Name: e.Secret.Name, Key: e.Name}
		}
		right[evidence.TrustEntryKey(e.Domain, e.Object, e.Label)] = e
	}
	now.Trust = right
	return now
}

func foresee(t *testing.T, before, now *evidence.Document) *Foresight {
	t.Helper()
	f, err := Foresee(t.Context(), before, now, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestForeseeIsTheTwin makes the nodes of broken stories anew: they trust what those
// of the repaired stories do, and no pull fails.
func TestForeseeIsTheTwin(t *testing.T) {
	for _, story := range []string{"secret-encoded-once", "file-missing-on-one-node", "same-name-other-fingerprint", "secret-key-not-found", "wrong-ca-embedded"} {
		before, twin := document(t, story), document(t, story+"-repaired")
		f := foresee(t, before, repaired(t, before, story+"-repaired"))
		if len(f.Nodes) != 2 || len(f.Clusters) != 1 || !f.Pulled || len(f.Open)+len(f.Held)+len(f.Loose) > 0 {
			t.Errorf("%s: nodes %v, clusters %v, open %v, held %v, loose %v", story, f.Nodes, f.Clusters, f.Open, f.Held, f.Loose)
		}
		if n := len(f.Document.PullFailures); n > 0 {
			t.Errorf("%s: %d pulls fail", story, n)
		}
		for name, node := range f.Document.Nodes {
			want := twin.Nodes[name]
			if diff := cmp.Diff(twin.TrustStores[want.TrustStore].Anchors, f.Document.TrustStores[node.TrustStore].Anchors); diff != "" {
				t.Errorf("%s: %s trusts otherwise (-want +got):\n%s", story, name, diff)
			}
			for path, file := range node.TrustFiles {
				if path != "/etc/ssl/certs/tkg-corp-root-ca-2.pem" || file.Form != evidence.FormPEM {
					t.Errorf("%s: %s has %s, %s", story, name, path, file.Form)
				}
			}
			if diff := cmp.Diff(map[string]string{"5cc7e0b4.0": "tkg-corp-root-ca-2.pem"}, node.HashLinks); diff != "" {
				t.Errorf("%s: %s: hash links (-want +got):\n%s", story, name, diff)
			}
		}
		for _, pod := range f.Document.Pods {
			if pod.Phase != "Running" {
				t.Errorf("%s: a pod is %s", story, pod.Phase)
			}
		}
	}
}

// TestForeseeLayouts puts files where each operating system moves them.
func TestForeseeLayouts(t *testing.T) {
	for story, want := range map[string][]string{
		"ubuntu-layout": {"/etc/ssl/certs/tkg-corp-root-ca-2.pem", "/usr/local/share/ca-certificates/tkg-corp-root-ca-2.crt"},
		"rhel-layout":   {"/etc/pki/ca-trust/source/anchors/tkg-corp-root-ca-2.crt"},
	} {
		before := document(t, story)
		f := foresee(t, before, repaired(t, before, story))
		for name, node := range f.Document.Nodes {
			if diff := cmp.Diff(want, slices.Sorted(maps.Keys(node.TrustFiles))); diff != "" {
				t.Errorf("%s: files of %s (-want +got):\n%s", story, name, diff)
			}
			if node.TrustStore != before.Nodes[name].TrustStore {
				t.Errorf("%s: %s trusts something else", story, name)
			}
		}
	}
}

// TestForeseeNothing leaves nodes alone that nothing makes anew.
func TestForeseeNothing(t *testing.T) {
	before := document(t, "secret-encoded-once")
	inPlace := document(t, "secret-encoded-once-repaired")
	inPlace.Nodes, inPlace.PullFailures, inPlace.Endpoints = before.Nodes, before.PullFailures, before.Endpoints
	maps.Copy(inPlace.TrustStores, before.TrustStores)
	if f := foresee(t, before, inPlace); f.Changes() {
		t.Errorf("a value that is changed in place rolls %v", f.Nodes)
	}

	held := repaired(t, before, "secret-encoded-once")
	f := foresee(t, before, held)
	if f.Changes() || !strings.Contains(f.Held["test-gc-e2e-demo-ns/test-gc-e2e-demo"], "cannot be decoded") {
		t.Errorf("a value that cannot be decoded rolls %v, held %v", f.Nodes, f.Held)
	}

	unseen := document(t, "secret-encoded-once")
	unseen.Endpoints = map[string]evidence.Endpoint{}
	f = foresee(t, unseen, repaired(t, unseen, "secret-encoded-once-repaired"))
	if f.Pulled || len(f.Open) != len(before.PullFailures) {
		t.Errorf("without the registry's chain %d pulls of %d are open", len(f.Open), len(before.PullFailures))
	}
	told, err := f.WithoutOpen()
	if err != nil || len(told.PullFailures) > 0 {
		t.Errorf("%d pulls fail: %v", len(told.PullFailures), err)
	}
}

// TestForeseeLoose names what was put on a node by hand.
func TestForeseeLoose(t *testing.T) {
	before := document(t, "file-missing-on-one-node")
	for _, node := range before.Nodes {
		for _, file := range node.TrustFiles {
			file.Entry = ""
			node.TrustFiles["/etc/ssl/certs/by-hand.pem"] = file
		}
	}
	f := foresee(t, before, repaired(t, before, "file-missing-on-one-node-repaired"))
	if diff := cmp.Diff([]string{"/etc/ssl/certs/by-hand.pem"}, f.Loose); diff != "" {
		t.Errorf("loose files (-want +got):\n%s", diff)
	}
}

// TestForeseeOddPath takes a document that somebody wrote by hand: a file of the
// system's folder that does not lie there.
func TestForeseeOddPath(t *testing.T) {
	before, now := document(t, "secret-encoded-once"), document(t, "secret-encoded-once")
	maps.Copy(now.Nodes, document(t, "secret-encoded-once-repaired").Nodes)
	now = repaired(t, now, "secret-encoded-once-repaired")
	for _, node := range now.Nodes {
		for path, file := range node.TrustFiles {
			file.Entry = ""
			delete(node.TrustFiles, path)
			node.TrustFiles["/x"] = file
		}
	}
	if f := foresee(t, before, now); !slices.Equal(f.Loose, []string{"/x"}) {
		t.Errorf("loose files %v", f.Loose)
	}
}
