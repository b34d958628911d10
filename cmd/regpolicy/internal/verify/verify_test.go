package verify

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

const story = "../../../../fixtures/secret-encoded-once/document.json"

func builtin(t *testing.T) *engine.Library {
	t.Helper()
	var cfg engine.Config
	files, err := fs.Glob(policies.FS, "*/*/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	text := func(name string) []byte {
		text, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, file := range files {
		if !strings.HasSuffix(file, "_test.rego") {
			cfg.Modules = append(cfg.Modules, engine.Module{Path: file, Source: text(file), Builtin: true})
		}
	}
	cfg.Schema, cfg.Known = text(policies.Schema), text(policies.Analysis)
	library, err := engine.Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return library
}

func input(t *testing.T) engine.Input {
	t.Helper()
	text, err := os.ReadFile(story)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return engine.Input{URI: "evidence.json", Bytes: text, Document: doc}
}

// saved judges the document, and is the report as it is read again.
func saved(t *testing.T, library *engine.Library, opt engine.Options, change func(*report.Report)) *report.Report {
	t.Helper()
	opt.ToolVersion = "v1"
	r, err := library.Judge(t.Context(), []engine.Input{input(t)}, opt)
	if err != nil {
		t.Fatal(err)
	}
	change(r)
	if r.Run.Kept == "" {
		r.Summary = report.Count(r.Results)
	}
	var out bytes.Buffer
	if err := report.JSON(&out, r); err != nil {
		t.Fatal(err)
	}
	if r, err = report.Read(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	return r
}

// one is the first result that is wanted.
func one(r *report.Report, wanted func(*report.Result) bool) *report.Result {
	i := slices.IndexFunc(r.Results, func(r report.Result) bool { return wanted(&r) })
	return &r.Results[i]
}

// moved is the place of a result, which its diagnosis no longer shares.
func moved(r *report.Report) *report.Location {
	result := one(r, standing)
	at := *result.Location
	result.Location = &at
	return &at
}

func fading(r *report.Result) bool   { return r.NextChange != nil && r.Verdict == report.Pass }
func standing(r *report.Result) bool { return r.Location != nil }
func waived(r *report.Result) bool   { return r.Waiver != nil }

func waiver(policy, expires string) engine.Waiver {
	w := engine.Waiver{Policy: policy, Subject: "*", Reason: "x", Owner: "y", Expires: expires, File: "waivers.yaml", Line: 1}
	w.Check()
	return w
}

func TestReport(t *testing.T) {
	library := builtin(t)
	const year = 365 * 24 * time.Hour
	excused := engine.Options{Waivers: []engine.Waiver{waiver("RT-CFG-001", "2027-01-31"), waiver("RT-EVT-001", "2026-01-31"), waiver("RT-EVT-001", "2030-01-31"), waiver("RT-TLS-006", "2027-10-01")}}
	nothing := func(*report.Report) {}
	for name, tc := range map[string]struct {
		opt    engine.Options
		change func(*report.Report)
		want   string // a part of the only difference, "" for none
	}{
		"as it was":                     {change: nothing},
		"as of another time":            {opt: engine.Options{At: new(time.Date(2027, 10, 1, 0, 0, 0, 0, time.UTC))}, change: nothing},
		"looking ahead":                 {opt: engine.Options{Forecast: year}, change: nothing},
		"looking ahead, not far enough": {opt: engine.Options{Forecast: 24 * time.Hour}, change: nothing},
		"waivers":                       {opt: excused, change: nothing},
		"waivers, looking ahead":        {opt: engine.Options{Forecast: 2 * year, Waivers: excused.Waivers}, change: nothing},
		"findings only":                 {opt: engine.Options{Many: true, OnlyFindings: true}, change: nothing},
		"another version":               {change: func(r *report.Report) { r.Tool.Version, r.Tool.OPA = "v0", "0.1" }},
		"known":                         {change: func(r *report.Report) { one(r, standing).Known = true }},

		"another tool":            {change: func(r *report.Report) { r.Tool.Name = "other" }, want: "the name of the tool of the report does not come out again"},
		"another line":            {change: func(r *report.Report) { moved(r).Line++ }, want: `stands at "fixtures/secret-encoded-once/source/objects/trust-secret.yaml", line 9, column 17 in the report, and comes out at "fixtures/secret-encoded-once/source/objects/trust-secret.yaml", line 8, column 17`},
		"another file":            {change: func(r *report.Report) { moved(r).File = "innocent.yaml" }, want: `stands at "innocent.yaml", line 8, column 17 in the report`},
		"no place":                {change: func(r *report.Report) { one(r, standing).Location = nil }, want: "stands in no file in the report"},
		"a place of its own":      {change: func(r *report.Report) { one(r, fading).Location = &report.Location{File: "x", Line: 1} }, want: "and comes out in no file"},
		"a later date":            {change: func(r *report.Report) { n := one(r, fading).NextChange; n.At = evidence.At(n.At.AddDate(1, 0, 0)) }, want: "as it comes out"},
		"a better change":         {change: func(r *report.Report) { one(r, fading).NextChange.Becomes = report.Skip }, want: "becomes skip at "},
		"no change":               {change: func(r *report.Report) { one(r, fading).NextChange = nil }, want: "changes at no date in the report, and becomes "},
		"a change of its own":     {change: func(r *report.Report) { one(r, standing).NextChange = &report.NextChange{Becomes: report.Pass} }, want: "becomes pass at "},
		"a waiver's end":          {opt: excused, change: func(r *report.Report) { one(r, waived).NextChange = nil }, want: "and becomes fail at 2027-02-01T00:00:00Z as it comes out"},
		"no waiver":               {opt: excused, change: func(r *report.Report) { r.Run.Waivers.Used, r.Run.Waivers.Expired = 0, 1 }, want: "the report counts 0 waivers that were used and 1 that had expired, and its results name 2"},
		"waivers without results": {change: func(r *report.Report) { r.Run.Waivers.Used = 1 }, want: "the report counts 1 waivers that were used, and none of its results is waived"},
		"waivers that expired":    {change: func(r *report.Report) { r.Run.Waivers.Expired = 2 }, want: "the report counts 2 waivers that had expired, and 0 of its results are about one"},
		"waivers without names":   {opt: excused, change: func(r *report.Report) { r.Run.Waivers.UnusedNames = nil }, want: "the report counts 1 waivers that were not used, and names 0"},
		"another moment":          {change: func(r *report.Report) { r.Run.At = evidence.At(r.Run.At.AddDate(1, 0, 0)) }, want: "the moment of the report does not come out again"},
		"without a parameter":     {change: func(r *report.Report) { r.Run.Params = maps.Clone(r.Run.Params); delete(r.Run.Params, "RT-TLS-006") }, want: "the set of parameters of the report does not come out again"},
		"a shorter forecast":      {opt: engine.Options{Forecast: year}, change: func(r *report.Report) { r.Forecast = r.Forecast[1:] }, want: "the forecast of the report does not come out again"},
		"a forecast of no time":   {opt: engine.Options{Forecast: year}, change: func(r *report.Report) { r.Run.Forecast = "-1h" }, want: `the report says that it looked "-1h" ahead, which is no time`},
		"another verdict": {change: func(r *report.Report) {
			one(r, func(r *report.Result) bool { return r.ID == "RT-CFG-001" && r.Verdict == report.Fail }).Verdict = report.Pass
		}, want: "is pass in the report, and comes out as fail"},
		"fewer passes": {opt: engine.Options{Many: true, OnlyFindings: true}, change: func(r *report.Report) {
			p := slices.IndexFunc(r.Fleet.Policies, func(p report.FleetPolicy) bool { return p.Summary.Skip > 0 })
			counts := &r.Fleet.Policies[p].Summary
			counts.Pass, counts.Skip = counts.Pass+1, counts.Skip-1
			r.Summary.Pass, r.Summary.Skip = r.Summary.Pass+1, r.Summary.Skip-1
		}, want: "the fleet of the report does not come out again"},
	} {
		t.Run(name, func(t *testing.T) {
			r := saved(t, library, tc.opt, tc.change)
			out, err := Report(t.Context(), library, "v1", r, []engine.Input{input(t)})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case tc.want == "" && len(out.Differences) > 0:
				t.Errorf("differences %q", out.Differences)
			case tc.want != "" && (len(out.Differences) != 1 || !strings.Contains(out.Differences[0], tc.want)):
				t.Errorf("differences %q, want one that holds %q", out.Differences, tc.want)
			}
		})
	}
}

// TestNotes are of what is not held against anything.
func TestNotes(t *testing.T) {
	here := report.Tool{Name: "regpolicy", Version: "v2", OPA: "1.1"}
	r := &report.Report{
		Tool:    report.Tool{Name: "regpolicy", Version: "v1", OPA: "1.0"},
		Results: []report.Result{{Verdict: report.Waived}, {Verdict: report.Fail, Known: true}, {Verdict: report.Fail, Known: true}},
	}
	want := []string{
		"it was made by version v1 with OPA 1.0, and judged again by v2 with OPA 1.1",
		"1 are waived, by waivers that are not checked", "2 are known, from a baseline that is not checked",
	}
	if got := notes(r, here); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := notes(&report.Report{Tool: here}, here); got != nil {
		t.Errorf("%q, want none", got)
	}
}

// TestOtherDocuments: no verdict is compared where the documents or the policies differ.
func TestOtherDocuments(t *testing.T) {
	library := builtin(t)
	r := saved(t, library, engine.Options{}, func(*report.Report) {})
	other := input(t)
	other.Bytes = append(slices.Clone(other.Bytes), '\n')
	out, err := Report(t.Context(), library, "v1", r, []engine.Input{other})
	if err != nil || len(out.Differences) != 2 || !strings.Contains(out.Differences[0]+out.Differences[1], "is not what the report is about") {
		t.Errorf("%q, %v", out.Differences, err)
	}
	r.Run.Policies.Digest = "x"
	out, err = Report(t.Context(), library, "v1", r, []engine.Input{input(t)})
	if err != nil || len(out.Differences) != 1 || !strings.HasPrefix(out.Differences[0], "the report was made by other policies: ") {
		t.Errorf("%q, %v", out.Differences, err)
	}
}

// TestGermanReport: a report may be in German, with all that it foresees.
func TestGermanReport(t *testing.T) {
	library := builtin(t)
	catalogue, err := language.Open(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	english := saved(t, library, engine.Options{Forecast: 365 * 24 * time.Hour}, func(*report.Report) {})
	r, err := catalogue.Report(english)
	if err != nil {
		t.Fatal(err)
	}
	if same, err := equalJSON(english.Forecast, r.Forecast); err != nil || same {
		t.Errorf("the forecast is the same in German: %v", err)
	}
	out, err := Report(t.Context(), library, "v1", r, []engine.Input{input(t)})
	if err != nil || len(out.Differences) > 0 {
		t.Errorf("%q, %v", out.Differences, err)
	}
}

// TestEveryFieldIsSpokenFor fails for a new field of the report or of a result that
// nobody decided about.
func TestEveryFieldIsSpokenFor(t *testing.T) {
	for name, c := range map[string]struct {
		of   any
		want string
	}{
		"report": {
			report.Report{ForecastGaps: []report.ForecastGap{{}}, Fleet: &report.Fleet{}, Forecast: []report.Change{{}}, TrustPaths: []report.TrustPath{{}}, Rules: []report.Rule{{}}},
			"affected coverage diagnosis fleet forecast forecast_gaps results rules run schema_version summary tool trust_paths",
		},
		"run":    {report.Run{Profile: "x", Require: []string{"x"}, Baseline: &report.Baseline{}, Kept: "x", Forecast: "x"}, "at baseline documents forecast kept params policies profile require waivers"},
		"result": {report.Result{Location: &report.Location{}, Known: true}, "controls evidence fingerprint id known location message missing next_change policy remediation severity subject title trust_domain verdict waiver"},
	} {
		text, err := json.Marshal(c.of)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil {
			t.Fatal(err)
		}
		var got []string
		for field := range fields {
			got = append(got, field)
		}
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s has %q: say in Report what becomes of the new one, and here", name, got)
		}
	}
}
