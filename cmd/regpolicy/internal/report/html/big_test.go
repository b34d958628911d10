package html

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// bigReport is a report on many nodes: a hundred policies judge each, and every tenth
// fails on some in a way of its own.
func bigReport(nodes, policies int) *report.Report {
	at := evidence.At(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	const registry = "harbor.corp.example:443"
	r := &report.Report{
		SchemaVersion: report.SchemaVersion, Tool: report.Tool{Name: "regpolicy", Version: "1.0.0", OPA: "1.22.2"},
		Run: report.Run{
			At:        at,
			Documents: []report.Document{{URI: "fleet.json", SHA256: strings.Repeat("ab", 32), CollectedAt: at, Cluster: "factory-eu-1"}},
			Policies:  report.Policies{Count: policies, Digest: "sha256:" + strings.Repeat("cd", 32)},
		},
		Affected: report.Affected{Pods: 25000, Namespaces: []string{"shop", "web"}, Registries: []string{registry}},
		Coverage: map[string]evidence.Coverage{evidence.Nodes: {Requested: true, Asked: nodes + 40, Answered: nodes, Gaps: []evidence.Gap{}}},
	}
	c := r.Coverage[evidence.Nodes]
	for i := range 40 {
		c.Gaps = append(c.Gaps, evidence.Gap{Subject: evidence.Subject{"kind": "node", "name": nodeName(nodes + i)}, Reason: "timeout_connect", Detail: "no answer on port 22 within 10s", Attempts: 3})
	}
	r.Coverage[evidence.Nodes] = c
	for p := range policies {
		id, package_ := fmt.Sprintf("RT-NOD-%03d", p), fmt.Sprintf("regpolicy.%s.policy_%03d", []string{"nod", "xev", "tls"}[p%3], p)
		for n := range nodes {
			name := nodeName(n)
			res := report.Result{
				ID: id, Policy: package_, Verdict: report.Pass, Severity: report.Severities[p%5], Title: fmt.Sprintf("Nodes keep rule %d", p),
				Subject: evidence.Subject{"kind": "node", "name": name}, Controls: map[string][]string{"nist-800-190": {fmt.Sprintf("4.%d.%d", p%6, p%9)}},
				Evidence: []report.Pointer{{Pointer: "/nodes/" + name, Role: "supports"}},
			}
			if p%4 == 0 {
				path := fmt.Sprintf("/etc/ssl/certs/tkg-corp-%d.pem", p)
				res.Subject = evidence.Subject{"kind": "trust_file", "node": name, "path": path}
			}
			if p%10 == 0 && n%(p/10+2) == 0 {
				res.Verdict, res.Evidence[0].Role = []report.Verdict{report.Fail, report.Warn}[p/10%2], "contradicts"
				res.Message = fmt.Sprintf("node %s does not keep rule %d: it was measured %d times (%s)", name, p, n%7, []string{"a", "b"}[n%2])
				res.Remediation = "Roll the nodes:\n  kubectl rollout restart daemonset/trust\nthen judge again with `regpolicy eval`."
				if n/(p/10+2) < 200 {
					res.Evidence[0].Excerpt = "bundle:\n  certificates: 141\n  path: /etc/pki/tls/certs/ca-bundle.crt\nread: true\ntrust_store: go:a4d67159d0f2872b4277ceef70dd38b9"
				}
			}
			r.Results = append(r.Results, res)
		}
	}
	r.Summary = report.Count(r.Results)
	ca := report.PathCertificate{CommonName: "Corp Example Root CA", Issuer: "CN=Corp Example Root CA", Fingerprint: "df6e34c837f96155", NotAfter: at, SelfIssued: true}
	path := report.TrustPath{Registry: registry, Certificates: []report.PathCertificate{{CommonName: "harbor.corp.example", Issuer: ca.Issuer, Fingerprint: "bbacda5961e8754c", NotAfter: at}}}
	path.Stores = append(path.Stores, report.PathStore{
		Kind: report.StoreConfigured, Domain: "workload", Anchors: 1, OK: true, Anchor: &ca,
		Entries: []report.PathEntry{{Label: "corp", Source: "Cluster/ns/factory", Form: "pem", Expected: []int{2}, Certificates: []report.PathCertificate{ca}}},
	})
	for i := range 9 {
		s := report.PathStore{Kind: report.StoreNodes, Digest: fmt.Sprint(i), Anchors: 140 + i, Nodes: nodes / 10, NodeNames: []string{nodeName(i), nodeName(i + 10)}}
		if s.OK = i > 3; s.OK {
			s.Anchor = &ca
		} else {
			s.Reason, s.Issuer = "root_absent", ca.Issuer
		}
		path.Stores = append(path.Stores, s)
	}
	r.TrustPaths = []report.TrustPath{path}
	r.Diagnosis = []report.Diagnosis{{
		ID: "RT-NOD-000", Severity: "critical", Title: "Nodes keep rule 0", Messages: []string{"node a does not keep rule 0", "node b does not keep rule 0"}, Subjects: nodes / 2,
		Remediation: "kubectl rollout restart daemonset/trust", Registries: []string{registry},
		Explains: []report.Explained{{ID: "RT-NOD-020", Title: "Nodes keep rule 20", Subjects: nodes / 4}},
	}}
	return r
}

func nodeName(n int) string { return fmt.Sprintf("factory-eu-1-workers-%05x-%04d", n*7919%1048576, n) }

// TestBigReportStaysSmall renders 5,000 nodes by 100 policies in less than 5 MB.
func TestBigReportStaysSmall(t *testing.T) {
	page := render(t, bigReport(5000, 100))
	if len(page) > 5_000_000 {
		t.Errorf("the page has %d bytes", len(page))
	}
	t.Logf("%d bytes", len(page))
}
