package language_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

func TestOfLocale(t *testing.T) {
	for _, tt := range []struct {
		env  map[string]string
		want string
	}{
		{map[string]string{}, "en"},
		{map[string]string{"LANG": "de_DE.UTF-8"}, "de"},
		{map[string]string{"LANG": "de_AT"}, "de"},
		{map[string]string{"LANG": "de"}, "de"},
		{map[string]string{"LANG": "de.UTF-8"}, "de"},
		{map[string]string{"LANG": "den_CA"}, "en"},
		{map[string]string{"LANG": "en_DE.UTF-8"}, "en"},
		{map[string]string{"LC_MESSAGES": "de_DE", "LANG": "en_US"}, "de"},
		{map[string]string{"LC_ALL": "C", "LC_MESSAGES": "de_DE", "LANG": "de_DE"}, "en"},
		{map[string]string{"LC_ALL": "de_CH.UTF-8", "LANG": "en_US"}, "de"},
		{map[string]string{"LC_ALL": "", "LANG": "de_DE"}, "de"},
	} {
		if got := language.OfLocale(func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("%v: %s, want %s", tt.env, got, tt.want)
		}
	}
}

func open(t testing.TB) *language.Catalogue {
	t.Helper()
	c, err := language.Open(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWordsOfReports finds a German word or format for every one that the report and
// the commands say, and the same values in both.
func TestWordsOfReports(t *testing.T) {
	c := open(t)
	for _, file := range slices.Concat(glob(t, "../report/*.go"), glob(t, "../../*.go")) {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Say", "Sayf", "count", "plural"}, fun.Sel.Name) {
				return true
			}
			for _, arg := range call.Args {
				english := constant(arg)
				if english == "" {
					continue
				}
				german := c.Word(english)
				if german == english && !slices.Contains([]string{"%s (%s)"}, english) {
					t.Errorf("%s: %q has no German among the words of de.yaml", file, english)
				}
				if strings.Count(german, "%") != strings.Count(english, "%") {
					t.Errorf("%q and %q have not the same values", english, german)
				}
			}
			return true
		})
	}
	for _, word := range slices.Concat(report.Severities, evidence.Reasons, []string{"pass", "fail", "warn", "inconclusive", "error", "skip", "waived"}) {
		if c.Word(word) == word {
			t.Errorf("%q has no German", word)
		}
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no files (%v)", pattern, err)
	}
	return slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, "_test.go") })
}

func constant(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}

// TestWhyChainsBreak finds German for what the collectors say of chains and PEM files:
// messages quote it.
func TestWhyChainsBreak(t *testing.T) {
	c := open(t)
	n := 0
	for _, name := range []string{"breaks.go", "explain.go", "spoilt.go"} {
		file := filepath.Join("../../../../collectors/certificate", name)
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(node ast.Node) bool {
			if _, ok := node.(*ast.ImportSpec); ok {
				return false
			}
			e, _ := node.(ast.Expr)
			english := constant(e)
			// Parts that are compared with, or begin with "; ", are no texts.
			if strings.Count(english, " ") < 3 || english[0] == ';' || strings.Contains(english, "x509") {
				return true
			}
			n++
			english = strings.NewReplacer("%s", `"a name"`, "%d", "7").Replace(english)
			if c.Phrase(english) == english {
				t.Errorf("%s: no German for %q", name, english)
			}
			return true
		})
	}
	if n < 30 {
		t.Errorf("only %d texts were found", n)
	}
}

// TestReportInGerman reads a report whose policies are none of ours, and one of ours.
func TestReportInGerman(t *testing.T) {
	c := open(t)
	const (
		fault   = `the value of "corp" in Cluster/demo is a DER certificate, not a PEM certificate`
		another = `the value of "the value of" in Cluster/demo is empty, not a PEM certificate`
	)
	english := &report.Report{
		Results: []report.Result{
			{ID: "RT-CFG-002", Policy: "regpolicy.cfg.trust_values_are_pem", Verdict: report.Fail, Severity: "critical", Title: "t", Message: fault + "; " + another, Remediation: "r"},
			{ID: "ORG-1", Policy: "org.mine", Verdict: report.Fail, Severity: "low", Title: "Mine", Message: "the label team is missing", Remediation: "set it"},
			{ID: "RT-NOD-022", Policy: "regpolicy.nod.nodes_are_inspected", Verdict: report.Inconclusive, Message: "node wk-1: unreachable: no route; node wk-2: dns"},
			{ID: "RT-EVT-001", Policy: "regpolicy.evt.pod_images_are_pulled", Verdict: report.Skip, Message: "not_asked: pods were not asked for; read a live cluster with --context, or a capture that holds them"},
		},
		Diagnosis: []report.Diagnosis{{
			ID: "RT-CFG-002", Title: "t", Messages: []string{fault + "; " + another}, Remediation: "r\n... and 4 more repairs of this kind: they stand at their findings (-o json)",
			Explains: []report.Explained{{ID: "RT-NOD-022", Title: "n"}},
		}},
		Coverage: map[string]evidence.Coverage{"nodes": {Hint: "read nodes with --ssh, through an agent with --agent, or a capture with nodes/<node>/"}},
	}
	german, err := c.Report(english)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`Der Wert von "corp" in Cluster/demo ist ein DER-Zertifikat, kein PEM-Zertifikat; der Wert von "the value of" in Cluster/demo ist leer, kein PEM-Zertifikat`,
		"the label team is missing",
		"node wk-1: nicht erreichbar: no route; node wk-2: Name nicht auflösbar",
		"not_asked: pods wurde nicht angefordert; einen laufenden Cluster mit --context lesen oder eine Sammlung, die sie enthält",
	} {
		if got := german.Results[i].Message; !strings.EqualFold(got, want) {
			t.Errorf("message %d:\n got %s\nwant %s", i, got, want)
		}
	}
	if r := german.Results[1]; r.Title != "Mine" || r.Remediation != "set it" {
		t.Errorf("an organisation's own policy is changed: %+v", r)
	}
	d := german.Diagnosis[0]
	if d.Title != "Jeder decodierte Vertrauenswert ist ein PEM-Zertifikat" || d.Explains[0].Title != "Jeder Node konnte untersucht werden" {
		t.Errorf("titles of the diagnosis: %q, %q", d.Title, d.Explains[0].Title)
	}
	if !strings.HasPrefix(d.Remediation, "Geben Sie die CA als PEM an") || !strings.HasSuffix(d.Remediation, "4 weitere Abhilfen dieser Art: sie stehen bei ihren Befunden (-o json)") {
		t.Errorf("remediation of the diagnosis: %s", d.Remediation)
	}
	if english.Results[0].Title != "t" || english.Diagnosis[0].Explains[0].Title != "n" || english.Coverage["nodes"].Hint[:4] != "read" {
		t.Error("the English report is changed")
	}
}

// FuzzPhrase wants an end to every translation, whatever the text.
func FuzzPhrase(f *testing.F) {
	seed, err := os.ReadFile("de.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(seed)) {
		f.Add(strings.TrimSpace(line))
	}
	f.Add(strings.Repeat("a: ", 2000))
	f.Add(strings.Repeat("x; ", 31) + strings.Repeat("(", 500))
	c := open(f)
	f.Fuzz(func(t *testing.T, text string) {
		if got := c.Phrase(text); text != "" && got == "" && strings.TrimSpace(text) != "" {
			t.Errorf("%q vanishes", text)
		}
	})
}
