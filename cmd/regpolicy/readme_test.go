package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestREADME holds what the README shows to what the program does.
func TestREADME(t *testing.T) {
	const path = "../../README.md"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, demo, _ := command(t, time.Now(), "demo")
	want := between(t, string(text), "demo", "\n```\n"+demo+"```\n")
	want = between(t, want, "policies", "\n"+policyTable(t))
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md is out of date (-want +got):\n%s", diff)
	}
}

// between replaces what stands between <!-- name... --> and <!-- /name -->.
func between(t *testing.T, text, name, content string) string {
	t.Helper()
	_, behind, ok := strings.Cut(text, "<!-- "+name)
	start := strings.Index(behind, "-->\n")
	end := strings.Index(behind, "<!-- /"+name+" -->")
	if !ok || start < 0 || end < start {
		t.Fatalf("the README has no place for %q", name)
	}
	head := len(text) - len(behind) + start + len("-->\n")
	return text[:head] + content + "\n" + text[len(text)-len(behind)+end:]
}

func policyTable(t *testing.T) string {
	t.Helper()
	library, err := (&policyFlags{}).load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	out.WriteString("| id | severity | what should hold |\n|---|---|---|\n")
	for _, p := range library.Policies() {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", p.ID, p.Severity, p.Title)
	}
	return out.String()
}

// TestReference holds docs/policies.md to what the program prints.
func TestReference(t *testing.T) {
	_, page, stderr := command(t, time.Now(), "docs")
	if stderr != "" {
		t.Fatal(stderr)
	}
	golden(t, "../../docs/policies.md", page)
}
