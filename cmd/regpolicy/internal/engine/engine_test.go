package engine

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

// builtin returns the modules and the schema that the program embeds.
func builtin(t testing.TB) Config {
	t.Helper()
	var cfg Config
	err := fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".rego") {
			return err
		}
		source, err := fs.ReadFile(policies.FS, path)
		cfg.Modules = append(cfg.Modules, Module{Path: path, Source: source, Builtin: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func TestBuiltinPoliciesCompile(t *testing.T) {
	l, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Policies() {
		t.Logf("%s %s reads %v", p.ID, p.Package, p.Reads)
	}
}

// fixtures are the documents of all stories.
func fixtures(t testing.TB) []Input {
	t.Helper()
	paths, err := filepath.Glob("../../../../fixtures/*/document.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures: ", err)
	}
	inputs := make([]Input, len(paths))
	for i, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // a fixture
		if err != nil {
			t.Fatal(err)
		}
		doc, err := evidence.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		inputs[i] = Input{URI: path, Bytes: text, Document: doc}
	}
	return inputs
}
