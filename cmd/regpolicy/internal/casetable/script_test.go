package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFuzzScript wants a line of .ci/fuzz for each target: one that tried nothing, or
// cannot be compiled, is no success.
func TestFuzzScript(t *testing.T) {
	script, err := os.ReadFile("../../../../.ci/fuzz")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		".ci/fuzz":              string(script),
		"go.mod":                "module example.com/fuzzed\n\ngo 1.26\n",
		"well/well_test.go":     "package well\n\nimport \"testing\"\n\nfunc FuzzWell(f *testing.F) { f.Fuzz(func(*testing.T, int) {}) }\n",
		"none/none_test.go":     "package none\n\nimport \"testing\"\n\nfunc FuzzNone(f *testing.F) { f.Skip() }\n",
		"broken/broken_test.go": "package broken\n\nimport \"testing\"\n\nfunc FuzzBroken(f *testing.F) { f.Fuzz(undefined) }\n",
		"fails/fails_test.go":   "package fails\n\nimport \"testing\"\n\nfunc FuzzFails(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, _ int) { t.Error(\"no\") }) }\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // one of them is a program
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		c := exec.CommandContext(ctx, "git", args...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
	}
	ledger := filepath.Join(dir, "ledger.tsv")
	c := exec.CommandContext(ctx, "bash", filepath.Join(dir, ".ci/fuzz"), "1s")
	c.Env = append(os.Environ(), "FUZZ_LEDGER="+ledger)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ends with %v, want exit code 1\n%s", err, out)
	}
	for _, said := range []string{"undefined: undefined", "4 targets, ", ", 3 failed\n"} {
		if !strings.Contains(string(out), said) {
			t.Errorf("it does not say %q:\n%s", said, out)
		}
	}
	text, err := os.ReadFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(strings.TrimSpace(line), "\t")
		if len(fields) != ledgerFields {
			t.Errorf("line %q has %d fields, want %d", line, len(fields), ledgerFields)
		}
		got[fields[1]] = fields[len(fields)-1]
	}
	want := map[string]string{"FuzzWell": "ok", "FuzzNone": "FAIL", "FuzzBroken": "FAIL", "FuzzFails": "FAIL"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ledger (-want +got):\n%s\n%s", diff, out)
	}
}
