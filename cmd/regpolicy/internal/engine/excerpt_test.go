package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

func TestExcerpts(t *testing.T) {
	long := make(map[string]any, 100)
	for i := range 100 {
		long[fmt.Sprintf("k%03d", i)] = map[string]any{"a": "b"}
	}
	plain := map[string]any{
		"nodes": map[string]any{"wk/1": map[string]any{"files": long, "read": true, "pem": "secret"}},
		"list":  []any{"x", "yes it is"}, "n": 1, "text": strings.Repeat("ü", 1000),
	}
	value, err := ast.InterfaceToValue(plain)
	if err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]string{
		"/nodes/wk~11":       "files: (100 fields)\nread: true",
		"/nodes/wk~11/files": "k000: (1 field)\nk001: (1 field)\nk002: (1 field)\nk003: (1 field)\nk004: (1 field)\nk005: (1 field)\nk006: (1 field)\nk007: (1 field)\nk008: (1 field)\nk009: (1 field)\nk010: (1 field)\nk011: (1 field)\n# ...",
		"/list/1":            `"1": yes it is`,
		"/n":                 "n: 1",
		"/text":              "text: " + strings.Repeat("ü", 234) + " ...",
		"/nodes/none":        "", "/list/7": "", "none": "",
	} {
		got, err := quote(readable{value: value}, pointer)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: %q, want %q", pointer, got, want)
		}
	}
}

// TestExcerptsAreFew holds a report on many nodes small.
func TestExcerptsAreFew(t *testing.T) {
	value, err := ast.InterfaceToValue(map[string]any{"n": 1})
	if err != nil {
		t.Fatal(err)
	}
	results := make([]report.Result, 1000)
	for i := range results {
		results[i] = report.Result{ID: []string{"A", "B"}[i%2], Verdict: report.Fail, Evidence: []report.Pointer{{Pointer: "/n"}}}
	}
	results[0].Verdict = report.Pass
	if err := newExcerpts().add(results, readable{value: value}, map[string]string{}); err != nil {
		t.Fatal(err)
	}
	quoted := 0
	for _, r := range results {
		if r.Evidence[0].Excerpt != "" {
			quoted++
		}
	}
	if quoted != 2*excerptResults || results[0].Evidence[0].Excerpt != "" {
		t.Errorf("%d results are quoted, want %d", quoted, 2*excerptResults)
	}
}

// TestBareToday: without excerpts, trust paths and verdicts to come a report says all else.
func TestBareToday(t *testing.T) {
	l, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	excerpts, paths, dates := 0, 0, 0
	for _, in := range fixtures(t) {
		want, err := l.Judge(t.Context(), []Input{in}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		paths += len(want.TrustPaths)
		want.TrustPaths = nil
		for i := range want.Results {
			if r := &want.Results[i]; r.NextChange != nil {
				dates++
				r.NextChange = nil
			}
			for j := range want.Results[i].Evidence {
				if e := &want.Results[i].Evidence[j]; e.Excerpt != "" {
					excerpts++
					e.Excerpt = ""
				}
			}
		}
		got, err := l.Judge(t.Context(), []Input{in}, Options{Bare: true, Today: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(report.Packed{})); diff != "" {
			t.Errorf("%s: %s", in.URI, diff)
		}
	}
	if excerpts == 0 || paths == 0 || dates == 0 {
		t.Errorf("%d excerpts, %d trust paths and %d dates in all fixtures", excerpts, paths, dates)
	}
}
