package merge

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet/simulated"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

const fixtures = "../../../../fixtures"

func library(t testing.TB) *engine.Library {
	t.Helper()
	var cfg engine.Config
	files, err := fs.Glob(policies.FS, "*/*/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.rego") {
			continue
		}
		source, err := fs.ReadFile(policies.FS, path)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Modules = append(cfg.Modules, engine.Module{Path: path, Source: source, Builtin: true})
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		t.Fatal(err)
	}
	l, err := engine.Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func simulate(t testing.TB, n int) (string, *simulated.Fleet) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "fleet")
	f, err := simulated.Write(folder, fixtures, n)
	if err != nil {
		t.Fatal(err)
	}
	return folder, f
}

func config(l *engine.Library, expected []string) Config {
	return Config{Library: l, Expected: expected, Options: engine.Options{OnlyFindings: true}, Warn: func(string, string) {}}
}

func run(t testing.TB, cfg Config, args ...string) *report.Report {
	t.Helper()
	r, err := Run(t.Context(), cfg, args)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A simulated fleet's report names exactly the clusters that are broken, missing and
// cut short, and the site whose CA ends first.
func TestSimulatedFleet(t *testing.T) {
	folder, f := simulate(t, 60)
	l := library(t)
	var warned []string
	cfg := config(l, f.Expected)
	cfg.Warn = func(text, _ string) { warned = append(warned, text) }
	r := run(t, cfg, folder)

	gone := slices.Sorted(slices.Values(slices.Concat(f.Missing, f.Truncated)))
	if !slices.Equal(r.Fleet.Missing, gone) || len(gone) != 2 {
		t.Errorf("missing %q, want %q", r.Fleet.Missing, gone)
	}
	if got := clustersWith(r, report.Inconclusive, engine.FleetID); !slices.Equal(got, gone) {
		t.Errorf("gaps %q, want %q", got, gone)
	}
	broken := slices.DeleteFunc(slices.Clone(f.Broken), func(c string) bool { return slices.Contains(gone, c) })
	if got := clustersWith(r, report.Fail, ""); !slices.Equal(got, broken) {
		t.Errorf("failing %q, want %q", got, broken)
	}
	if got := r.Fleet.Authorities[0]; got.Fingerprint != f.Site || len(got.OnNodes) == 0 || len(got.Configured) != 0 {
		t.Errorf("the first CA to expire is %+v, want %s", got, f.Site)
	}
	reasons := map[string]int{}
	for _, u := range r.Fleet.Unused {
		reasons[u.Reason]++
	}
	if reasons[report.Superseded] != len(f.Twice) || reasons[report.Unreadable] != len(f.Truncated) {
		t.Errorf("unused %v", reasons)
	}
	for _, name := range f.Twice {
		if !slices.ContainsFunc(warned, func(w string) bool { return strings.Contains(w, name+"-yesterday.json") }) {
			t.Errorf("nobody was told of the older document of %s: %q", name, warned)
		}
	}
	sum := report.Summary{BySeverity: map[string]int{}}
	for i := range r.Fleet.Clusters {
		sum.Add(r.Fleet.Clusters[i].Summary)
	}
	sum.Inconclusive += len(gone)
	sum.Pass += len(f.Expected) - len(gone)
	if sum.Pass != r.Summary.Pass || sum.Fail != r.Summary.Fail || sum.Skip != r.Summary.Skip || sum.Inconclusive != r.Summary.Inconclusive {
		t.Errorf("clusters sum up to %+v, the report to %+v", sum, r.Summary)
	}

	// The order in which documents are done changes nothing.
	one := config(l, f.Expected)
	one.Options.Jobs = 1
	first, second := encoded(t, r), encoded(t, run(t, one, folder))
	if first != second {
		t.Error("one job and several give different reports")
	}
}

// Judging one document after another and all of them in memory is the same.
func TestSameAsEval(t *testing.T) {
	l := library(t)
	var inputs []engine.Input
	var args []string
	for _, story := range []string{"secret-encoded-once", "wrong-ca-embedded-repaired", "vsphere-pod"} {
		path := filepath.Join(t.TempDir(), story+".json")
		text, err := os.ReadFile(filepath.Join(fixtures, story, "document.json"))
		if err != nil {
			t.Fatal(err)
		}
		// The stories are all of one cluster; without its name each is called by its file.
		text = regexp.MustCompile(`(?m)^ "cluster": .*\n`).ReplaceAll(text, nil)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
		f := file{path: path}
		f.look()
		in, why := read(&f)
		if why != nil {
			t.Fatal(why.detail)
		}
		inputs = append(inputs, *in)
	}
	slices.SortFunc(inputs, func(a, b engine.Input) int { return strings.Compare(a.Name, b.Name) })
	want, err := l.Judge(t.Context(), inputs, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config(l, nil)
	cfg.Options.OnlyFindings = false
	if got := run(t, cfg, args...); encoded(t, got) != encoded(t, want) {
		t.Error("merge and eval differ")
	}
}

func TestWrongUse(t *testing.T) {
	l := library(t)
	empty := t.TempDir()
	for _, args := range [][]string{{"-"}, {filepath.Join(empty, "absent")}, {empty}} {
		_, err := Run(t.Context(), config(l, nil), args)
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Hint == "" {
			t.Errorf("%q: %v", args, err)
		}
	}
	// With a list an empty folder is one in which all is missing.
	if r := run(t, config(l, []string{"a", "b"}), empty); r.Summary.Inconclusive != 2 {
		t.Errorf("summary %+v", r.Summary)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, config(l, nil), []string{fixtures}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// What lies in a folder and is no document is a gap, unless it is a report.
func TestForeignFiles(t *testing.T) {
	folder := t.TempDir()
	good, err := os.ReadFile(filepath.Join(fixtures, "vsphere-pod", "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"good.json": string(good), "empty.json": "", "list.json": "[]", "other.json": `{"kind":"Pod"}`, "cut.json": string(good[:300]),
		"old.json": `{"schema_version":"regpolicy.evidence/v0"}`, "report.json": `{"schema_version":"regpolicy.report/v1"}`,
		".good.json.123": "half", "README.md": "x",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := run(t, config(library(t), []string{"cut", "good", "late"}), folder)
	var unused []string
	for _, u := range r.Fleet.Unused {
		unused = append(unused, filepath.Base(u.URI))
		if u.Hint == "" || u.Detail == "" {
			t.Errorf("%s: no cure: %+v", u.URI, u)
		}
	}
	if want := []string{"cut.json", "empty.json", "list.json", "old.json", "other.json"}; !slices.Equal(unused, want) {
		t.Errorf("unused %q, want %q", unused, want)
	}
	if want := []string{"cut", "late"}; !slices.Equal(r.Fleet.Missing, want) {
		t.Errorf("missing %q, want %q", r.Fleet.Missing, want)
	}
	seen := map[string]bool{}
	for i := range r.Results {
		if seen[r.Results[i].Fingerprint] {
			t.Errorf("two results of one fingerprint: %v", r.Results[i].Subject)
		}
		seen[r.Results[i].Fingerprint] = true
	}
	if got := clustersWith(r, report.Inconclusive, engine.FleetID); !slices.Equal(got, []string{"", "cut", "late"}) {
		t.Errorf("gaps %q", got)
	}
}

func FuzzHead(f *testing.F) {
	f.Add([]byte(`{"schema_version":"regpolicy.evidence/v1","collected_at":"2026-11-23T08:00:00Z","cluster":"a"}`))
	f.Add([]byte(`{"cluster":7}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var one file
		one.readHead(strings.NewReader(string(data)))
	})
}

func clustersWith(r *report.Report, v report.Verdict, id string) []string {
	found := map[string]bool{}
	for i := range r.Results {
		if r.Results[i].Verdict == v && (id == "" || r.Results[i].ID == id) {
			found[r.Results[i].Subject["cluster"]] = true
		}
	}
	var out []string
	for name := range found {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

func encoded(t testing.TB, r *report.Report) string {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// BenchmarkMerge is what one cluster of a fleet costs.
func BenchmarkMerge(b *testing.B) {
	folder, f := simulate(b, 100)
	cfg := config(library(b), f.Expected)
	b.ReportAllocs()
	for b.Loop() {
		run(b, cfg, folder)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(f.Expected)), "ns/cluster")
}
