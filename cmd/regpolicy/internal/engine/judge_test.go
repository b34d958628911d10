package engine

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

var collectedAt = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// document builds a document with two pods, one of which cannot pull.
func document(t testing.TB, change func(b *evidence.Builder)) Input {
	t.Helper()
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, collectedAt)
	b.Ask(evidence.Pods, evidence.Section("pods")).Answer()
	b.Record(func(d *evidence.Document) {
		d.Pods["shop/web"] = &evidence.Pod{Observed: true, Node: "wk-1"}
		d.Pods["shop/db"] = &evidence.Pod{Observed: true, Node: "wk-2"}
		d.PullFailures["shop/web/app"] = evidence.PullFailure{
			Namespace: "shop", Pod: "web", Image: "harbor.corp.example/web:1", Registry: "harbor.corp.example:443",
			Cause: "unknown_authority", Stage: "resolve", Reason: "ErrImagePull", Origin: "kubelet",
		}
	})
	if change != nil {
		change(b)
	}
	doc := b.Build("internal")
	encoded, err := evidence.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return Input{URI: "test.json", Bytes: encoded, Document: doc}
}

const podPolicy = `package org.pods

subjects contains subject(key) if some key, _ in input.pods

deny contains {"subject": {"kind": "pod", "namespace": f.namespace, "name": f.pod}, "msg": f.cause} if {
	some f in input.pull_failures
}

subject(key) := {"kind": "pod", "namespace": parts[0], "name": parts[1]} if parts := split(key, "/")
`

func load(t testing.TB, sources ...string) (*Library, error) {
	t.Helper()
	cfg := Config{Schema: builtin(t).Schema}
	for i, s := range sources {
		cfg.Modules = append(cfg.Modules, Module{Path: "org/" + string(rune('a'+i)) + ".rego", Source: []byte(s)})
	}
	return Load(t.Context(), cfg)
}

// judged is a result's outcome: "fail kind=pod,...: message".
func judged(t *testing.T, in Input, opt Options, sources ...string) []string {
	t.Helper()
	l, err := load(t, sources...)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := l.Judge(t.Context(), []Input{in}, opt)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range rep.Results {
		out = append(out, strings.TrimSuffix(string(r.Verdict)+" "+r.Subject.String()+": "+r.Message, ": "))
	}
	return out
}

