package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestFormatsTakePacked: of formats that are said to take passes packed, each writes what
// it writes of the same passes as results.
func TestFormatsTakePacked(t *testing.T) {
	for _, format := range takePacked {
		small := func() *report.Report {
			passes := report.Pack(report.Result{ID: "A", Verdict: report.Pass, Title: "title", Severity: "high"})
			passes.Add("kind=pod,name=b", []string{"/pods/b"})
			passes.Add("kind=pod,name=a", nil)
			return &report.Report{
				Rules: []report.Rule{{ID: "A"}, {ID: "B"}, {ID: "C"}}, Summary: report.Summary{Pass: 2, Warn: 1},
				Run:     report.Run{Policies: report.Policies{Count: 3}},
				Packed:  []*report.Packed{passes},
				Results: []report.Result{{ID: "B", Verdict: report.Warn, Severity: "low", Subject: evidence.Subject{"kind": "pod"}, Message: "hm"}},
			}
		}
		packed, expanded := small(), small()
		expanded.Expand()
		var got, want bytes.Buffer
		if err := formats(rendering{})[format](&got, packed); err != nil {
			t.Fatal(err)
		}
		if err := formats(rendering{})[format](&want, expanded); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), got.String()); diff != "" {
			t.Errorf("%s: %s", format, diff)
		}
	}
}
