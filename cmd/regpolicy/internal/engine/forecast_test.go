package engine

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// validity judges certificates by the clock, with an early warning.
const validity = `# METADATA
# custom:
#   id: ORG-1
#   params: {soon_days: 30}
#   profiles: {strict: {soon_days: 90}}
package org.validity

subjects contains {"kind": "certificate", "name": name} if some name, _ in input.certificates

deny contains {"subject": {"kind": "certificate", "name": name}, "msg": "not valid now"} if {
	some name, c in input.certificates
	not valid(c)
}

warn contains {"subject": {"kind": "certificate", "name": name}, "msg": "ends soon"} if {
	some name, c in input.certificates
	time.parse_rfc3339_ns(c.not_after) - time.parse_rfc3339_ns(input.at) < ((data.params["ORG-1"].soon_days * 24) * 3600) * 1000000000
}

valid(c) if {
	time.parse_rfc3339_ns(c.not_before) <= time.parse_rfc3339_ns(input.at)
	time.parse_rfc3339_ns(input.at) <= time.parse_rfc3339_ns(c.not_after)
}
`

// withCertificates is a document that holds certificates valid from and for so many
// days, counted from when it was collected.
func withCertificates(t *testing.T, days ...[2]int) Input {
	t.Helper()
	return document(t, func(b *evidence.Builder) {
		for _, collector := range []string{evidence.Nodes, evidence.Handshakes, evidence.Trust} {
			b.Request(collector)
		}
		b.Record(func(d *evidence.Document) {
			for i, v := range days {
				d.Certificates[strings.Repeat(fmt.Sprint(i), 64)] = evidence.Certificate{
					NotBefore: evidence.At(collectedAt.AddDate(0, 0, v[0])), NotAfter: evidence.At(collectedAt.AddDate(0, 0, v[1])),
				}
			}
		})
	})
}

// changesOf are a forecast's changes, "2026-12-03 0 pass->warn".
func changesOf(rep *report.Report) []string {
	var out []string
	for _, c := range rep.Forecast {
		out = append(out, fmt.Sprintf("%s %.1s %s->%s", c.At.Format(time.DateOnly), c.Subject["name"], c.From, c.To))
	}
	return out
}

