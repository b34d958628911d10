package policytest

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// root is the repository's.
const root = "../../../../.."

// builtin are the built-in policies as they lie in the repository.
func builtin(t testing.TB) (*engine.Sources, Options) {
	t.Helper()
	cfg := engine.Config{Tests: true}
	folder := filepath.Join(root, "policies")
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".rego" {
			return err
		}
		source, err := os.ReadFile(path)
		cfg.Modules = append(cfg.Modules, engine.Module{Path: path, Source: source})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		t.Fatal(err)
	}
	s, err := engine.Parse(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, Options{Paths: []string{folder, filepath.Join(root, "fixtures")}, Under: func(string) bool { return true }, Gate: true}
}

// TestBuiltinPolicies runs every unit test, case and story, with the two-sided gate.
func TestBuiltinPolicies(t *testing.T) {
	s, opt := builtin(t)
	out, err := Run(t.Context(), s, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range out.Tests {
		if test.Failure != "" {
			t.Errorf("%s (%s:%d): %s\n%s", test.Name, test.File, test.Line, test.Failure, test.Detail)
		}
	}
	for _, lack := range out.Gate {
		t.Errorf("%s has no case that wants %v", lack.Policy, lack.Verdicts)
	}
	for _, kind := range []string{Unit, Evidence, Story} {
		if n, _ := out.Count(kind); n == 0 {
			t.Errorf("there is no test of kind %s", kind)
		}
	}
}

// TestPassesNeedTheirEvidence takes the evidence away from below each pass.
func TestPassesNeedTheirEvidence(t *testing.T) {
	s, opt := builtin(t)
	opt.Ablate = true
	out, err := Run(t.Context(), s, opt)
	if err != nil {
		t.Fatal(err)
	}
	if out.Ablation.Passes == 0 || out.Ablation.Removals < out.Ablation.Passes {
		t.Errorf("%d passes, %d removals", out.Ablation.Passes, out.Ablation.Removals)
	}
	for _, v := range out.Ablation.Vacuous {
		t.Errorf("%s/%s passes for %s without its evidence: %s", v.Policy, v.Case, v.Subject, v.Removed)
	}
}

// TestFindingsOfBuiltinPolicies holds the words of every finding to what a reader
// needs of them.
func TestFindingsOfBuiltinPolicies(t *testing.T) {
	s, _ := builtin(t)
	l, err := s.Library(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cases, err := CasesOf(Disk{}, l.Policies())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range l.Policies() {
		for i := range cases[p.ID] {
			c := &cases[p.ID][i]
			results, err := judgeCase(t.Context(), l, p, c, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := range results {
				if message := misworded(&results[i]); message != "" {
					t.Errorf("%s/%s: %s", p.ID, c.Name, message)
				}
			}
		}
	}
}

// misworded says what is wrong with the words of a finding, or "".
func misworded(r *report.Result) string {
	if r.Verdict != report.Fail && r.Verdict != report.Warn {
		return ""
	}
	switch {
	case len(r.Evidence) == 0:
		return r.Subject.String() + ": no evidence is pointed to"
	case r.Remediation == "":
		return r.Subject.String() + ": no remediation"
	case strings.HasSuffix(r.Message, ".") || strings.TrimSpace(r.Message) != r.Message:
		return "message ends with a full stop or space: " + r.Message
	}
	for _, key := range []string{"name", "node", "entry", "path"} {
		if !strings.Contains(r.Message, spoken(r.Subject, key)) {
			return "message does not name the subject's " + key + ", " + r.Subject[key] + ": " + r.Message
		}
	}
	return ""
}

// keyed are kinds whose names are keys of the document: people are told what they
// stand for.
var keyed = []string{"certificate", "proxy", "trust_store", "verification"}

// spoken is how a message names its subject: without the port that everybody means,
// and without the number that tells two of one name apart.
func spoken(s evidence.Subject, key string) string {
	if key == "name" && slices.Contains(keyed, s["kind"]) {
		return ""
	}
	name, _, _ := strings.Cut(strings.TrimSuffix(s[key], ":443"), "#")
	return name
}

func BenchmarkBuiltinPolicies(b *testing.B) {
	s, opt := builtin(b)
	opt.Paths = opt.Paths[:1]
	b.ReportAllocs()
	for b.Loop() {
		if out, err := Run(b.Context(), s, opt); err != nil || out.Failed() {
			b.Fatal(err, slices.Collect(func(yield func(Test) bool) {
				for _, test := range out.Tests {
					if test.Failure != "" && !yield(test) {
						return
					}
				}
			}))
		}
	}
}
