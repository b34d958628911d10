package evidence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDecodeRefusesSectionsThatAreMissing(t *testing.T) {
	t.Parallel()
	b := NewBuilder(Tool{}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	b.Record(func(d *Document) { d.Nodes["a"] = Node{OS: `\" {"nodes": [`} })
	b.Ask(Nodes, Subject{"kind": "node", "name": "a"}).Answer()
	whole, err := Encode(b.Build("internal"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(whole); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]string{
		"renamed": "\n \"Nodes\": {", "null": "\n \"nodes\": null, \"secrets\": {",
	} {
		text := strings.Replace(string(whole), "\n \"nodes\": {", change, 1)
		if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), `it has no "nodes"`) && !strings.Contains(err.Error(), "unknown field") && !strings.Contains(err.Error(), "cannot unmarshal") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTopKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{}`: "[]",
		`{"a": 1, "b": {"c": [1, "d", {"e": 2}]}, "f": "g, \"h\": {", "i": [",", "\\"]}`: "[a b f i]",
		` {"a":[{"b":1},{"c":2}],"d":null} `:                                             "[a d]",
	} {
		if got := fmt.Sprint(slices.Sorted(maps.Keys(topKeys([]byte(text))))); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// BenchmarkDecode reads a document of 5,000 pods.
func BenchmarkDecode(b *testing.B) {
	builder := NewBuilder(Tool{}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	builder.Record(func(d *Document) {
		for i := range 5000 {
			d.Pods[fmt.Sprintf("shop/web-%d", i)] = &Pod{Node: fmt.Sprintf("wk-%d", i%100), Phase: "Running", Images: []string{"harbor.corp.example/shop/web:1.0"}, Observed: true}
		}
	})
	text, err := Encode(builder.Build("internal"))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestDecodePods: equal pods are one in memory, what differs in anything is not, and null
// is a pod that says nothing.
func TestDecodePods(t *testing.T) {
	data := `{"schema_version":"` + SchemaVersion + `","collected_at":"2026-11-23T08:00:00Z","coverage":{},"pods":{
		"a/1":{"node":"n","images":["x","y"],"observed":true},"a/2":{"node":"n","images":["x","y"],"observed":true},
		"a/3":{"node":"n","images":["x"],"pull_secrets":["y"],"observed":true},"a/4":{"node":"n","images":["1:x1:y"],"observed":true},"a/5":null}}`
	d, err := Decode([]byte(data))
	if err != nil {
		t.Fatal(err)
	}
	if d.Pods["a/1"] != d.Pods["a/2"] {
		t.Error("equal pods stand in memory twice")
	}
	if p := d.Pods["a/3"]; len(p.Images) != 1 || len(p.PullSecrets) != 1 || p.MissingPullSecrets == nil {
		t.Errorf("%+v", p)
	}
	if len(d.Pods["a/4"].Images) != 1 || d.Pods["a/5"] == nil || d.Pods["a/5"].Images == nil {
		t.Errorf("%+v, %+v", d.Pods["a/4"], d.Pods["a/5"])
	}
}
