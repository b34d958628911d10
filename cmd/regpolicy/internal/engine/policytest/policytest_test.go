package policytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func result(v report.Verdict, name, message string) report.Result {
	return report.Result{Verdict: v, Severity: "high", Subject: evidence.Subject{"kind": "node", "name": name}, Message: message}
}

func TestUnmet(t *testing.T) {
	two := 2
	pass, fail, warn := result(report.Pass, "a", ""), result(report.Fail, "b", "expired"), result(report.Warn, "c", "soon")
	gap, broken, skip := result(report.Inconclusive, "d", "unreachable"), result(report.Error, "e", "bad built-in"), result(report.Skip, "f", "")
	for name, tc := range map[string]struct {
		c       Case
		results []report.Result
		unmet   string
	}{
		"a failure meets fail":                     {Case{Want: report.Fail}, []report.Result{pass, fail}, ""},
		"a warning does not meet fail":             {Case{Want: report.Fail}, []report.Result{warn}, "wants fail, and no result of 1 is"},
		"a gap does not meet fail":                 {Case{Want: report.Fail}, []report.Result{gap}, "wants fail"},
		"an error does not meet fail":              {Case{Want: report.Fail}, []report.Result{fail, broken}, "got error"},
		"no result meets nothing":                  {Case{Want: report.Pass}, nil, "no result of 0"},
		"pass throughout":                          {Case{Want: report.Pass}, []report.Result{pass, pass}, ""},
		"a pass beside a warning is none":          {Case{Want: report.Pass}, []report.Result{pass, warn}, "got warn"},
		"a pass beside a skip is none":             {Case{Want: report.Pass}, []report.Result{pass, skip}, "got skip"},
		"a gap beside a pass":                      {Case{Want: report.Inconclusive}, []report.Result{gap, pass}, ""},
		"a gap beside a failure is hidden by it":   {Case{Want: report.Inconclusive}, []report.Result{gap, fail}, "got fail"},
		"a warning":                                {Case{Want: report.Warn}, []report.Result{warn, pass}, ""},
		"a failure is no warning":                  {Case{Want: report.Warn}, []report.Result{warn, fail}, "got fail"},
		"skip":                                     {Case{Want: report.Skip}, []report.Result{skip}, ""},
		"skip is not pass":                         {Case{Want: report.Skip}, []report.Result{pass}, "got pass"},
		"error":                                    {Case{Want: report.Error}, []report.Result{broken}, ""},
		"what is expected is there":                {Case{Want: report.Fail, Expect: []Expect{{Verdict: "fail", Severity: "high", Subject: map[string]string{"name": "b"}}}}, []report.Result{fail}, ""},
		"another subject is expected":              {Case{Want: report.Fail, Expect: []Expect{{Subject: map[string]string{"name": "x"}}}}, []report.Result{fail}, "0 results are name=x"},
		"another severity is expected":             {Case{Want: report.Fail, Expect: []Expect{{Severity: "low"}}}, []report.Result{fail}, "of severity low"},
		"more are expected":                        {Case{Want: report.Fail, Expect: []Expect{{Verdict: "fail", Count: &two}}}, []report.Result{fail}, "1 results are fail, wants 2"},
		"another message is expected":              {Case{Want: report.Fail, Expect: []Expect{{Message: "^later$"}}}, []report.Result{fail}, "like \"^later$\""},
		"the message is expected":                  {Case{Want: report.Fail, Expect: []Expect{{Message: "exp.r"}}}, []report.Result{fail}, ""},
		"what passes may be counted beside a fail": {Case{Want: report.Fail, Expect: []Expect{{Verdict: "pass", Count: &two}}}, []report.Result{pass, fail, pass}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range tc.c.Expect {
				if err := tc.c.Expect[i].compile(); err != nil {
					t.Fatal(err)
				}
			}
			got := tc.c.Unmet(tc.results)
			if tc.unmet == "" && got != "" || !strings.Contains(got, tc.unmet) {
				t.Errorf("got %q, want %q", got, tc.unmet)
			}
		})
	}
}

