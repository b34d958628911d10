package engine

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestCausesAndSymptomsShareWhatTheyAreAbout has a fault of node wk-2 beside pods that
// cannot pull on several nodes.
func TestCausesAndSymptomsShareWhatTheyAreAbout(t *testing.T) {
	fail := func(id string, subject evidence.Subject, pointers ...string) report.Result {
		r := report.Result{ID: id, Verdict: report.Fail, Severity: "high", Subject: subject, Message: subject.String(), Fingerprint: id + subject.String()}
		for _, p := range pointers {
			r.Evidence = append(r.Evidence, report.Pointer{Pointer: p})
		}
		return r
	}
	node := fail("NODE", evidence.Subject{"kind": "node", "name": "wk-2"})
	pod := func(name string) report.Result {
		return fail("POD", evidence.Subject{"kind": "pod", "namespace": "shop", "name": name}, "/pull_failures/shop~1"+name+"~1app")
	}
	store := func(digest string) report.Result {
		return fail("CHAIN", evidence.Subject{"kind": "registry", "name": "harbor:443", "trust_store": digest})
	}
	for name, test := range map[string]struct {
		results []report.Result
		nodes   []string // read
		pods    map[string]string
		want    []string
	}{
		"a pod on the node": {[]report.Result{node, pod("web")}, []string{"wk-1", "wk-2"}, map[string]string{"web": "wk-2"}, []string{"NODE: POD 1"}},
		"a pod on another":  {[]report.Result{node, pod("web")}, []string{"wk-1", "wk-2"}, map[string]string{"web": "wk-1"}, []string{"NODE:", "POD:"}},
		"a pod on each":     {[]report.Result{node, pod("db"), pod("web")}, []string{"wk-1", "wk-2"}, map[string]string{"web": "wk-1", "db": "wk-2"}, []string{"NODE: POD 1", "POD:"}},
		"a pod on a node that was not read": {
			[]report.Result{node, pod("web")}, []string{"wk-1", "wk-2"}, map[string]string{"web": "wk-3", "ok": "wk-2"}, []string{"NODE:", "POD:"},
		},
		"nodes go by other names": {[]report.Result{node, pod("web")}, []string{"10.0.0.1", "wk-2"}, map[string]string{"web": "wk-1.corp"}, []string{"NODE: POD 1"}},
		"a pod without a node":    {[]report.Result{node, pod("web")}, []string{"wk-2"}, map[string]string{"web": ""}, []string{"NODE: POD 1"}},
		"the node's store":        {[]report.Result{node, store("store wk-2")}, []string{"wk-1", "wk-2"}, nil, []string{"NODE: CHAIN 1"}},
		"another node's store":    {[]report.Result{node, store("store wk-1")}, []string{"wk-1", "wk-2"}, nil, []string{"CHAIN:", "NODE:"}},
	} {
		t.Run(name, func(t *testing.T) {
			doc := &evidence.Document{Nodes: map[string]evidence.Node{}, Pods: map[string]*evidence.Pod{}, PullFailures: map[string]evidence.PullFailure{}}
			doc.Views.NodesByTrustStore = map[string][]string{}
			for _, n := range test.nodes {
				doc.Nodes[n] = evidence.Node{Read: true}
				doc.Views.NodesByTrustStore["store "+n] = []string{n}
			}
			for p, n := range test.pods {
				doc.Pods["shop/"+p] = &evidence.Pod{Node: n}
				doc.PullFailures["shop/"+p+"/app"] = evidence.PullFailure{Namespace: "shop", Pod: p, Registry: "harbor:443", Node: n}
			}
			policies := []*Policy{{ID: "NODE", Explains: []string{"POD", "CHAIN"}}}
			var got []string
			for _, d := range diagnose(test.results, policies, toldOf(resultLists{test.results}, doc)) {
				line := d.ID + ":"
				for _, e := range d.Explains {
					line += fmt.Sprintf(" %s %d", e.ID, e.Subjects)
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("diagnosis (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTimeExplainsWhatTimeBroke has certificates that expired, and such that will.
func TestTimeExplainsWhatTimeBroke(t *testing.T) {
	doc := &evidence.Document{Endpoints: map[string]evidence.Endpoint{"harbor:443": {Chains: map[string]evidence.Chain{
		"c": {Verdicts: map[string]evidence.ChainVerdict{"holds": {OK: true}, "lacks": {}}},
	}}}}
	subject := evidence.Subject{"kind": "registry", "name": "harbor:443"}
	leaf := func(severity string) report.Result {
		return report.Result{ID: "LEAF", Verdict: report.Fail, Severity: severity, Subject: subject, Fingerprint: "leaf"}
	}
	chain := func(store string) report.Result {
		return report.Result{
			ID: "CHAIN", Verdict: report.Fail, Severity: "critical", Subject: subject, Fingerprint: "chain",
			Evidence: []report.Pointer{{Pointer: "/endpoints/harbor:443/chains/c/verdicts/" + store}},
		}
	}
	policies := []*Policy{{ID: "LEAF", Explains: []string{"CHAIN"}, ExplainsFrom: "critical"}}
	for name, test := range map[string]struct {
		results []report.Result
		want    int
	}{
		"it expired":                             {[]report.Result{chain("holds"), leaf("critical")}, 1},
		"it expired, and nobody trusts it":       {[]report.Result{chain("lacks"), leaf("critical")}, 2},
		"it will expire, and something else did": {[]report.Result{chain("holds"), leaf("high")}, 2},
		"it will expire, and nobody trusts it":   {[]report.Result{chain("lacks"), leaf("high")}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got := diagnose(test.results, policies, toldOf(resultLists{test.results}, doc))
			if len(got) != test.want {
				t.Errorf("%d causes, want %d: %+v", len(got), test.want, got)
			}
		})
	}
}
