package engine

import (
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// located is a document whose records stand in files, but for one that is live.
func located() *evidence.Document {
	at := func(line int) *evidence.Position {
		return &evidence.Position{Path: "gitops/c.yaml", Line: line, Column: 3}
	}
	from := evidence.Provenance{Source: "manifests:gitops", Path: "c.yaml#2", Line: 40}
	return &evidence.Document{
		Sources: map[string]evidence.Source{
			"manifests:gitops":     {Kind: evidence.SourceManifests, URI: "gitops"},
			"archive:capture.tgz":  {Kind: evidence.SourceArchive, URI: "capture.tgz", Folder: "top", SHA256: "x"},
			"manifests:alone.yaml": {Kind: evidence.SourceManifests, URI: "alone.yaml", SHA256: "x"},
			"cluster":              {Kind: evidence.SourceCluster, URI: "https://api.corp.example"},
		},
		Trust: map[string]evidence.TrustEntry{
			"a/b":  {EntryAt: at(1), ValueAt: at(2), Provenance: from},
			"none": {EntryAt: at(3), Provenance: from},
			"live": {Provenance: evidence.Provenance{Source: "cluster", Path: "/apis"}},
		},
		Clusters: map[string]evidence.Cluster{
			"ns/c": {
				MisplacedAt: map[string]evidence.Position{"spec.z": *at(5), "spec.a": *at(6)}, Proxy: "cluster/ns/c", Provenance: from,
			},
		},
		Proxies:      map[string]evidence.Proxy{"cluster/ns/c": {At: at(7), Provenance: from}},
		Verification: map[string]evidence.VerificationSwitch{"Cluster/ns/c/spec": {At: at(8), Provenance: from}},
		Registries: map[string]evidence.Registry{
			"harbor:443": {WorkloadsAt: map[string]evidence.Position{"Job/ns/b": *at(10), "Job/ns/a": *at(9), "Job/ns/c": *at(11)}},
			"quay:443":   {},
		},
		Secrets: map[string]evidence.Secret{
			"ns/s":     {Provenance: evidence.Provenance{Source: "archive:capture.tgz", Path: "objects/s.yaml", Line: 12}},
			"ns/alone": {Provenance: evidence.Provenance{Source: "manifests:alone.yaml", Path: "alone.yaml#1", Line: 13}},
			"ns/live":  {Provenance: evidence.Provenance{Source: "cluster", Path: "/api"}},
		},
		Machines: map[string]evidence.Machine{"ns/m": {Provenance: from}},
		Nodes:    map[string]evidence.Node{"wk-1": {Provenance: evidence.Provenance{Source: "manifests:gitops", Path: "nodes/wk-1"}}},
	}
}

func TestPointersLeadToPlacesInFiles(t *testing.T) {
	doc := located()
	for pointer, want := range map[string]string{
		"/trust/a~1b":                              "gitops/c.yaml:2:3",
		"/trust/a~1b/layers":                       "gitops/c.yaml:2:3",
		"/trust/a~1b/value/blocks":                 "gitops/c.yaml:2:3",
		"/trust/a~1b/name":                         "gitops/c.yaml:1:3",
		"/trust/a~1b/secret/key":                   "gitops/c.yaml:1:3",
		"/trust/none/layers":                       "gitops/c.yaml:3:3",
		"/trust/live":                              "",
		"/clusters/ns~1c/misplaced_trust":          "gitops/c.yaml:5:3",
		"/clusters/ns~1c/proxy":                    "gitops/c.yaml:7:3",
		"/clusters/ns~1c":                          "gitops/c.yaml:40",
		"/proxies/cluster~1ns~1c/has_credentials":  "gitops/c.yaml:7:3",
		"/verification/Cluster~1ns~1c~1spec":       "gitops/c.yaml:8:3",
		"/registries/harbor:443/images":            "gitops/c.yaml:9:3",
		"/registries/quay:443":                     "",
		"/secrets/ns~1s/keys":                      "capture.tgz!/top/objects/s.yaml:12",
		"/secrets/ns~1alone":                       "alone.yaml:13",
		"/secrets/ns~1live":                        "",
		"/machines/ns~1m":                          "gitops/c.yaml:40",
		"/nodes/wk-1/trust_files/~1etc~1tkg-a.pem": "",
		"/trust/absent":                            "",
		"/trust":                                   "",
		"":                                         "",
		"no pointer":                               "",
	} {
		got := ""
		if at := locationOf(doc, pointer); at != nil {
			got = at.String()
		}
		if got != want {
			t.Errorf("%s leads to %q, want %q", pointer, got, want)
		}
	}
}

func TestResultsAreLocatedByEvidenceThenSubject(t *testing.T) {
	doc := located()
	secret := evidence.Subject{"kind": "secret", "namespace": "ns", "name": "alone"}
	for _, test := range []struct {
		name     string
		verdict  report.Verdict
		subject  evidence.Subject
		pointers []string
		want     string
	}{
		{"the first that has a place", report.Fail, secret, []string{"/nodes/wk-1", "/trust/none", "/trust/a~1b"}, "gitops/c.yaml:3:3"},
		{"a place before a record", report.Warn, secret, []string{"/clusters/ns~1c", "/proxies/cluster~1ns~1c"}, "gitops/c.yaml:7:3"},
		{"the record's own", report.Fail, secret, []string{"/nodes/wk-1", "/machines/ns~1m"}, "gitops/c.yaml:40"},
		{"the subject's", report.Inconclusive, secret, nil, "alone.yaml:13"},
		{"evidence without a place", report.Fail, secret, []string{"/nodes/wk-1"}, ""},
		{"an endpoint is in no manifest", report.Inconclusive, evidence.Subject{"kind": "endpoint", "name": "harbor:443"}, nil, ""},
		{"a registry is", report.Inconclusive, evidence.Subject{"kind": "registry", "name": "harbor:443"}, nil, "gitops/c.yaml:9:3"},
		{"a pass", report.Pass, secret, []string{"/trust/a~1b"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := report.Result{Verdict: test.verdict, Subject: test.subject}
			for _, pointer := range test.pointers {
				r.Evidence = append(r.Evidence, report.Pointer{Pointer: pointer})
			}
			got := ""
			if at := locate(doc, &r); at != nil {
				got = at.String()
			}
			if got != test.want {
				t.Errorf("located at %q, want %q", got, test.want)
			}
		})
	}
}
