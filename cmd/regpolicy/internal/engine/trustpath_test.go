package engine

import (
	"fmt"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestTrustPathsGrowWithFacts has 5,000 nodes with three stores: three entries.
func TestTrustPathsGrowWithFacts(t *testing.T) {
	const registry = "r.example:443"
	doc := &evidence.Document{
		Nodes:        map[string]evidence.Node{},
		Certificates: map[string]evidence.Certificate{"aa": {CommonName: "r.example"}, "bb": {CommonName: "Root"}},
		TrustStores:  map[string]evidence.TrustStore{"good": {Anchors: []string{"bb"}}, "bad": {}, "own": {}},
		Endpoints: map[string]evidence.Endpoint{registry: {Chains: map[string]evidence.Chain{"c": {
			Certificates: []string{"aa"}, Name: evidence.NameVerdict{OK: true},
			Verdicts: map[string]evidence.ChainVerdict{
				"good": {OK: true, Paths: [][]string{{"aa", "bb"}}}, "bad": {Reason: "root_absent", Break: "aa"}, "own": {Reason: "no_anchors", Break: "aa"},
			},
		}}}},
	}
	for i := range 5000 {
		node := evidence.Node{Read: true, TrustStore: "good", TrustFiles: map[string]evidence.TrustFile{
			"/etc/ssl/certs/tkg-a.pem":                      {Content: evidence.Content{Form: "pem", Certificates: []string{"bb"}}, Status: "ok", Entry: "a"},
			fmt.Sprintf("/etc/ssl/certs/other-%d.pem", i%9): {Status: "ok", Content: evidence.Content{Form: "pem"}},
		}}
		switch i % 100 {
		case 0:
			node.TrustStore = "bad"
		case 1:
			node.RegistryConfig = &evidence.RegistryConfig{Hosts: map[string]evidence.RegistryHost{"r.example": {TrustStore: "own"}}}
		}
		doc.Nodes[fmt.Sprintf("wk-%04d", i)] = node
	}
	results := []report.Result{{Subject: evidence.Subject{"kind": "registry", "name": registry}}}
	paths := trustPaths(resultLists{results}, &Input{Document: doc}, false, evidence.Time{})
	if len(paths) != 1 || len(paths[0].Stores) != 3 {
		t.Fatalf("paths are %+v, want one with three stores", paths)
	}
	for i, want := range []struct {
		digest      string
		ok          bool
		nodes, more int
	}{{"bad", false, 50, 4}, {"own", false, 50, 4}, {"good", true, 4900, 4}} {
		s := paths[0].Stores[i]
		if s.Digest != want.digest || s.OK != want.ok || s.Nodes != want.nodes || len(s.NodeNames) != pathItems || len(s.Files) != pathItems || s.MoreFiles != want.more {
			t.Errorf("store %d is %+v, want %+v", i, s, want)
		}
		if f := s.Files[0]; f.Entry != "a" || f.Nodes != want.nodes {
			t.Errorf("store %d has first the file %+v", i, f)
		}
	}
	if a := paths[0].Stores[2].Anchor; a == nil || a.CommonName != "Root" {
		t.Errorf("the anchor is %+v", a)
	}
	if paths := trustPaths(nil, &Input{Document: doc}, false, evidence.Time{}); len(paths) != 0 {
		t.Errorf("%d paths of registries that no result is about", len(paths))
	}
}
