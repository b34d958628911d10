package html

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

var update = flag.Bool("update", false, "rewrite the expected page")

const stories = "../../../../../fixtures"

func read(t testing.TB, file string) *report.Report {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(source, &r); err != nil {
		t.Fatalf("reading %s: %v", file, err)
	}
	return &r
}

func render(t testing.TB, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Write(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestPage renders a saved report, as `convert` does, and twice alike.
func TestPage(t *testing.T) {
	const saved, golden = "testdata/report.json", "testdata/page.html"
	if *update {
		source, err := os.ReadFile(filepath.Join(stories, "secret-encoded-once", "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(saved, source, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got := render(t, read(t, saved))
	if !bytes.Equal(got, render(t, read(t, saved))) {
		t.Error("two renderings of one report differ")
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatalf("%v (go test ./cmd/regpolicy/internal/report/html -update writes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the page differs (-want +got):\n%.4000s", diff)
	}
}