func TestVerdicts(t *testing.T) {
	const web, db = "kind=pod,name=web,namespace=shop", "kind=pod,name=db,namespace=shop"
	tests := map[string]struct {
		change func(b *evidence.Builder)
		policy string
		opt    Options
		want   []string
	}{
		"looked at and denied, looked at and not denied": {
			policy: podPolicy,
			want:   []string{"pass " + db, "fail " + web + ": unknown_authority"},
		},
		"a gap of one subject makes that subject inconclusive": {
			change: func(b *evidence.Builder) {
				b.Part(evidence.Events, evidence.Gap{Subject: evidence.Subject{"kind": "pod", "namespace": "shop", "name": "db"}, Field: "cause", Reason: "not_found"})
			},
			policy: podPolicy,
			want:   []string{"inconclusive " + db + ": pod db (cause): not_found", "fail " + web + ": unknown_authority"},
		},
		"a gap of a field that the policy does not read changes nothing": {
			change: func(b *evidence.Builder) {
				b.Part(evidence.Pods, evidence.Gap{Subject: evidence.Subject{"kind": "pod", "namespace": "shop", "name": "db"}, Field: "service_account", Reason: "not_found"})
			},
			policy: podPolicy,
			want:   []string{"pass " + db, "fail " + web + ": unknown_authority"},
		},
		"a failure stays one whatever is missing": {
			change: func(b *evidence.Builder) {
				b.Part(evidence.Pods, evidence.Gap{Subject: evidence.Subject{"kind": "pod", "namespace": "shop", "name": "web"}, Reason: "not_found"})
			},
			policy: podPolicy,
			want:   []string{"pass " + db, "fail " + web + ": unknown_authority"},
		},
		"a section that failed takes every pass and keeps every failure": {
			change: func(b *evidence.Builder) {
				b.Ask(evidence.Events, evidence.Section("events")).Gap("forbidden", "may not list events")
			},
			policy: podPolicy,
			want: []string{
				"fail " + web + ": unknown_authority",
				"inconclusive kind=section,name=events: section events: forbidden: may not list events",
			},
		},
		"evidence that nobody asked for is skipped, with the way to ask": {
			change: func(b *evidence.Builder) { b.NotAsked(evidence.Nodes, "use --ssh") },
			policy: "package org.nodes\n\nsubjects contains {\"kind\": \"node\", \"name\": name} if some name, _ in input.nodes\n\ndeny contains \"x\" if input.nodes.gone\n",
			want:   []string{"skip kind=document: not_asked: nodes were not asked for; use --ssh"},
		},
		"evidence that is required and was not asked for is inconclusive": {
			policy: "package org.nodes\n\nsubjects contains {\"kind\": \"node\", \"name\": name} if some name, _ in input.nodes\n\ndeny contains \"x\" if input.nodes.gone\n",
			opt:    Options{Require: []string{evidence.Nodes}},
			want: []string{
				"inconclusive kind=section,name=nodes: nodes were required and not asked for",
				"inconclusive kind=document: evidence that --require asks for was not gathered",
			},
		},
		"required events are missed although pods alone feed the policy": {
			policy: podPolicy,
			opt:    Options{Require: []string{evidence.Pods, evidence.Events}},
			want: []string{
				"inconclusive kind=section,name=events: events were required and not asked for",
				"pass " + db, "fail " + web + ": unknown_authority",
			},
		},
		"required secrets that the source does not hold are missed": {
			change: func(b *evidence.Builder) {
				b.Ask(evidence.Secrets, evidence.Subject{"kind": "secret", "namespace": "ns", "name": "s"}).Skip()
			},
			policy: podPolicy,
			opt:    Options{Require: []string{evidence.Secrets}},
			want: []string{
				"inconclusive kind=section,name=secrets: secrets were required, and the source holds none of what was looked for",
				"pass " + db, "fail " + web + ": unknown_authority",
			},
		},
		"a node that could not be read is inconclusive though it has no record": {
			change: func(b *evidence.Builder) {
				b.Ask(evidence.Nodes, evidence.Subject{"kind": "node", "name": "wk-2"}).Gap("refused", "")
				b.Ask(evidence.Nodes, evidence.Subject{"kind": "node", "name": "wk-1"}).Answer()
				b.Record(func(d *evidence.Document) { d.Nodes["wk-1"] = evidence.Node{Read: true} })
			},
			policy: "package org.nodes\n\nsubjects contains {\"kind\": \"node\", \"name\": name} if some name, _ in input.nodes\n\ndeny contains \"x\" if input.nodes.gone\n",
			want:   []string{"pass kind=node,name=wk-1", "inconclusive kind=node,name=wk-2: node wk-2: refused"},
		},
		"a subject that names a node shares the node's gap": {
			change: func(b *evidence.Builder) {
				b.Record(func(d *evidence.Document) { d.Nodes["wk-1"] = evidence.Node{Read: true} })
				b.Part(evidence.Nodes, evidence.Gap{Subject: evidence.Subject{"kind": "node", "name": "wk-1"}, Field: "trust_files", Reason: "permission_denied"})
			},
			policy: "package org.files\n\nsubjects contains {\"kind\": \"file\", \"node\": name, \"path\": \"/a\"} if some name, _ in input.nodes\n\ndeny contains \"x\" if input.nodes.gone.trust_files\n",
			want:   []string{"inconclusive kind=file,node=wk-1,path=/a: node wk-1 (trust_files): permission_denied"},
		},
		"nothing of the kind is a skip": {
			change: func(b *evidence.Builder) { b.Request(evidence.Nodes) },
			policy: "package org.nodes\n\nsubjects contains {\"kind\": \"node\", \"name\": name} if some name, _ in input.nodes\n\ndeny contains \"x\" if input.nodes.gone\n",
			want:   []string{"skip kind=document: nothing of the kind that this policy looks at is in the document"},
		},
		"a warning warns, and a failure on the same subject outweighs it": {
			policy: podPolicy + "\nwarn contains {\"subject\": subject(key), \"msg\": \"soon\"} if some key, _ in input.pods\n",
			want:   []string{"warn " + db + ": soon", "fail " + web + ": unknown_authority"},
		},
		"conftest's rules count as they are: text and object messages, suffixes": {
			policy: "package main\n\ndeny_a contains \"one\" if input.pods\n\nviolation contains {\"msg\": \"two\", \"details\": {}} if input.pods\n",
			want:   []string{"fail finding=3fc4ccfe,kind=document: two", "fail finding=7692c3ad,kind=document: one"},
		},
		"conftest's rules in the older language count, too": {
			policy: "package main\n\ndeny[msg] { input.pods; msg = \"one\" }\n",
			want:   []string{"fail finding=7692c3ad,kind=document: one"},
		},
		"the older language's functions and unused variables are taken with it": {
			policy: "package main\n\nimport data.main\n\ndeny[msg] {\n\tinput.pods\n\tx := 1\n\tany([false, re_match(`^o`, \"one\")])\n\tmsg = \"one\"\n}\n",
			want:   []string{"fail finding=7692c3ad,kind=document: one"},
		},
		"a built-in error is a verdict of its own, not a pass": {
			policy: "package org.pods\n\ndeny contains \"x\" if time.parse_rfc3339_ns(input.pods[_].phase) > 0\n",
			change: func(b *evidence.Builder) {
				b.Record(func(d *evidence.Document) { d.Pods["shop/web"] = &evidence.Pod{Phase: "no time"} })
			},
			want: []string{"error kind=document: the policy failed: org/a.rego:3: eval_builtin_error: time.parse_rfc3339_ns: parsing time \"no time\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"no time\" as \"2006\""},
		},
		"a policy that takes too long is stopped": {
			policy: "package org.pods\n\ndeny contains \"x\" if {\n\tinput.pods\n\tsome a in numbers.range(1, 4000)\n\tsome b in numbers.range(1, 4000)\n\ta * b == 0\n}\n",
			opt:    Options{Timeout: 50 * time.Millisecond},
			want:   []string{"error kind=document: the policy failed: it took longer than 50ms and was stopped"},
		},
		"a text that a few calls would make endless is not made": {
			policy: "package org.pods\n\ndeny contains _more(_more(_more(_more(_more(_more(_more(\"text\"))))))) if input.pods\n\n_more(x) := concat(\"\", [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x])\n",
			want:   []string{"error kind=document: the policy failed: org/a.rego:5: concat would make more than 64 MiB of text"},
		},
		"a replacement that makes more and more is stopped": {
			policy: "package org.pods\n\ndeny contains _more(_more(_more(_more(\"aaaaaaaaaa\")))) if input.pods\n\n_more(x) := replace(x, \"a\", x)\n",
			want:   []string{"error kind=document: the policy failed: org/a.rego:5: replace would make more than 64 MiB of text"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, judged(t, document(t, tc.change), tc.opt, tc.policy)); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

// Policies that the time for all judging did not suffice for are errors, and what was
// done before is kept.
func TestTimeForAllJudging(t *testing.T) {
	t.Parallel()
	slow := "package org.b\n\ndeny contains \"x\" if {\n\tinput.pods\n\tsome a in numbers.range(1, 4000)\n\tsome b in numbers.range(1, 4000)\n\ta * b == 0\n}\n"
	quick := "package org.a\n\ndeny contains \"one\" if input.pods\n"
	want := []string{
		"fail finding=7692c3ad,kind=document: one",
		"error kind=document: the policy failed: the 1s for all judging were over before it was done",
	}
	if diff := cmp.Diff(want, judged(t, document(t, nil), Options{Within: time.Second, Jobs: 1}, slow, quick)); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
}

func TestFaultsOfPolicies(t *testing.T) {
	tests := map[string]struct {
		sources []string
		want    string
	}{
		"a complete rule cannot report":             {[]string{"package a\n\ndeny := true\n"}, `org/a.rego:3: rule "deny" is not a set`},
		"a mistyped name would never report":        {[]string{"package a\n\ndenyy contains \"x\" if input.pods\n"}, `org/a.rego:3: rule "denyy" looks like a misspelt "deny"`},
		"a package without a result rule":           {[]string{"package a\n\nallow if input.pods\n"}, `org/a.rego:1: package "a" has no result rule`},
		"two policies with one id":                  {[]string{podPolicy, "# METADATA\n# custom:\n#   id: org.pods\npackage b\n\ndeny contains \"x\" if input.pods\n"}, `id "org.pods" is also the id of package`},
		"the clock is out of reach":                 {[]string{"package a\n\ndeny contains \"x\" if time.now_ns() > 0\n"}, "undefined function time.now_ns"},
		"the network is out of reach":               {[]string{"package a\n\ndeny contains \"x\" if http.send({}).status == 200\n"}, "undefined function http.send"},
		"the environment is out of reach":           {[]string{"package a\n\ndeny contains \"x\" if opa.runtime().env.HOME\n"}, "undefined function opa.runtime"},
		"a section that the document does not have": {[]string{"package a\n\ndeny contains \"x\" if input.handshakes\n"}, "undefined ref: input.handshakes"},
		"a misspelt field below a map":              {[]string{"package a\n\ndeny contains \"x\" if {\n\tsome n in input.nodes\n\tsome f in n.trust_files\n\tf.fom == \"pem\"\n}\n"}, `org/a.rego:6: input.nodes.*.trust_files.* has no field "fom"; it has`},
		"a misspelt field behind a function":        {[]string{"package a\n\ndeny contains \"x\" if {\n\tsome n in input.nodes\n\t_bad(n)\n}\n\n_bad(node) if node.addres == \"\"\n"}, `input.nodes.* has no field "addres"`},
		"a misspelt helper":                         {[]string{"package a\n\nimport data.regpolicy.lib.clok\n\ndeny contains \"x\" if clok.now_ns > 0\n"}, "data.regpolicy.lib.clok.now_ns is not defined anywhere"},
		"a misspelt rule of another package":        {[]string{"package a\n\ndeny contains \"x\" if not data.b.godo\n", "package b\n\ngood if input.pods\n"}, "data.b.godo is not defined anywhere"},
		"unused variables":                          {[]string{"package a\n\ndeny contains \"x\" if {\n\ty := input.pods\n}\n"}, "assigned var y unused"},
		"a syntax error":                            {[]string{"package a\n\ndeny contains {\n"}, "org/a.rego:4: unexpected eof token"},
		"an unknown severity":                       {[]string{"# METADATA\n# custom:\n#   severity: bad\npackage a\n\ndeny contains \"x\" if input.pods\n"}, `METADATA custom.severity is "bad"`},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, tc.sources...)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want one that holds %q", err, tc.want)
			}
		})
	}
}

