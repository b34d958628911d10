package engine

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// silentPasses holds the mistakes that other runners pass over, with one document
// in which a pod cannot pull.
const silentPasses = "../../../../docs/silent-passes"

// TestSilentPasses loads and judges each mistake; what names no policy is tested
// here, too.
func TestSilentPasses(t *testing.T) {
	source, err := os.ReadFile(filepath.Join(silentPasses, "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(source)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{URI: "document.json", Bytes: source, Document: doc}
	for folder, tc := range map[string]struct {
		pick []string
		want string
	}{
		"1-another-package":     {want: "fail kind=document: pod shop/web cannot pull harbor.corp.example/library/testimage:1.0: unknown_authority"},
		"2-nothing-selected":    {pick: []string{"nosuch"}, want: `no policy matches "nosuch"`},
		"3-no-set":              {want: `policy.rego:3: rule "deny" is not a set, so what it says could never be reported`},
		"4-a-number":            {want: `policy.rego:3: rule "deny" of policy "main" holds what could never be reported: number`},
		"5-mistyped-name":       {want: `policy.rego:8: rule "denyy" looks like a misspelt "deny" and would never report`},
		"6-damaged-certificate": {want: "error kind=document: the policy failed: policy.rego:5: eval_builtin_error: crypto.x509.parse_certificates: x509: malformed certificate"},
		"7-never-collected":     {want: "skip kind=document: not_asked: endpoints were not asked for; probe registries with --registry HOST or --probe"},
	} {
		t.Run(folder, func(t *testing.T) {
			policy, err := os.ReadFile(filepath.Join(silentPasses, folder, "policy.rego"))
			if err != nil {
				t.Fatal(err)
			}
			cfg := Config{Schema: builtin(t).Schema, Select: tc.pick, Modules: []Module{{Path: "policy.rego", Source: policy}}}
			if got := outcome(t, cfg, in); got != tc.want {
				t.Errorf("outcome %q\nwant    %q", got, tc.want)
			}
		})
	}
}

// outcome is the error of loading or judging, else the only result without the
// hash that tells findings without a subject apart.
func outcome(t *testing.T, cfg Config, in Input) string {
	t.Helper()
	l, err := Load(t.Context(), cfg)
	if err != nil {
		return err.Error()
	}
	rep, err := l.Judge(t.Context(), []Input{in}, Options{})
	if err != nil {
		return err.Error()
	}
	if len(rep.Results) != 1 {
		t.Fatalf("%d results, want one", len(rep.Results))
	}
	r := rep.Results[0]
	delete(r.Subject, "finding")
	return strings.TrimSuffix(string(r.Verdict)+" "+r.Subject.String()+": "+r.Message, ": ")
}

// TestRulesThatWouldNeverReport: further forms of the third and fifth mistake.
func TestRulesThatWouldNeverReport(t *testing.T) {
	const good = "package a\n\ndeny contains \"x\" if input.pods\n\n"
	for name, tc := range map[string]struct{ source, want string }{
		"a condition alone":                    {good + "deny_b if input.nodes\n", `rule "deny_b" is not a set`},
		"a message as the value":               {good + "deny_b := \"x\" if input.nodes\n", `rule "deny_b" is not a set`},
		"a map of messages to true":            {good + "deny_b[msg] if { input.nodes; msg := \"x\" }\n", `rule "deny_b" is not a set`},
		"the older language's condition":       {"package a\n\nwarn_b { input.nodes }\n", `rule "warn_b" is not a set`},
		"a function":                           {good + "warn(x) if x == 1\n", `rule "warn" is not a set`},
		"a default and no more":                {"package a\n\ndefault deny := false\n", `package "a" has no result rule`},
		"two letters changed places":           {good + "dney contains \"x\" if input.nodes\n", `looks like a misspelt "deny"`},
		"a misspelt stem before a suffix":      {good + "denyy_latest contains \"x\" if input.nodes\n", `rule "denyy_latest" looks like a misspelt "deny"`},
		"a misspelt name that is no set":       {good + "wran := \"x\" if input.nodes\n", `looks like a misspelt "warn"`},
		"a capital letter":                     {good + "Deny contains \"x\" if input.nodes\n", `looks like a misspelt "deny"`},
		"a suffix without the line before it":  {good + "denyLatest contains \"x\" if input.nodes\n", `nothing refers to rule "denyLatest"`},
		"another tool's word":                  {good + "forbid contains \"x\" if input.nodes\n", `nothing refers to rule "forbid"`},
		"an exception that is misspelt":        {good + "exceptionn contains [\"a\"]\n", `nothing refers to rule "exceptionn"`},
		"a file without a rule that reports":   {"package a\n\nforbid contains \"x\" if input.nodes\n", `package "a" has no result rule`},
		"a section that the document lacks":    {"package a\n\ndeny contains \"x\" if input.handshakes\n", "undefined ref: input.handshakes"},
		"a field that the section lacks":       {"package a\n\ndeny contains \"x\" if input.endpoints[_].hosst\n", "input.endpoints.*"},
		"a section behind object.get":          {"package a\n\ndeny contains \"x\" if object.get(input, \"handshakes\", {}) != {}\n", `input has no field "handshakes"`},
		"a section behind another name for it": {"package a\n\ndeny contains \"x\" if {\n\tdoc := input\n\tdoc.handshakes\n}\n", "handshakes"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := load(t, tc.source); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want one that holds %q", err, tc.want)
			}
		})
	}
	t.Run("sets that something refers to are helpers", func(t *testing.T) {
		for _, source := range []string{
			good + "allowed contains \"x\"\n\ndeny_b contains \"y\" if not \"x\" in allowed\n",
			good + "_allowed contains \"x\"\n",
			good + "exception contains [\"b\"] if input.pods\n",
		} {
			if _, err := load(t, source); err != nil {
				t.Error(err)
			}
		}
		if _, err := load(t, good+"allowed contains \"x\"\n", "package b\n\nimport data.a\n\ndeny contains \"y\" if not \"x\" in a.allowed\n"); err != nil {
			t.Error(err)
		}
		if _, err := load(t, good+"allowed contains \"x\"\n", "package b\n\ndeny contains \"y\" if data.a[_] == input.cluster\n"); err != nil {
			t.Error(err)
		}
	})
}

