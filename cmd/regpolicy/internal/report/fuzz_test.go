package report_test

import (
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// FuzzFormats puts any text into every place of a report that quotes others, writes
// each format and reads it back.
func FuzzFormats(f *testing.F) {
	for _, seed := range []string{
		"", "plain", "\x00\x1b[31mred\x7f\x85", "a\nb\r\nc\n---\n...\n", "::error file=x::y%0A", "]]><x/>&amp;", "a|b|`c`", "🦊\u202e\ufeff\u2028",
		"\xff\xfe\xed\xa0\x80", "- [x](y) ![z](w) <b> @all #1", "  leading: yes\n\tand: no", "not ok 1 # TODO \\", "~", "null", "0x1f", "\"'", "\ufffe\uffff",
		"kubectl x\n``` \n    code", "{{ .x }} ${{ y }}", ": - ? !!binary *a &b %", "= x", "1. one", "a\tb",
	} {
		f.Add(seed, seed)
		f.Add("fixed", seed)
	}
	f.Add("  =\u202e-->/```\"", "../:{`?[\\n") // made a link of SARIF no URI
	f.Fuzz(func(t *testing.T, text, name string) {
		if len(text)+len(name) > 1<<12 {
			return // TestLongText has those
		}
		r := quoting(text, name)
		for _, format := range formatNames() {
			if format == "json" {
				continue // encoding/json replaces what is no UTF-8
			}
			agree(t, format, r)
		}
	})
}

func TestLongText(t *testing.T) {
	for _, text := range []string{strings.Repeat("long ", 2_000), strings.Repeat("@|<", 2_000), strings.Repeat("🦊", 2_000)} {
		r := quoting(text, text[:40])
		for _, format := range formatNames() {
			agree(t, format, r)
		}
	}
}

// quoting is a report of each verdict with a text everywhere.
func quoting(text, name string) *report.Report {
	at := evidence.Time{}
	r := &report.Report{
		SchemaVersion: report.SchemaVersion, Tool: report.Tool{Name: "regpolicy", Version: text, OPA: text},
		Run: report.Run{
			Profile:   name,
			Documents: []report.Document{{URI: name, SHA256: text, Cluster: text}, {URI: name, SHA256: text, Cluster: name}},
			Policies:  report.Policies{Count: 7, Digest: text},
		},
		Affected:  report.Affected{Pods: len(name), Registries: []string{name}, Namespaces: []string{text, name}, Nodes: []string{name}},
		Diagnosis: []report.Diagnosis{{ID: name, Severity: "high", Title: text, Messages: []string{text, name}, Remediation: text, Explains: []report.Explained{{ID: name, Title: text, Subjects: 2}}}},
		Coverage:  map[string]evidence.Coverage{evidence.Pods: {Requested: true, Gaps: []evidence.Gap{{Subject: evidence.Subject{"kind": name}, Reason: text}}}, evidence.Nodes: {Hint: text}},
	}
	r.ForecastGaps = []report.ForecastGap{{From: at, ID: name, Title: text, Cluster: text, Reason: text}}
	verdicts := []report.Verdict{report.Pass, report.Fail, report.Warn, report.Inconclusive, report.Error, report.Skip, report.Waived}
	for i, v := range verdicts {
		res := report.Result{
			ID: "X" + name, Policy: "a." + name, Verdict: v, Severity: report.Severities[i%5], Title: text, Message: text, Remediation: text,
			Subject:     evidence.Subject{"kind": "pod", "namespace": name, "name": text, "cluster": name},
			Evidence:    []report.Pointer{{Pointer: "/" + text}, {Pointer: name}},
			Missing:     []report.Missing{{Pointer: name, Collector: text, Reason: name, Detail: text}},
			Controls:    map[string][]string{name: {text, "A1"}},
			Fingerprint: string(rune('a' + i)),
		}
		switch v {
		case report.Waived:
			res.Waiver = &report.Waiver{Reason: text, Owner: name, Expires: "2030-01-01", Verdict: report.Fail}
		case report.Fail:
			res.Location = &report.Location{File: name, Line: len(name), Column: len(text)}
			res.NextChange = &report.NextChange{At: at, Becomes: report.Pass}
		case report.Warn:
			res.ID = "ORG-1"
		default:
		}
		r.Results = append(r.Results, res)
	}
	r.Rules = []report.Rule{{
		ID: "ORG-1", Policy: name, Title: text, Description: text, Severity: "low", Remediation: text, Tags: []string{text, name},
		Controls: map[string][]string{name: {text}}, Related: []string{text, "https://" + name},
	}}
	r.Summary = report.Count(r.Results)
	return r
}