func TestElementsThatCannotBeReported(t *testing.T) {
	for name, tc := range map[string]struct{ policy, want string }{
		"a number":                 {"package a\n\ndeny contains x if {\n\tinput.pods\n\tx := json.unmarshal(\"1\")\n}\n", `rule "deny" of policy "a" holds 1, which is no message`},
		"an object without msg":    {"package a\n\ndeny contains json.unmarshal(`{\"m\": 1}`) if input.pods\n", `has no "msg"`},
		"an empty message":         {"package a\n\ndeny contains \"\" if input.pods\n", "holds an empty message"},
		"a subject without a kind": {"package a\n\ndeny contains {\"msg\": \"x\", \"subject\": {\"name\": \"y\"}} if input.pods\n", `a subject without "kind"`},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := load(t, tc.policy)
			if err != nil {
				t.Fatal(err)
			}
			_, err = l.Judge(t.Context(), []Input{document(t, nil)}, Options{})
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want one that holds %q", err, tc.want)
			}
		})
	}
}

// TestTypesThatCannotBeReported: what no element could say is told before there is one.
func TestTypesThatCannotBeReported(t *testing.T) {
	for rule, fault := range map[string]string{
		"deny contains count(input.pods) if count(input.pods) > 9":                                  `rule "deny" of policy "a" holds what could never be reported: number`,
		"warn contains {\"message\": \"x\"} if count(input.pods) > 9":                               `rule "warn" of policy "a" holds what could never be reported: object<message: string>`,
		"deny contains true if count(input.pods) > 9":                                               "could never be reported: boolean",
		"deny contains [\"x\"] if count(input.pods) > 9":                                            "could never be reported: array<string>",
		"deny contains \"x\" if count(input.pods) > 9":                                              "",
		"deny contains {\"msg\": \"x\"} if count(input.pods) > 9":                                   "",
		"deny contains object.union({\"a\": 1}, {\"msg\": input.cluster}) if count(input.pods) > 9": "",
		"deny contains x if some x in [1, \"x\"]":                                                   "",
	} {
		_, err := load(t, "package a\n\n"+rule+"\n")
		if fault == "" && err != nil || fault != "" && (err == nil || !strings.Contains(err.Error(), fault)) {
			t.Errorf("%s: %v, want %q", rule, err, fault)
		}
	}
}