// TestNothingLookedAtIsNoPass: further forms of the seventh mistake, over a document
// that holds pods alone.
func TestNothingLookedAtIsNoPass(t *testing.T) {
	for name, tc := range map[string]struct {
		body   string
		change func(b *evidence.Builder)
		want   string
	}{
		"a section":                            {body: `input.endpoints.a`, want: "skip"},
		"a section behind a variable":          {body: `doc := input; doc.endpoints.a`, want: "skip"},
		"a section by a name in quotes":        {body: `input["endpoints"].a`, want: "skip"},
		"a section with a way out":             {body: `object.get(input, "endpoints", {})["a"]`, want: "skip"},
		"a section, negated":                   {body: `not input.endpoints`, want: "skip"},
		"a section, counted":                   {body: `count(input.endpoints) > 5`, want: "skip"},
		"a section behind every":               {body: `every e in input.endpoints { e.host == "" }`, want: "skip"},
		"any section":                          {body: `some section; input[section].gone`, want: "skip"},
		"all that there is":                    {body: `walk(input, [_, "gone"])`, want: "skip"},
		"a view":                               {body: `input.views.nodes_by_trust_store.x`, want: "skip"},
		"any view":                             {body: `some view; input.views[view].gone`, want: "skip"},
		"certificates, which nothing gathered": {body: `input.certificates.x.is_ca`, want: "skip"},
		"views of certificates":                {body: `input.views.certificates_by_subject.x`, want: "skip"},
		"trust stores, which nothing gathered": {body: `some s in input.trust_stores; count(s.anchors) > 1000`, want: "skip"},
		"nothing of the document":              {body: `1 == 2`, want: "skip"},
		"certificates with a gap where they come from": {
			body:   `input.certificates.x.is_ca`,
			change: func(b *evidence.Builder) { b.Ask(evidence.Nodes, evidence.Section("nodes")).Gap("refused", "") },
			want:   "inconclusive",
		},
		"secrets that the source never held": {
			body: `some s in input.secrets; s.type == "x"`,
			change: func(b *evidence.Builder) {
				b.Ask(evidence.Secrets, evidence.Subject{"kind": "secret", "name": "s"}).Skip()
			},
			want: "skip",
		},
		"a section that was gathered and holds nothing": {
			body:   `some e in input.endpoints; e.host == ""`,
			change: func(b *evidence.Builder) { b.Request(evidence.Handshakes) },
			want:   "pass",
		},
	} {
		t.Run(name, func(t *testing.T) {
			policy := "package a\n\nimport rego.v1\n\ndeny contains \"x\" if {\n\t" + strings.ReplaceAll(tc.body, "; ", "\n\t") + "\n}\n"
			got := judged(t, document(t, tc.change), Options{}, policy)
			if len(got) != 1 || !strings.HasPrefix(got[0], tc.want+" ") {
				t.Errorf("results %q, want one that is %s", got, tc.want)
			}
		})
	}
}

