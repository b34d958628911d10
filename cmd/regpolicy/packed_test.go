package main

import (
	"bytes"
	"slices"
	"testing"
	"time"

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

// TestFormatsTake: a format is said to take a part of a report where it writes another text
// of one without that part, and only there.
func TestFormatsTake(t *testing.T) {
	whole := func() *report.Report {
		return &report.Report{
			Rules: []report.Rule{{ID: "B"}}, Summary: report.Summary{Fail: 1}, Run: report.Run{Policies: report.Policies{Count: 1}},
			Results: []report.Result{{
				ID: "B", Verdict: report.Fail, Severity: "high", Subject: evidence.Subject{"kind": "registry", "name": "r:443"}, Message: "hm", Fingerprint: "f",
				Evidence:   []report.Pointer{{Pointer: "/endpoints/r:443", Role: "contradicts", Excerpt: "port: 443"}},
				NextChange: &report.NextChange{At: evidence.At(time.Unix(1<<31, 0)), Becomes: report.Pass},
			}},
			TrustPaths:   []report.TrustPath{{Registry: "r:443"}},
			ForecastGaps: []report.ForecastGap{{ID: "B", Title: "title", Reason: "it fails then"}},
		}
	}
	for part, c := range map[string]struct {
		drop func(*report.Report)
		take []string
	}{
		"excerpts and trust paths": {func(r *report.Report) { r.TrustPaths, r.Results[0].Evidence[0].Excerpt = nil, "" }, takeWhole},
		"dates":                    {func(r *report.Report) { r.Results[0].NextChange, r.ForecastGaps = nil, nil }, takeDates},
	} {
		for _, format := range formatNames() {
			text := func(r *report.Report) string {
				var out bytes.Buffer
				if err := formats(rendering{})[format](&out, r); err != nil {
					t.Fatal(err)
				}
				return out.String()
			}
			less := whole()
			c.drop(less)
			if differs, want := text(whole()) != text(less), slices.Contains(c.take, format); differs != want {
				t.Errorf("%s differs without %s: %v, want %v", format, part, differs, want)
			}
		}
	}
}