func TestSuites(t *testing.T) {
	for name, tc := range map[string]struct{ suite, fault string }{
		"empty":                   {"", "suite without a case"},
		"no case":                 {"cases: {}", "suite without a case"},
		"unknown key":             {"case: {}", "field case not found"},
		"unknown key of a case":   {"cases: {pass-x: {evidense: {}}}", "field evidense not found"},
		"no verdict in the name":  {"cases: {x: {}}", `case "x": its name does not say`},
		"two of one name":         {"cases: {pass-x: {}, pass-x: {}}", "already defined"},
		"unknown field":           {"cases: {pass-x: {evidence: {nodes: {a: {rode: worker}}}}}", `unknown field "rode"`},
		"evidence is no mapping":  {"cases: {pass-x: {evidence: [1]}}", "reading evidence"},
		"wrong kind of value":     {"cases: {pass-x: {evidence: {nodes: 3}}}", "reading evidence"},
		"unknown collector":       {"cases: {pass-x: {not_asked: [nodez]}}", `not_asked names "nodez"`},
		"gap of no collector":     {"cases: {pass-x: {gaps: [{collector: x, reason: dns, subject: {kind: node}}]}}", `collector "x"`},
		"gap of no reason":        {"cases: {pass-x: {gaps: [{collector: nodes, reason: x, subject: {kind: node}}]}}", `reason "x"`},
		"gap of nothing":          {"cases: {pass-x: {gaps: [{collector: nodes, reason: dns}]}}", "subject has no kind"},
		"no regular expression":   {"cases: {pass-x: {expect: [{message: '('}]}}", "is no regular expression"},
		"base is absent":          {"base: nowhere.json\ncases: {pass-x: {}}", "reading it"},
		"base is no JSON":         {"base: suite.yaml\ncases: {pass-x: {evidence: {cluster: a}}}", "laying evidence over the base"},
		"a secret":                {"cases: {pass-x: {evidence: {cluster: '-----BEGIN PRIVATE KEY-----'}}}", "private key"},
		"no YAML":                 {"cases: [", "reading suite"},
		"anchors, sparse records": {"shared: {n: &n {read: true}}\ncases: {pass-x: {evidence: {nodes: {a: *n, b: {<<: *n, role: worker}}}}}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, cases, err := readSuite(fstest.MapFS{"p/suite.yaml": {Data: []byte(tc.suite)}}, "p/suite.yaml")
			if tc.fault == "" && (err != nil || len(cases) != 1 || len(cases[0].Input.Document.Nodes) != 2) {
				t.Fatalf("got %v, %v", cases, err)
			}
			if tc.fault != "" && (err == nil || !strings.Contains(err.Error(), tc.fault)) {
				t.Errorf("got %v, want %q", err, tc.fault)
			}
		})
	}
}

func TestSuitesStartFromABase(t *testing.T) {
	base, err := os.ReadFile(filepath.Join(root, "fixtures/secret-encoded-once-repaired/document.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{
		"base.json": {Data: base},
		"p/suite.yaml": {Data: []byte("base: ../base.json\ncases:\n  pass-same: {}\n  fail-less:\n    evidence: {nodes: null}\n    not_asked: [nodes]\n" +
			"  inconclusive-gap:\n    gaps: [{collector: nodes, subject: {kind: node, name: x}, reason: dns}]\n")},
	}
	_, cases, err := readSuite(files, "p/suite.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc := map[string]*evidence.Document{}
	for _, c := range cases {
		doc[c.Name] = c.Input.Document
		if c.Line == 0 {
			t.Errorf("%s has no line", c.Name)
		}
	}
	nodes := len(doc["pass-same"].Nodes)
	if nodes == 0 || len(doc["fail-less"].Nodes) != 0 || doc["fail-less"].Coverage["nodes"].Requested {
		t.Errorf("%d nodes, then %v", nodes, doc["fail-less"].Coverage["nodes"])
	}
	before, after := doc["pass-same"].Coverage["nodes"], doc["inconclusive-gap"].Coverage["nodes"]
	if after.Asked != before.Asked+1 || len(after.Gaps) != len(before.Gaps)+1 {
		t.Errorf("coverage %+v, then %+v", before, after)
	}
}

func TestCoverageFiles(t *testing.T) {
	c := &Coverage{Lines: 4, Reached: 3, Percent: 75, Files: []FileCoverage{
		{File: "a/b.rego", Reached: []int{3, 5, 9}, Missed: []Miss{{From: 7, To: 7}}, Percent: 75},
	}}
	lcov, err := LCOV(c)
	if want := "TN:\nSF:a/b.rego\nDA:3,1\nDA:5,1\nDA:7,0\nDA:9,1\nLF:4\nLH:3\nend_of_record\n"; err != nil || string(lcov) != want {
		t.Errorf("got %s, %v", lcov, err)
	}
	cobertura, err := Cobertura(c)
	for _, want := range []string{`lines-valid="4" lines-covered="3"`, `<package name="a" line-rate="0.7500"`, `<line number="7" hits="0">`} {
		if err != nil || !strings.Contains(string(cobertura), want) {
			t.Errorf("no %s in %s, %v", want, cobertura, err)
		}
	}
}

func FuzzSuite(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(root, "policies/*/*/suite.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	for i, file := range files {
		if source, err := os.ReadFile(file); err == nil && i%8 == 0 {
			f.Add(source)
		}
	}
	f.Add([]byte("cases: {fail-x: {evidence: {nodes: {a: {read: true}}}, gaps: [{collector: nodes, subject: {kind: node}, reason: dns}]}}"))
	f.Fuzz(func(t *testing.T, source []byte) {
		_, cases, err := readSuite(fstest.MapFS{"suite.yaml": {Data: source}}, "suite.yaml")
		if err == nil && len(cases) == 0 {
			t.Error("no case and no fault")
		}
		for _, c := range cases {
			if _, err := evidence.Decode(c.Input.Bytes); err != nil {
				t.Errorf("case %q is no document: %v", c.Name, err)
			}
		}
	})
}
