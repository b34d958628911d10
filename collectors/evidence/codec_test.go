package evidence

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
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
		if _, err := Decode([]byte(text)); err == nil || !strings.Contains(err.Error(), `it has no "nodes"`) && !strings.Contains(err.Error(), "which no evidence document has") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDecodeTellsWhatIsWrong names the place, and speaks of JSON and not of Go.
func TestDecodeTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	const head = "{\n\"schema_version\": \"" + SchemaVersion + "\", \"collected_at\": \"2026-11-23T08:00:00Z\",\n"
	for text, want := range map[string]string{
		"":                           "it is empty",
		" \n":                        "it is empty",
		head:                         "line 3, column 1: the JSON text ends too early",
		head + `"nodes": x}`:         "line 3, column 10: it is not JSON: invalid character 'x' looking for beginning of value",
		head + `"nodes": 7}`:         `line 3, column 10: its "/nodes" is a JSON number 7, which no evidence document has there`,
		head + `"nodes": {"n": []}}`: `line 3, column 16: its "/nodes/n" is a JSON array, which no evidence document has there`,
		head + `"trust_stores": {"a": {"anchors": ["b", {}]}}}`: `line 3, column 41: its "/trust_stores/a/anchors/1" is a JSON object, which no evidence document has there`,
		head + `"coverage": {"pods": {"asked": 1e400}}}`:        `line 3, column 32: its "/coverage/pods/asked" is a JSON number 1e400, which no evidence document has there`,
		head + `"nodes": {"n": {"extra": true}}}`:               `line 3, column 17: it has "/nodes/n/extra", which no evidence document has`,
		head + `"nodes": {"n": {"Trust_Files": {}}}}`:           `line 3, column 17: it has "/nodes/n/Trust_Files", which no evidence document has`,
		head + `"nodes": {"n": {}},` + "\n" + ` "nodes": {}}`:   `line 4, column 2: "/nodes" is there twice`,
		head + `"nodes": {"n": {}, "n": {}}}`:                   `line 3, column 20: "/nodes/n" is there twice`,
		head + `"at": "tomorrow"}`:                              `line 3, column 7: its "/at": "tomorrow" is no time as RFC 3339 has them`,
		head + `"at": 7}`:                                       `line 3, column 7: its "/at": "7" is no time as RFC 3339 has them`,
		head + `"at": null}{}`:                                  `line 3, column 12: it is not JSON: invalid character '{' after top-level value`,
		"[]":                                                    "it is a JSON array, no object",
		`{"schema_version":7}`:                                  `schema_version is "", this program reads "` + SchemaVersion + `"`,
		"null":                                                  `schema_version is "", this program reads "` + SchemaVersion + `"`,
	} {
		d, err := Decode([]byte(text))
		if got := strings.TrimPrefix(fmt.Sprint(err), "reading evidence document: "); d != nil || got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}

// BenchmarkDecode reads a document of 5,000 pods, as a whole and in parts.
func BenchmarkDecode(b *testing.B) {
	text, err := io.ReadAll(podsText(b, 5000))
	if err != nil {
		b.Fatal(err)
	}
	for name, read := range map[string]func() error{
		"whole": func() error { _, err := Decode(text); return cmp.Or(err, Scan(text)) },
		"parts": func() error { _, _, err := DecodeFrom(bytes.NewReader(text), nil); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// podsText is a document of n pods, a hundred different ones.
func podsText(t testing.TB, n int) io.Reader {
	t.Helper()
	builder := NewBuilder(Tool{}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	builder.Record(func(d *Document) {
		for i := range n {
			d.Pods[fmt.Sprintf("shop/web-%d", i)] = &Pod{Node: fmt.Sprintf("wk-%d", i%100), Phase: "Running", Images: []string{"harbor.corp.example/shop/web:1.0"}, Observed: true}
		}
	})
	var text bytes.Buffer
	if err := Write(&text, builder.Build("internal")); err != nil {
		t.Fatal(err)
	}
	return &text
}

// TestDecodePods: equal pods are one in memory, what differs in anything is not.
func TestDecodePods(t *testing.T) {
	data := `{"schema_version":"` + SchemaVersion + `","collected_at":"2026-11-23T08:00:00Z","coverage":{},"pods":{
		"a/1":{"node":"n","images":["x","y"],"observed":true},"a/2":{"node":"n","images":["x","y"],"observed":true},
		"a/3":{"node":"n","images":["x"],"pull_secrets":["y"],"observed":true},"a/4":{"node":"n","images":["1:x1:y"],"observed":true}}}`
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
	if len(d.Pods["a/4"].Images) != 1 {
		t.Errorf("%+v", d.Pods["a/4"])
	}
}
