package evidence_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// FuzzDecode: whatever a saved document holds is refused in one line, or can be
// written and read again as it was, unless a secret keeps it from being written.
func FuzzDecode(f *testing.F) {
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	b.Ask(evidence.Nodes, evidence.Section("nodes")).Answer()
	b.Ask(evidence.Trust, evidence.Section("trust")).Gap("forbidden", "may not list")
	b.Record(func(d *evidence.Document) { d.Nodes["wk-1"] = evidence.Node{} })
	good, err := evidence.Encode(b.Build("internal"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	head := `{"schema_version":"` + evidence.SchemaVersion + `"`
	for _, text := range []string{
		"", "null", "[]", head + "}", head + "}{}", head + `,"collected_at":"2026-11-23T08:00:00Z"}`, head + `,"collected_at":"9999999-99-99T08:00:00Z"}`,
		head + `,"collected_at":"2026-11-23T08:00:00Z","nodes":{"a":null},"pods":[{}],"coverage":{"nodes":{"asked":-1}}}`, strings.Repeat(`{"nodes":`, 20_000),
		strings.Replace(string(good), `"may not list"`, `"https://a:b@c/"`, 1),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := evidence.Decode(data)
		if err != nil {
			if first != nil || !strings.HasPrefix(err.Error(), "reading evidence document: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("document %v, error %q", first, err)
			}
			return
		}
		text, err := evidence.Encode(first)
		if err != nil {
			if evidence.Scan(data) == nil {
				// A secret that escapes hid may show once they are gone; anything else may not.
				if !strings.ContainsRune(string(data), '\\') {
					t.Fatalf("it cannot be written: %v", err)
				}
			}
			return
		}
		again, err := evidence.Decode(text)
		if err != nil {
			t.Fatalf("it cannot be read again: %v\n%s", err, text)
		}
		twice, err := evidence.Encode(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(twice)); diff != "" {
			t.Errorf("it reads otherwise the second time:\n%s", diff)
		}
	})
}
