package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

type tallied map[string]int

// format is one rendering, how to read it back with a schema or a consumer of its
// own, and what it must say of a summary.
type format struct {
	file  string // ending of its golden file, "" where there is none
	write func(io.Writer, *report.Report) error
	read  func(t testing.TB, data []byte) tallied
	want  func(s report.Summary) tallied
}

func verdictsOf(s report.Summary) tallied {
	return tallied{"pass": s.Pass, "fail": s.Fail, "warn": s.Warn, "inconclusive": s.Inconclusive, "error": s.Error, "skip": s.Skip, "waived": s.Waived}
}

func k8sCounts(s report.Summary) tallied {
	return tallied{"pass": s.Pass, "fail": s.Fail, "warn": s.Warn, "error": s.Error + s.Inconclusive, "skip": s.Skip + s.Waived}
}

var formats = map[string]format{
	"json": {"json", report.JSON, func(t testing.TB, data []byte) tallied {
		var r report.Report
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
		return verdictsOf(report.Count(r.Results))
	}, verdictsOf},
	"junit": {"junit.xml", func(w io.Writer, r *report.Report) error { return report.JUnit(w, r, report.JUnitOptions{}) }, readJUnit, func(s report.Summary) tallied {
		return tallied{"passed": s.Pass + s.Warn, "failed": s.Fail, "error": s.Inconclusive + s.Error, "skipped": s.Skip + s.Waived, "inconclusive": s.Inconclusive, "warn": s.Warn, "waived": s.Waived}
	}},
	"junit with --fail-on-warn": {"", func(w io.Writer, r *report.Report) error {
		return report.JUnit(w, r, report.JUnitOptions{FailOnWarn: "info"})
	}, readJUnit, func(s report.Summary) tallied {
		return tallied{"passed": s.Pass, "failed": s.Fail + s.Warn, "error": s.Inconclusive + s.Error, "skipped": s.Skip + s.Waived, "inconclusive": s.Inconclusive, "warn": s.Warn, "waived": s.Waived}
	}},
	"tap": {"tap", report.TAP, readTAP, func(s report.Summary) tallied {
		return tallied{"ok": s.Pass + s.Warn, "not ok": s.Fail + s.Inconclusive + s.Error, "SKIP": s.Skip, "TODO": s.Waived, "warn": s.Warn, "inconclusive": s.Inconclusive, "error": s.Error}
	}},
	"sarif": {"sarif", report.SARIF, readSARIF, func(s report.Summary) tallied {
		return tallied{"fail": s.Fail, "warn": s.Warn, "inconclusive": s.Inconclusive, "error": s.Error, "waived": s.Waived, "kind fail": s.Fail + s.Warn + s.Inconclusive + s.Waived}
	}},
	"sarif-full": {"full.sarif", report.SARIFFull, readSARIF, func(s report.Summary) tallied {
		want := verdictsOf(s)
		want["kind fail"], want["kind open"], want["kind pass"], want["kind notApplicable"] = s.Fail+s.Warn+s.Waived, s.Inconclusive, s.Pass, s.Skip
		return want
	}},
	"github": {"github", func(w io.Writer, r *report.Report) error { return report.GitHub(w, r, report.GitHubOptions{}) }, readGitHub, func(s report.Summary) tallied {
		return tallied{"error": s.Fail + s.Error, "warning": s.Warn + s.Inconclusive, "notice": s.Waived}
	}},
	"gitlab": {"gitlab.json", report.GitLab, readGitLab, func(s report.Summary) tallied {
		return tallied{"fail": s.Fail, "warn": s.Warn, "inconclusive": s.Inconclusive, "error": s.Error, "waived": s.Waived}
	}},
	"markdown":     {"md", report.Markdown, readMarkdown, verdictsOf},
	"openreports":  {"openreports.yaml", report.OpenReports, readK8s, k8sCounts},
	"policyreport": {"policyreport.yaml", report.PolicyReport, readK8s, k8sCounts},
	"oscal": {"oscal.json", report.OSCAL, readOSCAL, func(s report.Summary) tallied {
		want := verdictsOf(s)
		delete(want, "skip")
		return want
	}},
	"prometheus": {"prom", report.Prometheus, readPrometheus, verdictsOf},
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

func render(t testing.TB, name string, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := formats[name].write(&out, r); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out.Bytes()
}

// agree reads a rendering back and holds its counts against the summary.
func agree(t testing.TB, name string, r *report.Report) {
	t.Helper()
	data := render(t, name, r)
	got, want := formats[name].read(t, data), formats[name].want(r.Summary)
	for _, counts := range []tallied{got, want} {
		maps.DeleteFunc(counts, func(_ string, n int) bool { return n == 0 })
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s disagrees with the summary (-summary +read back):\n%s", name, diff)
	}
	if again := render(t, name, r); !bytes.Equal(data, again) {
		t.Errorf("%s: two renderings of one report differ", name)
	}
}

// TestFormatsAgree reads every format of a report with every verdict, and of one
// with none, and compares the counts.
func TestFormatsAgree(t *testing.T) {
	r := rich(t)
	for verdict, n := range verdictsOf(r.Summary) {
		if n == 0 {
			t.Fatalf("the report has no result that is %s", verdict)
		}
	}
	located := rich(t)
	locate(located)
	empty := &report.Report{SchemaVersion: report.SchemaVersion, Tool: report.Tool{Name: "regpolicy"}, Summary: report.Count(nil), Results: []report.Result{}}
	for _, name := range formatNames() {
		t.Run(name, func(t *testing.T) {
			for _, one := range []*report.Report{r, located, empty} {
				agree(t, name, one)
			}
		})
	}
}

// TestGolden holds each format of one story against what is committed.
func TestGolden(t *testing.T) {
	// The report is committed, too, so that a policy's new wording leaves these alone.
	saved, err := os.ReadFile(filepath.Join("testdata", "golden", "secret-encoded-once.report.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := &report.Report{}
	if err := json.Unmarshal(saved, r); err != nil {
		t.Fatal(err)
	}
	for _, name := range formatNames() {
		if name == "json" || formats[name].file == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "golden", "secret-encoded-once."+formats[name].file)
			got := render(t, name, r)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (go test ./cmd/regpolicy/internal/report -update writes it)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s differs (-want +got):\n%.4000s", path, diff)
			}
		})
	}
}
