package html

import (
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// everything is a report in which each part of the page has something to show.
func everything() *report.Report { return everythingOf(30) }

func everythingOf(nodes int) *report.Report {
	r := bigReport(nodes, 12)
	at := r.Run.At
	subject := evidence.Subject{"kind": "trust_entry", "namespace": "tkg", "name": "corp", "source": "Cluster/web"}
	for i, v := range []report.Verdict{report.Fail, report.Error, report.Inconclusive, report.Warn, report.Waived, report.Pass, report.Skip} {
		res := report.Result{
			ID: "ORG-00" + string(rune('1'+i)), Policy: "acme.trust", Verdict: v, Severity: "medium", Title: "The organisation's own rule", Message: "something about `corp` of tkg is " + string(v),
			Subject: subject, TrustDomain: "workload", Controls: map[string][]string{"bsi-app-4.4": {"A13", "A9"}},
			Evidence: []report.Pointer{{Pointer: "/trust/a~1b", Role: "contradicts", Excerpt: "form: pem\nlayers: 2"}},
			Missing:  []report.Missing{{Pointer: "/nodes/wk-2", Collector: "nodes", Reason: "timeout_connect", Detail: "no answer"}}, Remediation: "do `this`, then:\n  kubectl get pods\n  kubectl get nodes",
			NextChange: &report.NextChange{At: at, Becomes: report.Fail},
		}
		if v == report.Waived {
			res.Waiver = &report.Waiver{Reason: "until the move is done", Owner: "platform team", Expires: "2027-01-31", Verdict: report.Fail}
		}
		r.Results = append(r.Results, res)
	}
	r.Summary = report.Count(r.Results)
	r.Coverage[evidence.Events] = evidence.Coverage{Hint: "name a cluster with --context", Gaps: []evidence.Gap{}}
	r.Coverage[evidence.Trust] = evidence.Coverage{Requested: true, Asked: 4, Answered: 3, Skipped: 1, Gaps: []evidence.Gap{}}
	r.Coverage[evidence.Pods] = evidence.Coverage{Requested: true, Asked: 4, Answered: 4, Gaps: []evidence.Gap{}}
	later := evidence.At(at.AddDate(0, 2, 0).Add(time.Hour))
	r.Forecast = []report.Change{
		{At: later, ID: "RT-TLS-001", Title: "Certificates are valid", Subject: subject, From: report.Pass, To: report.Warn, Severity: "high", Message: "the certificate of harbor.corp.example ends"},
		{At: later, ID: "RT-TLS-001", Title: "Certificates are valid", Subject: subject, From: report.Pass, To: report.Fail, Severity: "high"},
	}
	r.ForecastGaps = []report.ForecastGap{{From: later, ID: "RT-TLS-002", Title: "Chains are complete", Cluster: "web", Reason: "it took longer than 30s and was stopped"}}
	r.Run.Waivers = report.Waivers{Used: 1, Unused: 1, UnusedNames: []string{"RT-CFG-001 subject=* (waivers.yaml:12)"}}
	r.Run.Profile = "nist"
	r.Rules = []report.Rule{{ID: "ORG-001", Title: "The organisation's own rule", Description: "It matters because `corp` says so.\n\nA second paragraph."}}
	r.Results[0].Location = &report.Location{File: "apps/web.yaml", Line: 12}
	r.Run.Baseline = &report.Baseline{URI: "last-week.json", New: 1, Fixed: 2, Unchanged: 3, NotComparable: 4}
	r.Results[0].Known = true
	r.Run.Params = map[string]map[string]any{"RT-TLS-001": {"days": 30, "hosts": []any{"a", "b"}}}
	r.Fleet = wholeFleet(at)
	path := r.TrustPaths[0]
	layers := 1
	path.Registry, path.NameReason = "old-registry-with-a-rather-long-name.internal.corp.example:8443", "name_mismatch"
	path.Certificates = append([]report.PathCertificate{}, path.Certificates...)
	path.Certificates[0].Expired = true
	path.Stores = append([]report.PathStore{{
		Kind: report.StoreConfigured, Domain: "kapp", Reason: "root_absent", Issuer: "CN=Corp Example Root CA", MoreEntries: 3,
		Entries: []report.PathEntry{
			{Label: strings.Repeat("long-", 20), Reason: "key_not_found", Expected: []int{1}},
			{Label: "once", Layers: &layers, Expected: []int{0, 2}, Certificates: path.Certificates},
		},
	}}, path.Stores...)
	r.TrustPaths = append(r.TrustPaths, path)
	r.Diagnosis = append(r.Diagnosis, report.Diagnosis{
		ID: "RT-TLS-004", Severity: "medium", Title: "Certificates name their hosts", Messages: []string{"a", "b", "c", "d", "e"}, Subjects: 5, Registries: []string{path.Registry},
	})
	return r
}

// wholeFleet has a row in each of the fleet's tables.
func wholeFleet(at evidence.Time) *report.Fleet {
	f := &report.Fleet{
		Expected: 3, Missing: []string{"lost"}, Unexpected: []string{"stray"},
		Unused: []report.UnusedDocument{
			{URI: "documents/old.json", Cluster: "web", Reason: report.Superseded, Detail: "a newer one is there"},
			{URI: "documents/cut.json", Reason: report.Unreadable, Detail: "it ends too early", Hint: "collect it again"},
		},
		Authorities: []report.Authority{
			{Fingerprint: strings.Repeat("ab", 32), Subject: "CN=Old CA", NotAfter: evidence.At(at.AddDate(0, 0, -1)), Clusters: []string{"a", "b", "web"}, OnNodes: []string{"web"}, Nodes: 2},
			{Fingerprint: strings.Repeat("cd", 32), Subject: "CN=New CA", CommonName: "New CA", NotAfter: evidence.At(at.AddDate(9, 0, 0)), Clusters: []string{"web"}, Registries: []string{"harbor.corp.example:443"}},
		},
		Registries: []report.FleetRegistry{{
			Registry: "harbor.corp.example:443", Clusters: []string{"a", "web"}, Reached: []string{"a"},
			Failing: map[string][]string{"unknown_authority": {"web"}}, Anchors: map[string][]string{strings.Repeat("cd", 32): {"a"}},
		}},
		Policies: []report.FleetPolicy{{ID: "RT-CFG-001", Title: "Every trust value has its layers", Severity: "critical", Summary: report.Summary{Fail: 2}, Clusters: map[report.Verdict]int{report.Fail: 1}}},
	}
	for i, v := range []report.Summary{{Fail: 2}, {Inconclusive: 1}, {Warn: 1}, {Pass: 3}, {Skip: 1}} {
		c := report.FleetCluster{Cluster: "cluster-" + string(rune('a'+i)), URI: "documents/x.json", CollectedAt: at, Nodes: 3, Summary: v}
		if v.Fail > 0 {
			c.Worst = "critical"
		}
		f.Clusters = append(f.Clusters, c)
	}
	return f
}
