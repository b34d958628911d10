package engine

import (
	"io/fs"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

// knowing is a configuration with what is known of the built-in policies.
func knowing(t testing.TB) Config {
	t.Helper()
	cfg := builtin(t)
	var err error
	if cfg.Known, err = fs.ReadFile(policies.FS, policies.Analysis); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// What is known of the built-in policies, and compiling them without OPA's checks,
// changes no verdict.
func TestKnownPoliciesJudgeAlike(t *testing.T) {
	t.Parallel()
	checked, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	fast, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse(knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	if k, err := s.readKnown(); err != nil || k == nil {
		t.Fatal("policies/analysis.json is not about these policies, run `go generate ./...`: ", err)
	}
	for i, p := range checked.policies {
		if !reflect.DeepEqual(p.Reads, fast.policies[i].Reads) {
			t.Errorf("%s reads %v, known is %v", p.ID, p.Reads, fast.policies[i].Reads)
		}
	}
	for _, fixture := range fixtures(t) {
		in := []Input{fixture}
		want, err := checked.Judge(t.Context(), in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		got, err := fast.Judge(t.Context(), in, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the reports differ", fixture.URI)
		}
	}
}

// Policies of others are checked and analysed beside the known ones.
func TestOthersPoliciesAreChecked(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"package acme.a\ndeny contains msg if { input.nodez; msg := \"x\" }":                                  "nodez",
		"package acme.a\ndeny contains 7 if input.nodes":                                                      "could never be reported",
		"package acme.a\ndeny contains msg if { data.regpolicy.lib.nodez.read; msg := \"x\" }":                "not defined anywhere",
		"package acme.a\nthings contains 1 if input.nodes\ndeny contains msg if { input.pods; msg := \"x\" }": "nothing refers to rule",
	} {
		cfg := knowing(t)
		cfg.Modules = append(cfg.Modules, Module{Path: "acme.rego", Source: []byte(source)})
		if _, err := Load(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v, want %q", source, err, want)
		}
	}
}

// Other sources than those that were analysed are analysed again.
func TestWhatIsKnownIsOfItsSources(t *testing.T) {
	t.Parallel()
	cfg := knowing(t)
	for i := range cfg.Modules {
		if strings.HasSuffix(cfg.Modules[i].Path, "clocks_agree.rego") {
			cfg.Modules[i].Source = append(append([]byte{}, cfg.Modules[i].Source...), "\ndeny contains msg if { input.nodez; msg := \"x\" }\n"...)
		}
	}
	if _, err := Load(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "nodez") {
		t.Errorf("%v", err)
	}
}

// Only what is picked, and what it refers to, is compiled.
func TestPickedPoliciesJudgeAlike(t *testing.T) {
	t.Parallel()
	cfg := knowing(t)
	cfg.Select = []string{"RT-XEV-001", "RT-NOD-*"}
	l, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.compiler.Modules) >= len(l.ids) {
		t.Errorf("%d modules are compiled for %d policies", len(l.compiler.Modules), len(l.policies))
	}
	if !l.Knows("RT-TLS-001") {
		t.Error("a policy that is not picked is not known")
	}
}

// A file of others that adds to a built-in package brings all checks back, in whatever
// way it does; one beside them does not.
func TestWhatIsAddedToIsNotKnown(t *testing.T) {
	t.Parallel()
	for source, known := range map[string]bool{
		"package acme\n\ndeny contains \"x\" if input.nodes":                                 true,
		"package regpolicy.acme\n\ndeny contains \"x\" if input.nodes":                       true,
		"package regpolicy.lib\n\nacme := 1":                                                 true,
		"package regpolicy.lib.clock\n\nacme := 1":                                           false,
		"package regpolicy.lib.clock":                                                        false,
		"package regpolicy.lib.clock.more\n\nacme := 1":                                      false,
		"package regpolicy.lib\n\nclock.acme := 1":                                           false,
		"package regpolicy\n\nlib.clock.acme := 1":                                           false,
		"package regpolicy\n\nlib[name].acme := 1 if some name in input.nodes":               false,
		"package regpolicy.nod\n\nclocks_agree.deny contains \"x\"":                          false,
		"package regpolicy.nod\n\nclocks_agrees.deny contains \"x\"":                         true,
		"package acme\n\ntests.clock := data.regpolicy.lib.clock.now\n\ndeny contains tests": true,
	} {
		cfg := knowing(t)
		cfg.Modules = append(cfg.Modules, Module{Path: "acme.rego", Source: []byte(source)})
		s, err := Parse(cfg)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if k, err := s.readKnown(); err != nil || (k != nil) != known {
			t.Errorf("%s: known %v, %v; want %v", source, k != nil, err, known)
		}
	}
}

// Data that a built-in rule hides is told, with and without a policy of others.
func TestHiddenDataIsToldOfKnownPolicies(t *testing.T) {
	t.Parallel()
	for _, pick := range [][]string{nil, {"RT-NOD-020"}} {
		cfg := knowing(t)
		cfg.Select = pick
		cfg.Data = map[string]any{"regpolicy": map[string]any{"lib": map[string]any{"clock": map[string]any{"now": "x"}}}}
		if _, err := Load(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "stands where the data has a value") {
			t.Errorf("picked %v: %v", pick, err)
		}
	}
}

// Other parameters for a known policy leave what is known of it.
func TestOnlyOneKnownPolicyLooksAhead(t *testing.T) {
	t.Parallel()
	l, err := Load(t.Context(), knowing(t))
	if err != nil {
		t.Fatal(err)
	}
	only, err := l.Only(t.Context(), "RT-TLS-006", map[string]any{"medium_days": 91})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("../../../../fixtures/secret-encoded-once/document.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := only.Judge(t.Context(), []Input{{URI: "document.json", Bytes: text, Document: doc}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Results) == 0 || rep.Results[0].NextChange == nil {
		t.Errorf("no change to come is known: %v", rep.Results)
	}
}
