package main

import (
	"bytes"
	"slices"
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

// TestFormatsTakeWhole: a format is said to take a report as a whole where it writes
// another text of one without excerpts and trust paths, and only there.
func TestFormatsTakeWhole(t *testing.T) {
	quoted := report.Report{
		Rules: []report.Rule{{ID: "B"}}, Summary: report.Summary{Fail: 1}, Run: report.Run{Policies: report.Policies{Count: 1}},
		Results: []report.Result{{
			ID: "B", Verdict: report.Fail, Severity: "high", Subject: evidence.Subject{"kind": "registry", "name": "r:443"}, Message: "hm", Fingerprint: "f",
			Evidence: []report.Pointer{{Pointer: "/endpoints/r:443", Role: "contradicts", Excerpt: "port: 443"}},
		}},
		TrustPaths: []report.TrustPath{{Registry: "r:443"}},
	}
	bare := quoted
	bare.TrustPaths = nil
	bare.Results = slices.Clone(quoted.Results)
	bare.Results[0].Evidence = []report.Pointer{{Pointer: "/endpoints/r:443", Role: "contradicts"}}
	for _, format := range formatNames() {
		var with, without bytes.Buffer
		if err := formats(rendering{})[format](&with, &quoted); err != nil {
			t.Fatal(err)
		}
		if err := formats(rendering{})[format](&without, &bare); err != nil {
			t.Fatal(err)
		}
		if differs, want := with.String() != without.String(), slices.Contains(takeWhole, format); differs != want {
			t.Errorf("%s differs without excerpts and trust paths: %v, want %v", format, differs, want)
		}
	}
}
