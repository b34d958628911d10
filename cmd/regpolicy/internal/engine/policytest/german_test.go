package policytest

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/language"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/policies"
)

// noText are constants with blanks that no reader sees: they are compared with.
var noText = []string{"CERTIFICATE REQUEST", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "Back-off pulling image"}

// TestEveryTextHasGerman wants a German text for each English one that stands in a
// built-in policy or in the library, and no German for one that is gone.
func TestEveryTextHasGerman(t *testing.T) {
	s, _ := builtin(t)
	for file, m := range s.Modules() {
		folder, err := filepath.Rel(filepath.Join(root, "policies"), filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		german := germanOf(t, path.Join(filepath.ToSlash(folder), "de.yaml"))
		all := texts(m)
		for _, text := range all {
			if _, ok := german.Messages[text]; !ok && isText(text) && !slices.Contains(noText, text) {
				t.Errorf("%s: add to de.yaml beside it, under messages: %q", file, text)
			}
		}
		for text := range german.Messages {
			if !slices.Contains(all, text) {
				t.Errorf("%s: de.yaml beside it translates %q, which is gone", file, text)
			}
		}
	}
}

// texts are the string constants in a module's rules.
func texts(m *ast.Module) []string {
	var out []string
	for _, r := range m.Rules {
		ast.WalkTerms(r, func(term *ast.Term) bool {
			if s, ok := term.Value.(ast.String); ok {
				out = append(out, string(s))
			}
			return false
		})
	}
	return out
}

var (
	verbs = regexp.MustCompile(`%[sdqv]`)
	words = regexp.MustCompile(`[A-Za-z]{2,}`)
)

// isText tells words for readers from names and keys.
func isText(s string) bool {
	return strings.Contains(s, " ") && words.MatchString(verbs.ReplaceAllString(s, ""))
}

func germanOf(t *testing.T, file string) language.Policy {
	t.Helper()
	var p language.Policy
	data, err := fs.ReadFile(policies.FS, file)
	if errors.Is(err, fs.ErrNotExist) {
		return p
	}
	if err == nil {
		err = yaml.Unmarshal(data, &p)
	}
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

// TestGermanFollowsEnglish wants the German of titles, descriptions and recommended
// actions, made from the English that stands there now.
func TestGermanFollowsEnglish(t *testing.T) {
	l, german := germanLibrary(t)
	for _, p := range l.Policies() {
		g, err := german.Policy(p.Package)
		if err != nil || g == nil {
			t.Errorf("%s has no de.yaml beside it (%v)", p.ID, err)
			continue
		}
		if want := language.Digest(p.Title, p.Description, p.RecommendedAction); g.English != want {
			t.Errorf("%s: METADATA has changed; read title, description and recommended_action of its de.yaml again and set `english: %q`", p.ID, want)
		}
		for name, text := range map[string]string{"title": g.Title, "description": g.Description, "recommended_action": g.RecommendedAction} {
			if text == "" {
				t.Errorf("%s: its de.yaml has no %s", p.ID, name)
			}
		}
		if got := g.Repair(p.RecommendedAction); got != g.RecommendedAction {
			t.Errorf("%s: its recommended action becomes %q", p.ID, got)
		}
	}
}

func germanLibrary(t *testing.T) (*engine.Library, *language.Catalogue) {
	t.Helper()
	s, _ := builtin(t)
	l, err := s.Library(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	german, err := language.Open(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	return l, german
}

// TestEveryCaseSpeaksGerman judges every case of every policy and reads the results
// in German: every message is translated, and what it names stands there, too.
func TestEveryCaseSpeaksGerman(t *testing.T) {
	l, german := germanLibrary(t)
	cases, err := CasesOf(Disk{}, l.Policies())
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, p := range l.Policies() {
		for i := range cases[p.ID] {
			c := &cases[p.ID][i]
			if c.Want == report.Error {
				continue
			}
			results, err := judgeCase(t.Context(), l, p, c, nil)
			if err != nil {
				t.Fatal(err)
			}
			translated, err := german.Report(&report.Report{Results: results})
			if err != nil {
				t.Fatal(err)
			}
			for j := range results {
				judged++
				checkGerman(t, p.ID+"/"+c.Name, &results[j], &translated.Results[j])
			}
		}
	}
	if judged < 500 {
		t.Errorf("only %d results were read", judged)
	}
}

// named are words that stand in both languages: numbers, names in quotes, and what
// has a digit, slash, underscore or @ in it.
var named = regexp.MustCompile(`"[^"]*"|[^\s"();,:]*[0-9/_@][^\s"();,:]*`)

// English that no German text of ours has.
var english = regexp.MustCompile(`\b(?:the|of|is|has|which|that|whose|it|not|are|does|with|cannot|where|on node)\b`)

func checkGerman(t *testing.T, name string, en, de *report.Result) {
	t.Helper()
	if en.Verdict != de.Verdict || en.ID != de.ID || en.Severity != de.Severity || en.Fingerprint != de.Fingerprint {
		t.Errorf("%s: German changes what programs read", name)
	}
	for what, pair := range map[string][2]string{"title": {en.Title, de.Title}, "message": {en.Message, de.Message}, "remediation": {en.Remediation, de.Remediation}} {
		if pair[0] != "" && pair[0] == pair[1] {
			t.Errorf("%s: its %s has no German: %s", name, what, pair[0])
		}
	}
	for _, word := range named.FindAllString(en.Message, -1) {
		if word = strings.Trim(word, ".'`"); !strings.Contains(strings.ToLower(de.Message), strings.ToLower(word)) && en.Verdict != report.Inconclusive {
			t.Errorf("%s: %q is lost\n  %s\n  %s", name, word, en.Message, de.Message)
		}
	}
	quoteless := regexp.MustCompile(`"[^"]*"|\([^)]*\)`).ReplaceAllString(de.Message, "")
	if left := english.FindString(quoteless); left != "" && en.Verdict != report.Inconclusive && en.Verdict != report.Skip {
		t.Errorf("%s: %q is English in: %s", name, left, de.Message)
	}
}
