package yamltext

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestYAML holds what is written of documents beside what yaml.v3 writes.
func TestYAML(t *testing.T) {
	documents, err := filepath.Glob("../../../../../fixtures/*/document.json")
	if err != nil || len(documents) == 0 {
		t.Fatal(documents, err)
	}
	for _, path := range documents {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sameYAML(t, Prune(decoded(text)), 4)
	}
}

// Pruning leaves what is pruned as it was: others may hold it, or a part of it.
func TestPruneLeavesTheValue(t *testing.T) {
	text := []byte(`{"list":["","a",{"pem":"x","b":false}],"provenance":{"path":"p"},"c":{"d":""}}`)
	value := decoded(text)
	if diff := cmp.Diff(any(map[string]any{"list": []any{"a"}}), Prune(value)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(decoded(text), value); diff != "" {
		t.Errorf("the value was changed: %s", diff)
	}
}

func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		`{"true":"false","null":"yes","on":"off ","a b":" x","k":"no","word":"- a","x#":"y #z","0x1f":"0b1"}`,
		`{"digits":["123","1e5","0123","1_0","12c","0xcafe","123e4","0o7","1:30","2026-01-02","2026-01-02T03:04:05Z","2026-13-02T03:04:05Z"]}`,
		`{"list":[{"a":[1,"b: c","d:e","f,g",true,-0,1.5,1e3]},"plain words",{"deep":[{"x":{"y":"z\nzz"}}]}]}`,
		`{"nested":[["a","b"],[{"c":"d"}]],"long":{"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk":1}}`,
		`{"host:443":"CN=Root, O=x: y","umlaut":"ü","=":"=","a:":"(x)","b":"/a/b","long n":99999999999999999999,"":"empty key"}`,
		`"text"`, `[1,2]`, `[{"a":1}]`, `[[{"a":1}]]`, `{"a":[[{"b":1}],{"c":2}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) < 1<<12 {
			sameYAML(t, Prune(decoded(text)), 4)
		}
	})
}

func decoded(text []byte) (v any) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return nil
	}
	return v
}

// sameYAML compares a value and what it holds: what has one part that is not plain is
// left to yaml.v3 as a whole.
func sameYAML(t *testing.T, v any, depth int) {
	t.Helper()
	want, wantErr := slow(v)
	got, err := new(Writer).Write(v, math.MaxInt)
	if got != want || (err == nil) != (wantErr == nil) {
		t.Errorf("%v: %s %v, want %s %v", v, got, err, want, wantErr)
	}
	if depth == 0 {
		return
	}
	switch at := v.(type) {
	case map[string]any:
		for _, value := range at {
			sameYAML(t, value, depth-1)
		}
	case []any:
		for _, value := range at {
			sameYAML(t, value, depth-1)
		}
	}
}
