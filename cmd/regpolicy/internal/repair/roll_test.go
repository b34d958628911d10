package repair

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestRolling takes a renamed entry for one that waits for its nodes only where they
// hold its CA under the former name.
func TestRolling(t *testing.T) {
	const key = "workload/Cluster/ns/web/corp-2"
	object := evidence.ObjectRef{Kind: "Cluster", Namespace: "ns", Name: "web"}
	file := func(entry string, certificates ...string) map[string]evidence.TrustFile {
		return map[string]evidence.TrustFile{"/etc/ssl/certs/tkg-" + entry + ".pem": {Entry: entry, Content: evidence.Content{Certificates: certificates}}}
	}
	entry := func(name string) evidence.TrustEntry {
		return evidence.TrustEntry{Domain: evidence.DomainWorkload, Object: object, Name: name, Value: &evidence.Content{Certificates: []string{"wanted"}}}
	}
	for name, tc := range map[string]struct {
		nodes map[string]map[string]evidence.TrustFile
		other string // the name of another entry
		want  []Roll
	}{
		"the CA under the former name": {
			nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "wanted"), "b": file("corp", "wanted")},
			want:  []Roll{{object, "corp", "corp-2", []string{"a", "b"}}},
		},
		"only one node holds it": {
			nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "another"), "b": file("corp", "another", "wanted"), "c": nil},
			want:  []Roll{{object, "corp", "corp-2", []string{"b"}}},
		},
		"the same CA before it was renewed": {
			nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "former")},
			want:  []Roll{{object, "corp", "corp-2", []string{"a"}}},
		},
		"a file of that name with another CA": {nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "another")}},
		"a file of that name without a CA":    {nodes: map[string]map[string]evidence.TrustFile{"a": file("corp")}},
		"a certificate that is not known":     {nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "unknown")}},
		"a higher number":                     {nodes: map[string]map[string]evidence.TrustFile{"a": file("corp-3", "wanted")}},
		"the name of another entry":           {nodes: map[string]map[string]evidence.TrustFile{"a": file("corp", "wanted")}, other: "corp"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := &evidence.Document{
				Trust: map[string]evidence.TrustEntry{key: entry("corp-2")}, Nodes: map[string]evidence.Node{},
				Certificates: map[string]evidence.Certificate{"wanted": {Subject: "CN=Corp CA"}, "former": {Subject: "CN=Corp CA"}, "another": {Subject: "CN=Another CA"}},
			}
			if tc.other != "" {
				doc.Trust["workload/Cluster/ns/web/"+tc.other] = entry(tc.other)
			}
			rep := &report.Report{}
			for node, files := range tc.nodes {
				doc.Nodes[node] = evidence.Node{TrustFiles: files}
				rep.Results = append(rep.Results, report.Result{
					ID: "RT-NOD-001", Verdict: report.Fail, Subject: evidence.Subject{"kind": "node", "name": node},
					Evidence: []report.Pointer{{Pointer: "/trust/workload~1Cluster~1ns~1web~1corp-2"}},
				})
			}
			if diff := cmp.Diff(tc.want, Rolling(doc, rep)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
