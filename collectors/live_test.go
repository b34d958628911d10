package collectors_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// supervised are objects that only a Supervisor has.
const supervised = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: supervised
  namespace: ns
  managedFields:
  - {manager: kubectl, time: "2026-11-22T08:00:00Z", fieldsType: FieldsV1, fieldsV1: {f:spec: {f:topology: {}}}}
  - {manager: manager, time: "2026-11-23T07:00:00Z", subresource: status, fieldsV1: {f:status: {}}}
spec:
  clusterNetwork: {pods: {cidrBlocks: [172.20.0.0/16]}, services: {cidrBlocks: [10.98.0.0/16]}}
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: Machine
metadata: {name: supervised-1, namespace: ns, creationTimestamp: "2026-11-21T08:00:00Z"}
spec: {clusterName: supervised}
status: {phase: Running, nodeRef: {name: wk-1}}
---
apiVersion: run.tanzu.vmware.com/v1alpha3
kind: KappControllerConfig
metadata: {name: supervised-kapp-controller-package, namespace: ns}
spec: {kappController: {config: {dangerousSkipTLSVerify: harbor.corp.example}}}
`

func writeSupervised(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "supervised.yaml")
	if err := os.WriteFile(path, []byte(supervised), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// checkSupervised holds what is known of the objects wherever they were read.
func checkSupervised(t *testing.T, doc *evidence.Document) {
	t.Helper()
	day := func(day, hour int) *evidence.Time {
		return evidence.MaybeAt(time.Date(2026, 11, day, hour, 0, 0, 0, time.UTC))
	}
	untraced := cmpopts.IgnoreTypes(evidence.Provenance{})
	if diff := cmp.Diff(evidence.Machine{Cluster: "ns/supervised", Node: "wk-1", Phase: "Running", CreatedAt: day(21, 8)}, doc.Machines["ns/supervised-1"], untraced); diff != "" {
		t.Errorf("machine (-want +got):\n%s", diff)
	}
	cluster := doc.Clusters["ns/supervised"]
	if diff := cmp.Diff([]any{day(22, 8), []string{"172.20.0.0/16"}, []string{"10.98.0.0/16"}}, []any{cluster.SpecChangedAt, cluster.PodCIDRs, cluster.ServiceCIDRs}); diff != "" {
		t.Errorf("cluster (-want +got):\n%s", diff)
	}
	const key = "KappControllerConfig/ns/supervised-kapp-controller-package/spec.kappController.config.dangerousSkipTLSVerify"
	if s := doc.Verification[key]; !s.Off || !slices.Equal(s.Hosts, []string{"harbor.corp.example"}) {
		t.Errorf("switches %v", doc.Verification)
	}
	if _, looked := doc.Domains[evidence.DomainKapp]; !looked || len(doc.Coverage[evidence.Machines].Gaps) > 0 {
		t.Errorf("domains %v, coverage of machines %+v", doc.Domains, doc.Coverage[evidence.Machines])
	}
}

func TestALiveSupervisorGivesWhatFilesGive(t *testing.T) {
	z := newZoo(t, writeSupervised(t))
	doc := z.gather(t.Context(), t, false)
	checkSupervised(t, doc)
	if got := doc.Machines["ns/supervised-1"].Provenance.Method; got != "list" {
		t.Errorf("the machine was read by %q", got)
	}
	events := 0
	for _, o := range z.input.Objects {
		if o.Kind() == "Event" {
			events++
		}
	}
	if w := doc.EventWindows["default"]; w.Count != events || events == 0 || w.Oldest == nil || w.Newest == nil {
		t.Errorf("window %+v, want %d events", w, events)
	}

	token := doc.Endpoints["token.corp.example:443"]
	if !slices.Equal(token.Roles, []string{"token"}) {
		t.Errorf("roles of the token service %v", token.Roles)
	}
	for vantage, p := range token.Probes {
		if len(token.Chains[p.Chain].Verdicts) == 0 {
			t.Errorf("the token service's chain from %s is not judged: %+v", vantage, p)
		}
		if tried := len(p.VersionsAccepted) > 0; tried != (vantage == "collector") {
			t.Errorf("versions from %s: %v", vantage, p.VersionsAccepted)
		}
	}

	input, err := source.Open(t.Context(), []string{writeSupervised(t)}, nil, source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close() //nolint:errcheck // read only
	checkSupervised(t, collectors.Run(t.Context(), collectors.Config{Input: input, Now: func() time.Time { return testTime }}))
}

func TestAFileThatCouldNotBeReadIsAGapOfTheMachines(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"good.yaml": supervised, "bad.yaml": "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: [\n"} {
		path := filepath.Join(dir, "objects", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	input, err := source.Open(t.Context(), []string{dir}, nil, source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer input.Close() //nolint:errcheck // read only
	doc := collectors.Run(t.Context(), collectors.Config{Input: input, Now: func() time.Time { return testTime }})
	if gaps := doc.Coverage[evidence.Machines].Gaps; len(gaps) != 1 || gaps[0].Reason != "parse_error" || gaps[0].Subject["kind"] != "file" {
		t.Errorf("gaps of the machines %+v", gaps)
	}
}
