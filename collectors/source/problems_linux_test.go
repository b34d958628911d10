package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/source"
)

// TestNamesThatAreNoText are told as what they are, and the others are read.
func TestNamesThatAreNoText(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"objects/a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", "objects/\xff.yaml": "x", "nodes/\xfe/etc/x": "x",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	in, err := source.Open(t.Context(), []string{dir}, strings.NewReader(""), source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // read only
	if len(in.Objects) != 1 || len(in.Problems) != 2 {
		t.Fatalf("%d objects, problems %+v", len(in.Objects), in.Problems)
	}
	for _, p := range in.Problems {
		if p.Reason != "parse_error" || !strings.Contains(p.Detail, "no UTF-8") || p.Hint != "give it another name" {
			t.Errorf("problem %+v", p)
		}
	}
}
