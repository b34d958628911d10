package report_test

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/largecluster"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report/html"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// BenchmarkFormats writes the report of a cluster of 500 nodes and 15,000 pods.
func BenchmarkFormats(b *testing.B) {
	if judged == nil {
		doc, err := largecluster.Make(b.Context(), largecluster.Of(500))
		if err != nil {
			b.Fatal(err)
		}
		text, err := evidence.Encode(doc)
		if err != nil {
			b.Fatal(err)
		}
		judged = judge(b, []engine.Input{{URI: "large.json", Bytes: text, Document: doc}}, nil)
	}
	writeAll(b, judged)
}

// judged takes longer to make than to write, and is made once.
var judged *report.Report

// BenchmarkFleet writes the report of a fleet of 2,000 clusters.
func BenchmarkFleet(b *testing.B) { writeAll(b, fleet(2000)) }

// fleet is a report on clusters with ten findings each.
func fleet(clusters int) *report.Report {
	at := evidence.At(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	r := &report.Report{SchemaVersion: report.SchemaVersion, Run: report.Run{At: at}}
	for c := range clusters {
		name := fmt.Sprintf("factory-%d", c)
		r.Run.Documents = append(r.Run.Documents, report.Document{URI: name + ".json", SHA256: strings.Repeat("ab", 32), CollectedAt: at, Cluster: name})
		for n := range 10 {
			id := fmt.Sprintf("RT-NOD-%03d", n)
			r.Results = append(r.Results, report.Result{
				ID: id, Policy: "regpolicy.nod." + id, Verdict: report.Fail, Severity: "high", Title: "Nodes trust the registry",
				Subject:     evidence.Subject{"kind": "node", "name": fmt.Sprintf("wk-%d", n), "cluster": name},
				Message:     fmt.Sprintf("node wk-%d does not trust harbor.corp.example:443", n),
				Remediation: "Roll the nodes:\n  kubectl rollout restart daemonset/trust",
				Evidence:    []report.Pointer{{Pointer: fmt.Sprintf("/nodes/wk-%d", n), Role: "contradicts"}},
				Fingerprint: fmt.Sprintf("%032d", c*10+n),
			})
		}
	}
	r.Summary = report.Count(r.Results)
	return r
}

func writeAll(b *testing.B, r *report.Report) {
	b.Helper()
	formats := map[string]func(io.Writer, *report.Report) error{
		"gitlab": report.GitLab, "html": html.Write, "json": report.JSON, "markdown": report.Markdown, "openreports": report.OpenReports,
		"oscal": report.OSCAL, "prometheus": report.Prometheus, "sarif": report.SARIF, "tap": report.TAP,
		"github": func(w io.Writer, r *report.Report) error { return report.GitHub(w, r, report.GitHubOptions{}) },
		"junit":  func(w io.Writer, r *report.Report) error { return report.JUnit(w, r, report.JUnitOptions{}) },
		"text":   func(w io.Writer, r *report.Report) error { return report.Text(w, r, report.TextOptions{}) },
	}
	for _, name := range slices.Sorted(maps.Keys(formats)) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := formats[name](io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
