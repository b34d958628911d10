package evidence

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestNoNameCostsTheDocument plants credentials where no collector looks for any: the
// document is written, without them, and all else is in it.
func TestNoNameCostsTheDocument(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]string{
		"URL": "https://robot:canary@h.example/x", "token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.canarycanary",
		"key": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n", "docker": `{"auths":{"h":{"auth":"Y2FuYXJ5Y2FuYXJ5Y2FuYXJ5"}}}`,
	} {
		b := NewBuilder(Tool{}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
		b.Record(func(d *Document) {
			d.Cluster = hostile
			d.Nodes["good"] = Node{OS: "Photon"}
			d.Nodes[hostile] = Node{OS: hostile, TrustFiles: map[string]TrustFile{"/etc/" + hostile: {Status: hostile}}}
			d.Pods[hostile+"/a"] = &Pod{Node: hostile, Images: []string{"a", hostile}}
		})
		b.Ask(Nodes, Subject{"kind": "node", "name": hostile}).Gap("timeout", "")
		text, err := Encode(b.Build("internal"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(string(text), "canary") || strings.Contains(string(text), "Y2FuYXJ5") || !strings.Contains(string(text), "Photon") {
			t.Errorf("%s:\n%s", name, text)
		}
		if _, err := Decode(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// BenchmarkRedact looks through a document of 5,000 pods in which there is nothing.
func BenchmarkRedact(b *testing.B) {
	d := &Document{Pods: map[string]*Pod{}}
	for i := range 5000 {
		d.Pods[fmt.Sprintf("shop/web-%d", i)] = &Pod{Node: fmt.Sprintf("wk-%d", i%100), Phase: "Running", Images: []string{"harbor.corp.example/shop/web:1.0"}, Observed: true}
	}
	b.ReportAllocs()
	for b.Loop() {
		redact(d)
	}
}
