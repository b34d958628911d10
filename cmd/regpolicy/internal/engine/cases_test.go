package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"github.com/open-policy-agent/opa/v1/util"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// policyFiles is where the policies lie, with their tests and cases beside them.
const policyFiles = "../../../../policies"

// builtinIDs are the policies that there are; an id is permanent.
var builtinIDs = []string{
	"RT-CFG-001", "RT-CFG-002", "RT-CFG-003", "RT-CFG-004", "RT-CFG-009", "RT-CFG-021",
	"RT-EVT-001", "RT-EVT-002", "RT-EVT-003", "RT-EVT-012",
	"RT-NOD-001", "RT-NOD-002", "RT-NOD-003",
	"RT-TLS-001", "RT-TLS-002", "RT-TLS-003",
	"RT-XEV-001", "RT-XEV-002", "RT-XEV-003",
}

// policyCase is one document beside a policy, and the verdict that the name of its
// folder wants: cases/fail-key-not-found/document.json. It has a folder of its own
// because `opa test policies` loads every JSON file as data under its folder's path.
type policyCase struct {
	name string
	want report.Verdict
	in   Input
}

func policyFolder(p *Policy) string { return filepath.Join(policyFiles, filepath.Dir(p.File)) }

func casesOf(t testing.TB, p *Policy) []policyCase {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(policyFolder(p), "cases", "*", "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	cases := make([]policyCase, 0, len(files))
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := evidence.Decode(source)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		name := filepath.Base(filepath.Dir(file))
		prefix, _, _ := strings.Cut(name, "-")
		cases = append(cases, policyCase{name: name, want: report.Verdict(prefix), in: Input{URI: name, Bytes: source, Document: doc}})
	}
	return cases
}

// unmet says how results miss the verdict that a case wants, or "". A pass case
// passes throughout, and an inconclusive one fails nowhere: what fails anyway would
// hide that evidence is missing.
func (c *policyCase) unmet(results []report.Result) string {
	met := false
	for _, r := range results {
		met = met || r.Verdict == c.want
		if c.want == report.Pass && r.Verdict != report.Pass || c.want == report.Inconclusive && r.Verdict == report.Fail || r.Verdict == report.Error {
			return fmt.Sprintf("%s %s: %s", r.Verdict, r.Subject, r.Message)
		}
	}
	if !met {
		return fmt.Sprintf("no result is %s among %d", c.want, len(results))
	}
	return ""
}

