package engine

import (
	"io/fs"
	"strings"
	"testing"

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