// TestDamagedTextIsNoPass: further forms of the sixth mistake, behind what might
// swallow an error.
func TestDamagedTextIsNoPass(t *testing.T) {
	change := func(b *evidence.Builder) {
		b.Record(func(d *evidence.Document) { d.Pods["shop/web"] = &evidence.Pod{Phase: "soon!"} })
	}
	for name, body := range map[string]string{
		"a time":                   `time.parse_rfc3339_ns(input.pods[_].phase) < 0`,
		"a certificate":            `crypto.x509.parse_certificates(input.pods[_].phase)[0].IsCA`,
		"a time, negated":          `not time.parse_rfc3339_ns(input.pods["shop/web"].phase) < 0`,
		"a time in a set":          `count({t | t := time.parse_rfc3339_ns(input.pods[_].phase)}) > 5`,
		"a time behind a function": `_ns(input.pods["shop/web"].phase) < 0`,
		"a number":                 `to_number(input.pods["shop/web"].phase) < 0`,
		"base64":                   `base64.decode(input.pods["shop/web"].phase) == "x"`,
		"JSON":                     `json.unmarshal(input.pods["shop/web"].phase).a`,
	} {
		t.Run(name, func(t *testing.T) {
			policy := "package a\n\ndeny contains \"x\" if " + body + "\n\n_ns(text) := time.parse_rfc3339_ns(text)\n"
			got := judged(t, document(t, change), Options{}, policy)
			if len(got) != 1 || !strings.HasPrefix(got[0], "error ") {
				t.Errorf("results %q, want one error", got)
			}
		})
	}
}

func TestExceptions(t *testing.T) {
	policy := `package main

deny_node contains "a node" if input.pods

deny_pod contains "a pod" if input.pods

warn_node contains "a warning" if input.pods

exception contains ["node"] if input.pods
`
	l, err := load(t, policy)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := l.Judge(t.Context(), []Input{document(t, nil)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range rep.Results {
		got[r.Message] = string(r.Verdict)
		if (r.Waiver != nil) != (r.Verdict == "waived") {
			t.Errorf("%s has waiver %+v", r.Message, r.Waiver)
		}
	}
	if diff := cmp.Diff(map[string]string{"a node": "waived", "a pod": "fail", "a warning": "waived"}, got); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if rep.Summary.Waived != 2 || rep.Summary.Fail != 1 {
		t.Errorf("summary %+v", rep.Summary)
	}
}

func TestData(t *testing.T) {
	const policy = "package a\n\ndeny contains msg if {\n\tsome key, _ in input.pods\n\tnot key in data.allowed.pods\n\tmsg := key\n}\n"
	with := func(source, text string) (*Library, error) {
		cfg := Config{Schema: builtin(t).Schema, Modules: []Module{{Path: "a.rego", Source: []byte(source)}}}
		if err := json.Unmarshal([]byte(text), &cfg.Data); err != nil {
			t.Fatal(err)
		}
		return Load(t.Context(), cfg)
	}
	l, err := with(policy, `{"allowed": {"pods": ["shop/web"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := l.Judge(t.Context(), []Input{document(t, nil)}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Results) != 1 || rep.Results[0].Message != "shop/db" {
		t.Errorf("results %+v, want that shop/db is not allowed", rep.Results)
	}
	other, err := with(policy, `{"allowed": {"pods": ["shop/web", "shop/db"]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if l.Digest() == other.Digest() {
		t.Error("other data has the same digest")
	}
	for name, tc := range map[string]struct{ policy, data, want string }{
		"a misspelt top name":        {policy, `{"alllowed": {"pods": []}}`, "a.rego:5: data.allowed.pods is not defined anywhere"},
		"a misspelt name further in": {policy, `{"allowed": {"pod": []}}`, "a.rego:5: data.allowed.pods is not defined anywhere"},
		"a name below a text":        {policy, `{"allowed": "all"}`, "a.rego:5: data.allowed.pods is not defined anywhere"},
		"no data":                    {policy, `{}`, "a.rego:5: data.allowed.pods is not defined anywhere"},
		"a rule in front of it":      {policy, `{"allowed": {"pods": []}, "a": {"deny": []}}`, "a.rego:3: rule data.a.deny stands where the data has a value of that name"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := with(tc.policy, tc.data); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that holds %q", err, tc.want)
			}
		})
	}
	if _, err := with("package a\n\ndeny contains \"x\" if data.allowed.pods[0] == input.cluster\n", `{"allowed": {"pods": ["a"]}, "more": 1}`); err != nil {
		t.Error(err)
	}
}