// only loads the built-in policies and picks one.
func only(t testing.TB, p *Policy) *Library {
	t.Helper()
	cfg := builtin(t)
	cfg.Select = []string{p.ID}
	l, err := Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func judgeCase(t testing.TB, l *Library, c *policyCase) []report.Result {
	t.Helper()
	rep, err := l.Judge(t.Context(), []Input{c.in}, Options{Jobs: 1})
	if err != nil {
		t.Fatalf("%s: %v", c.name, err)
	}
	return rep.Results
}

func builtinPolicies(t testing.TB) []*Policy {
	t.Helper()
	l, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	return l.Policies()
}

func TestCasesOfPolicies(t *testing.T) {
	schema := compileSchema(t)
	for _, p := range builtinPolicies(t) {
		t.Run(p.ID, func(t *testing.T) {
			l := only(t, p)
			kinds := map[report.Verdict]int{}
			for _, c := range casesOf(t, p) {
				kinds[c.want]++
				t.Run(c.name, func(t *testing.T) {
					plain := validate(t, schema, c.in.Bytes)
					results := judgeCase(t, l, &c)
					if message := c.unmet(results); message != "" {
						t.Errorf("want %s, got %s", c.want, message)
					}
					for _, r := range results {
						checkResult(t, plain, r)
					}
					deniesOnlySubjects(t, l.Policies()[0], c.in)
				})
			}
			for _, kind := range []report.Verdict{report.Fail, report.Pass, report.Inconclusive} {
				if kinds[kind] == 0 {
					t.Errorf("no case in %s/cases is named %s-*", policyFolder(p), kind)
				}
				delete(kinds, kind)
			}
			if len(kinds) > 0 {
				t.Errorf("cases are named fail-, pass- or inconclusive-, not %v", kinds)
			}
		})
	}
}

// compileSchema prepares a query that holds its input against the schema.
func compileSchema(t testing.TB) *rego.PreparedEvalQuery {
	t.Helper()
	q, err := rego.New(
		rego.Query("x := json.match_schema(input, data.schema)[1]"),
		rego.Store(inmem.NewFromObject(map[string]any{"schema": string(builtin(t).Schema)})),
		rego.StrictBuiltinErrors(true),
	).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &q
}

func validate(t *testing.T, schema *rego.PreparedEvalQuery, source []byte) any {
	t.Helper()
	var plain any
	if err := util.UnmarshalJSON(source, &plain); err != nil {
		t.Fatal(err)
	}
	rs, err := schema.Eval(t.Context(), rego.EvalInput(plain))
	if err != nil {
		t.Fatal(err)
	}
	if faults, ok := rs[0].Bindings["x"].([]any); !ok || len(faults) > 0 {
		t.Errorf("it does not meet the schema: %v", faults)
	}
	return plain
}

// checkResult holds a result to what a reader needs of it.
func checkResult(t *testing.T, document any, r report.Result) {
	t.Helper()
	for _, e := range r.Evidence {
		if err := resolvePointer(document, e.Pointer); err != nil {
			t.Errorf("%s %s: evidence %q: %v", r.Verdict, r.Subject, e.Pointer, err)
		}
	}
	if r.Verdict != report.Fail && r.Verdict != report.Warn {
		return
	}
	if len(r.Evidence) == 0 {
		t.Errorf("%s: no evidence is pointed to", r.Subject)
	}
	if strings.HasSuffix(r.Message, ".") || strings.TrimSpace(r.Message) != r.Message {
		t.Errorf("message %q ends with a full stop or space", r.Message)
	}
	if strings.Contains(r.Message, "%!") || strings.Contains(r.Remediation, "%!") {
		t.Errorf("message %q or remediation %q is badly formatted", r.Message, r.Remediation)
	}
	for _, key := range []string{"name", "node", "entry", "path"} {
		if !strings.Contains(r.Message, r.Subject[key]) {
			t.Errorf("message %q does not name the subject's %s, %q", r.Message, key, r.Subject[key])
		}
	}
	if r.Remediation == "" {
		t.Errorf("%s: no remediation", r.Subject)
	}
}

// resolvePointer follows a JSON pointer (RFC 6901).
func resolvePointer(document any, pointer string) error {
	if !strings.HasPrefix(pointer, "/") {
		return fmt.Errorf("it does not begin with /")
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch at := document.(type) {
		case map[string]any:
			next, ok := at[token]
			if !ok {
				return fmt.Errorf("there is no %q", token)
			}
			document = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(at) {
				return fmt.Errorf("there is no element %q", token)
			}
			document = at[i]
		default:
			return fmt.Errorf("there is nothing below %q", token)
		}
	}
	return nil
}

// deniesOnlySubjects: what is denied was looked at.
func deniesOnlySubjects(t *testing.T, p *Policy, in Input) {
	t.Helper()
	var plain any
	if err := util.UnmarshalJSON(in.Bytes, &plain); err != nil {
		t.Fatal(err)
	}
	input, err := ast.InterfaceToValue(plain)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := p.prepared.Eval(t.Context(), rego.EvalParsedInput(input))
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.findings(rs)
	if err != nil {
		t.Fatal(err)
	}
	looked := map[string]bool{}
	for _, s := range found.subjects {
		looked[s.String()] = true
	}
	for _, f := range found.findings {
		if !looked[f.subject.String()] {
			t.Errorf("denied %s is not among the subjects", f.subject)
		}
	}
}

func TestRegoUnitTests(t *testing.T) {
	modules := map[string]*ast.Module{}
	err := filepath.WalkDir(policyFiles, func(path string, _ os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".rego" {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		modules[path], err = ast.ParseModuleWithOpts(path, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	results, err := tester.NewRunner().SetParallel(1).SetModules(modules).RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]bool{}
	for r := range results {
		packages[r.Package] = true
		if !r.Pass() {
			t.Error(r)
		}
	}
	for _, m := range modules {
		if name := m.Package.Path.String(); !strings.HasSuffix(name, "_test") && !packages[name+"_test"] {
			t.Errorf("%s has no unit test", name)
		}
	}
}

func TestPointersResolve(t *testing.T) {
	var document any
	if err := json.Unmarshal([]byte(`{"a/b": {"~": [1, {"c": 2}]}}`), &document); err != nil {
		t.Fatal(err)
	}
	for pointer, want := range map[string]bool{
		"/a~1b": true, "/a~1b/~0/1/c": true, "/a~1b/~0/2": false, "/a~1b/~0/x": false, "/a": false, "a": false, "/a~1b/~0/0/d": false,
	} {
		if err := resolvePointer(document, pointer); (err == nil) != want {
			t.Errorf("resolving %q: %v, want success %v", pointer, err, want)
		}
	}
}

func TestMetadataOfPolicies(t *testing.T) {
	var ids []string
	explains := map[string][]string{}
	for _, p := range builtinPolicies(t) {
		ids = append(ids, p.ID)
		explains[p.ID] = p.Explains
		t.Run(p.ID, func(t *testing.T) {
			if p.Title == p.Package || strings.HasSuffix(p.Title, ".") {
				t.Errorf("title %q is missing or ends with a full stop", p.Title)
			}
			if !strings.HasSuffix(strings.TrimSpace(p.Description), ".") {
				t.Errorf("description %q is no sentence", p.Description)
			}
			if p.RecommendedAction == "" || len(p.Tags) == 0 {
				t.Error("recommended_action or tags are missing")
			}
			severity, ok := p.module.Annotations[0].Custom["severity"]
			if !ok || severity != p.Severity {
				t.Errorf("severity is %v", severity)
			}
			words := strings.Split(p.Package, ".")
			folder := strings.Split(filepath.ToSlash(filepath.Dir(p.File)), "/")
			if !slices.Equal(folder, words[1:]) || words[0] != "regpolicy" || len(words) != 3 {
				t.Errorf("package %s lies in folder %v", p.Package, folder)
			}
			if filepath.Base(p.File) != words[2]+".rego" {
				t.Errorf("file %s is not named after its package %s", p.File, p.Package)
			}
			if want := strings.ToLower(strings.Split(p.ID, "-")[1]); words[1] != want || !slices.Contains(p.Tags, want) {
				t.Errorf("%s lies in area %s and has tags %v", p.ID, words[1], p.Tags)
			}
			if !p.hasSubjects || len(p.deny) == 0 {
				t.Error("it has no subjects or no deny")
			}
			if _, err := os.Stat(filepath.Join(policyFolder(p), words[2]+"_test.rego")); err != nil {
				t.Error(err)
			}
		})
	}
	if !slices.Equal(ids, builtinIDs) {
		t.Errorf("policies %v, want %v", ids, builtinIDs)
	}
	for id, targets := range explains {
		for _, target := range targets {
			if _, ok := explains[target]; !ok {
				t.Errorf("%s explains %s, which does not exist", id, target)
			}
		}
		if slices.Contains(reachable(id, explains), id) {
			t.Errorf("%s explains itself by way of others", id)
		}
	}
}

func reachable(id string, edges map[string][]string) []string {
	var out []string
	for queue := slices.Clone(edges[id]); len(queue) > 0; queue = queue[1:] {
		if !slices.Contains(out, queue[0]) {
			out = append(out, queue[0])
			queue = append(queue, edges[queue[0]]...)
		}
	}
	return out
}