func TestOneFailedPolicyLeavesTheOthers(t *testing.T) {
	got := judged(t, document(t, nil), Options{},
		"package b\n\ndeny contains \"x\" if time.parse_rfc3339_ns(input.pull_failures[_].pod) > 0\n", podPolicy)
	if len(got) != 3 || !strings.HasPrefix(got[0], "error") || !strings.HasPrefix(got[2], "fail") {
		t.Errorf("results %q, want an error, a pass and a failure", got)
	}
}

func TestEqualInputsGiveEqualBytes(t *testing.T) {
	l, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	var first []byte
	for range 5 {
		rep, err := l.Judge(t.Context(), []Input{document(t, nil)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := json.Marshal(rep)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = encoded
		}
		if !bytes.Equal(first, encoded) {
			t.Fatal("two runs over equal inputs differ")
		}
	}
}

func TestAtReachesPolicies(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	got := judged(t, document(t, nil), Options{At: &at}, "package a\n\ndeny contains input.at if input.pods\n")
	if len(got) != 1 || !strings.HasSuffix(got[0], ": 2030-01-02T03:04:05Z") {
		t.Errorf("results %q, want --at's time", got)
	}
}

func TestSeveralDocumentsAreToldApartByCluster(t *testing.T) {
	named := func(name string) Input {
		return document(t, func(b *evidence.Builder) { b.Record(func(d *evidence.Document) { d.Cluster = name }) })
	}
	l, err := load(t, podPolicy)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := l.Judge(t.Context(), []Input{named("north"), named("south")}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	clusters := map[string]int{}
	fingerprints := map[string]bool{}
	for _, r := range rep.Results {
		clusters[r.Subject["cluster"]]++
		fingerprints[r.Fingerprint] = true
	}
	if clusters["north"] != 2 || clusters["south"] != 2 || len(fingerprints) != 4 {
		t.Errorf("clusters %v with %d fingerprints, want two results each and four fingerprints", clusters, len(fingerprints))
	}
}

func TestWaivers(t *testing.T) {
	waiver := func(subject, expires string) Waiver {
		w := Waiver{Policy: "org.pods", Subject: subject, Reason: "known", Owner: "ops", Expires: expires}
		if f := w.Check(); f != nil {
			t.Fatal(f)
		}
		return w
	}
	judge := func(w Waiver) *report.Report {
		l, err := load(t, podPolicy)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := l.Judge(t.Context(), []Input{document(t, nil)}, Options{Waivers: []Waiver{w}})
		if err != nil {
			t.Fatal(err)
		}
		return rep
	}
	t.Run("one in force turns the failure into waived and stays visible", func(t *testing.T) {
		rep := judge(waiver("kind=pod,name=web,*", "2026-11-23"))
		if rep.Summary.Waived != 1 || rep.Summary.Fail != 0 || rep.Run.Waivers.Used != 1 {
			t.Errorf("summary %+v, waivers %+v", rep.Summary, rep.Run.Waivers)
		}
	})
	t.Run("an expired one excuses nothing and is a finding", func(t *testing.T) {
		rep := judge(waiver("*", "2026-11-22"))
		if rep.Summary.Waived != 0 || rep.Summary.Fail != 2 || rep.Run.Waivers.Expired != 1 {
			t.Errorf("summary %+v, waivers %+v", rep.Summary, rep.Run.Waivers)
		}
	})
	t.Run("an unused one is counted", func(t *testing.T) {
		if rep := judge(waiver("kind=node,*", "2027-01-31")); rep.Run.Waivers.Unused != 1 || rep.Summary.Fail != 1 {
			t.Errorf("summary %+v, waivers %+v", rep.Summary, rep.Run.Waivers)
		}
	})
}

// TestGapsOfProbesReachPolicies: a gap names a probe's field by its own name.
func TestGapsOfProbesReachPolicies(t *testing.T) {
	const policy = `package org.v2

subjects contains {"kind": "endpoint", "name": name} if {
	some name, endpoint in input.endpoints
	some probe in endpoint.probes
	probe.v2
}

deny contains {"subject": {"kind": "endpoint", "name": name}, "msg": "no registry"} if {
	some name, endpoint in input.endpoints
	some probe in endpoint.probes
	probe.v2.status >= 500
}
`
	for field, want := range map[string]string{
		"v2":                "inconclusive kind=endpoint,name=harbor:443",
		"versions_accepted": "skip kind=document",
	} {
		in := document(t, func(b *evidence.Builder) {
			b.Part(evidence.Handshakes, evidence.Gap{Subject: evidence.Subject{"kind": "endpoint", "name": "harbor:443"}, Field: field, Reason: "timeout_exec"})
			b.Record(func(d *evidence.Document) {
				d.Endpoints["harbor:443"] = evidence.Endpoint{Host: "harbor", Port: 443, Probes: map[string]evidence.Probe{"collector": {Reached: true}}}
			})
		})
		if got := judged(t, in, Options{}, policy); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("gap of %q: %v, want %s", field, got, want)
		}
	}
}
