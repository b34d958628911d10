package report_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/policies"
)

const fixtures = "../../../../fixtures"

// More than the built-in policies give: a warning for each pod, a failure whose
// message is hostile to every format, and a policy that fails to run.
var extraPolicies = map[string]string{
	"org/early.rego": `# METADATA
# title: Pods are worth a warning
# custom:
#   id: ORG-1
#   severity: low
package org.early

subjects contains {"kind": "pod", "namespace": p[0], "name": p[1]} if {
	some key, _ in input.pods
	p := split(key, "/")
}

warn contains {"subject": s, "msg": "a warning, <b>no more</b>"} if some s in subjects
`,
	"org/hostile.rego": `# METADATA
# title: "Names | do :: no ]]> harm # really"
# description: "It *says* <script>alert(1)</script> and | @everyone."
# related_resources:
#   - ref: https://example.com/a?b=c
# custom:
#   id: ORG-2
#   severity: info
#   recommended_action: "say\n  kubectl get pods\nand @nobody else"
#   controls: {bsi-app-4.4: [A13], nist-800-190: ["4.2.1"]}
package org.hostile

subjects contains {"kind": "thing", "name": "a|b::c]]>,d=e # f"} if input.pods

deny contains {"subject": {"kind": "thing", "name": "a|b::c]]>,d=e # f"}, "msg": "::error::100% ]]> | <i> \u0000\u001b[31m \n---\n...\nnot ok 1 # TODO\n\"q\" \\ 🦊", "evidence": ["/pods"]} if input.pods
`,
	"org/broken.rego": `# METADATA
# title: A policy that fails to run
# custom:
#   id: ORG-3
package org.broken

deny contains "never" if {
	some key, _ in input.pods
	to_number(key) > 1
}
`,
}

// rich is a report that has every verdict: two clusters, a node that could not be
// read, waivers of which one has expired, and extraPolicies.
func rich(t testing.TB) *report.Report {
	t.Helper()
	return judge(t, []engine.Input{
		input(t, "secret-encoded-once", func(d *evidence.Document) {
			d.Cluster = "east"
			c := d.Coverage[evidence.Nodes]
			c.Asked++
			c.Gaps = append(c.Gaps, evidence.Gap{Subject: evidence.Subject{"kind": "node", "name": "wk-lost"}, Reason: "timeout_connect", Detail: "10.0.0.9:22"})
			d.Coverage[evidence.Nodes] = c
		}),
		input(t, "vsphere-pod", func(d *evidence.Document) { d.Cluster = "west" }),
	}, []engine.Waiver{
		{Policy: "RT-EVT-001", Subject: "*2d9pz*", Reason: "known | until the move", Owner: "@team", Expires: "2030-01-31"},
		{Policy: "RT-EVT-002", Subject: "*", Reason: "old", Owner: "me", Expires: "2020-01-31"},
		{Policy: "RT-EVT-001", Subject: "nothing", Reason: "unused", Owner: "me", Expires: "2030-01-31"},
	})
}

func judge(t testing.TB, inputs []engine.Input, waivers []engine.Waiver) *report.Report {
	t.Helper()
	var cfg engine.Config
	err := fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".rego") {
			return err
		}
		source, err := fs.ReadFile(policies.FS, path)
		cfg.Modules = append(cfg.Modules, engine.Module{Path: path, Source: source, Builtin: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if waivers != nil {
		for path, source := range extraPolicies {
			cfg.Modules = append(cfg.Modules, engine.Module{Path: path, Source: []byte(source)})
		}
	}
	if cfg.Schema, err = fs.ReadFile(policies.FS, policies.Schema); err != nil {
		t.Fatal(err)
	}
	library, err := engine.Load(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range waivers {
		if fault := waivers[i].Check(); fault != nil {
			t.Fatal(fault)
		}
	}
	rep, err := library.Judge(t.Context(), inputs, engine.Options{Waivers: waivers, ToolVersion: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func input(t testing.TB, story string, change func(*evidence.Document)) engine.Input {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, story, "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(doc)
		if data, err = evidence.Encode(doc); err != nil {
			t.Fatal(err)
		}
	}
	return engine.Input{URI: story + ".json", Bytes: data, Document: doc}
}

// locate gives some results a place in a manifest, as sources that are files do.
func locate(r *report.Report) {
	for i := range r.Results {
		if i%3 == 0 {
			r.Results[i].Location = &report.Location{File: "./clusters/a b#c.yaml", Line: i + 1, Column: 5}
		}
	}
}