func TestForecast(t *testing.T) {
	const year = 365 * 24 * time.Hour
	in := withCertificates(t, [2]int{-10, 40}, [2]int{-10, 1000}, [2]int{5, 200}, [2]int{-10, -1})
	for name, tc := range map[string]struct {
		horizon time.Duration
		profile string
		want    []string
	}{
		"a year": {year, "", []string{
			"2026-11-28 2 fail->pass", "2026-12-03 0 pass->warn", "2027-01-02 0 warn->fail",
			"2027-05-12 2 pass->warn", "2027-06-11 2 warn->fail",
		}},
		"two weeks": {14 * 24 * time.Hour, "", []string{"2026-11-28 2 fail->pass", "2026-12-03 0 pass->warn"}},
		// 40 days are less than 90: the warning is there already.
		"another threshold": {60 * 24 * time.Hour, "strict", []string{"2026-11-28 2 fail->pass", "2027-01-02 0 warn->fail"}},
		"none":              {0, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			l := loadWith(t, Config{Profile: tc.profile}, validity)
			rep, err := l.Judge(t.Context(), []Input{in}, Options{Forecast: tc.horizon})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, changesOf(rep)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestNextChange(t *testing.T) {
	in := withCertificates(t, [2]int{-10, 40}, [2]int{-10, -1}, [2]int{5, 200})
	l := loadWith(t, Config{}, validity, podPolicy)
	rep, err := l.Judge(t.Context(), []Input{in}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"0": "2026-12-03 warn", "1": "", "2": "2026-11-28 pass"}
	for _, r := range rep.Results {
		got := ""
		if r.NextChange != nil {
			got = r.NextChange.At.Format(time.DateOnly) + " " + string(r.NextChange.Becomes)
		}
		name := ""
		if r.ID == "ORG-1" {
			name = r.Subject["name"][:1]
		}
		if got != want[name] {
			t.Errorf("%s %s: next change %q, want %q", r.ID, r.Subject, got, want[name])
		}
	}
	// At that moment the verdict is what was foretold, and a second before it is not.
	for _, r := range rep.Results {
		if r.NextChange == nil {
			continue
		}
		for _, tc := range []struct {
			at   time.Time
			want report.Verdict
		}{{r.NextChange.At.Add(-time.Second), r.Verdict}, {r.NextChange.At.Time, r.NextChange.Becomes}} {
			later, err := l.Judge(t.Context(), []Input{in}, Options{At: &tc.at})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(later.Results, func(o report.Result) bool { return o.Fingerprint == r.Fingerprint })
			if got := later.Results[i].Verdict; got != tc.want {
				t.Errorf("%s at %s: %s, want %s", r.Subject, tc.at, got, tc.want)
			}
		}
	}
}

func TestNextChangeOfAWaiver(t *testing.T) {
	in := withCertificates(t, [2]int{-10, -1})
	w := Waiver{Policy: "ORG-1", Subject: "*", Reason: "r", Owner: "o", Expires: "2026-12-31"}
	if f := w.Check(); f != nil {
		t.Fatal(f)
	}
	unused := Waiver{Policy: "ORG-9", Subject: "x", Reason: "r", Owner: "o", Expires: "2026-12-31", File: "w.yaml", Line: 7}
	if f := unused.Check(); f != nil {
		t.Fatal(f)
	}
	l := loadWith(t, Config{}, validity)
	rep, err := l.Judge(t.Context(), []Input{in}, Options{Waivers: []Waiver{w, unused}, Forecast: 90 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	r := rep.Results[0]
	if r.Verdict != report.Waived || r.NextChange == nil || r.NextChange.At.Format(time.RFC3339) != "2027-01-01T00:00:00Z" || r.NextChange.Becomes != report.Fail {
		t.Errorf("%s, next change %+v", r.Verdict, r.NextChange)
	}
	if diff := cmp.Diff([]string{"2027-01-01 0 waived->fail"}, changesOf(rep)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if want := []string{`ORG-9 for "x" by o (w.yaml:7)`}; !slices.Equal(rep.Run.Waivers.UnusedNames, want) {
		t.Errorf("unused %v, want %v", rep.Run.Waivers.UnusedNames, want)
	}
}

// TestForecastOfSeveralDocuments tells the same subject of two clusters apart.
func TestForecastOfSeveralDocuments(t *testing.T) {
	a, b := withCertificates(t, [2]int{-10, 5}), withCertificates(t, [2]int{-10, 8})
	a.URI, b.URI = "a.json", "b.json"
	rep, err := loadWith(t, Config{}, validity).Judge(t.Context(), []Input{a, b}, Options{Forecast: 30 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range rep.Forecast {
		got = append(got, c.At.Format(time.DateOnly)+" "+c.Subject["cluster"])
	}
	if diff := cmp.Diff([]string{"2026-11-28 a.json", "2026-12-01 b.json"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProfiles(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg   Config
		want  string
		fault string
	}{
		"default":                {Config{}, "30", ""},
		"profile":                {Config{Profile: "strict"}, "90", ""},
		"given over the profile": {Config{Profile: "strict", Params: map[string]map[string]any{"ORG-1": {"soon_days": 7}}}, "7", ""},
		"unknown profile":        {Config{Profile: "strickt"}, "", `no policy knows the profile "strickt"`},
		"a value below zero":     {Config{Params: map[string]map[string]any{"ORG-1": {"soon_days": -7}}}, "", `parameter "soon_days" of policy "ORG-1" is -7, and must be a number from zero on`},
		"another kind of value":  {Config{Params: map[string]map[string]any{"ORG-1": {"soon_days": "7"}}}, "", `parameter "soon_days" of policy "ORG-1" is a number, not a text`},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := withModules(t, tc.cfg, validity)
			l, err := Load(t.Context(), cfg)
			if tc.fault != "" {
				if err == nil || !strings.Contains(err.Error(), tc.fault) {
					t.Errorf("got %v, want %q", err, tc.fault)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(l.params["ORG-1"]["soon_days"]); got != tc.want {
				t.Errorf("soon_days is %s, want %s", got, tc.want)
			}
		})
	}
	if _, err := load(t, strings.Replace(validity, "{strict: {soon_days", "{strict: {sooon_days", 1)); err == nil || !strings.Contains(err.Error(), `has no parameter "sooon_days"`) {
		t.Errorf("a profile with an unknown parameter: %v", err)
	}
}

func withModules(t *testing.T, cfg Config, sources ...string) Config {
	t.Helper()
	cfg.Schema = builtin(t).Schema
	for i, s := range sources {
		cfg.Modules = append(cfg.Modules, Module{Path: fmt.Sprintf("org/%d.rego", i), Source: []byte(s)})
	}
	return cfg
}

func loadWith(t *testing.T, cfg Config, sources ...string) *Library {
	t.Helper()
	l, err := Load(t.Context(), withModules(t, cfg, sources...))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCollections(t *testing.T) {
	p := &Policy{ID: "RT-NOD-099", Package: "regpolicy.nod.x", Tags: []string{"seed", "nod"}, Controls: map[string][]string{"bsi-app-4.4": {"A13"}}}
	for pattern, want := range map[string]bool{
		"RT-NOD-*": true, "rt-nod-099": true, "RT-TLS-*": false, "nod": true, "@nodes": true, "@seed": true, "@audit": true,
		"@bsi": true, "@bsi-app-4.4": true, "@bsi-sys": false, "@nist": false, "@preflight": false, "regpolicy.nod.*": true,
	} {
		if got := p.Matches(pattern); got != want {
			t.Errorf("%q: %v, want %v", pattern, got, want)
		}
	}
	if (&Policy{}).Matches("@audit") {
		t.Error("a policy without controls is in @audit")
	}
}

// TestForecastLeavesOutNothing: what is not judged at all, or not again at dates to come,
// because it has no subjects and time brings none, would have said nothing.
func TestForecastLeavesOutNothing(t *testing.T) {
	t.Parallel()
	short, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range whole.policies {
		if !p.trusted {
			t.Fatalf("%s is not trusted: it would be judged again in both", p.ID)
		}
		p.trusted, p.brief = false, nil
	}
	for _, fixture := range fixtures(t) {
		in, opt := []Input{fixture}, Options{Forecast: 40 * 365 * 24 * time.Hour}
		want, err := whole.Judge(t.Context(), in, opt)
		if err != nil {
			t.Fatal(err)
		}
		got, err := short.Judge(t.Context(), in, opt)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the reports differ", fixture.URI)
		}
	}
}

// TestForecastIsWhatIsJudgedThen: whoever applies the changes of a forecast to the verdicts
// of today has the verdicts of each date to come.
func TestForecastIsWhatIsJudgedThen(t *testing.T) {
	t.Parallel()
	l, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	judge := func(t *testing.T, in Input, opt Options) *report.Report {
		t.Helper()
		rep, err := l.Judge(t.Context(), []Input{in}, opt)
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	changed := 0
	for _, in := range fixtures(t) {
		today := judge(t, in, Options{Forecast: 40 * 365 * 24 * time.Hour})
		verdicts := map[string]report.Verdict{}
		for i := range today.Results {
			verdicts[keyOf(today.Results[i].ID, today.Results[i].Subject)] = today.Results[i].Verdict
		}
		dates := datesOf(in.Document, in.Document.CollectedAt, map[string]any{"a_days": 14, "b_days": 30, "c_days": 90}, 40*365*24*time.Hour)
		rest := today.Forecast
		for _, date := range dates {
			for len(rest) > 0 && !rest[0].At.After(date.Time) {
				verdicts[keyOf(rest[0].ID, rest[0].Subject)] = rest[0].To
				rest, changed = rest[1:], changed+1
			}
			then := judge(t, in, Options{At: &date.Time, OnlyFindings: true})
			for i := range then.Results {
				r := &then.Results[i]
				key := keyOf(r.ID, r.Subject)
				if verdicts[key] != r.Verdict && (r.Verdict == report.Fail || r.Verdict == report.Warn) {
					t.Errorf("%s: %s is %s at %s, and %q by the forecast", in.URI, key, r.Verdict, date, verdicts[key])
				}
			}
			wants := 0
			for _, v := range verdicts {
				if v == report.Fail || v == report.Warn {
					wants++
				}
			}
			if got := then.Summary.Fail + then.Summary.Warn; got != wants {
				t.Errorf("%s: %d fail or warn at %s, and %d by the forecast", in.URI, got, date, wants)
			}
		}
	}
	if changed == 0 {
		t.Error("nothing changed in any document")
	}
}

func keyOf(id string, subject evidence.Subject) string { return id + " " + subject.String() }
