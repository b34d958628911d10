package secrets_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// placed collects from a text of manifests and tells where the records stand.
func placed(t *testing.T, text string) map[string]string {
	t.Helper()
	in, err := source.Open(t.Context(), []string{"-"}, strings.NewReader(text), source.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // read only
	b := evidence.NewBuilder(evidence.Tool{}, collectedAt)
	secrets.Collect(t.Context(), b, in.Objects, in.Lookup(), secrets.Options{Position: in.Position})
	d := b.Build("internal")
	out := map[string]string{}
	note := func(key string, at *evidence.Position) {
		if at != nil {
			out[key] = fmt.Sprintf("%d:%d", at.Line, at.Column)
		}
	}
	for _, e := range d.Trust {
		note(e.Label+" entry", e.EntryAt)
		note(e.Label+" value", e.ValueAt)
	}
	for _, c := range d.Clusters {
		for path, at := range c.MisplacedAt {
			note("misplaced "+path, &at)
		}
	}
	for scope, p := range d.Proxies {
		note(scope, p.At)
	}
	for _, s := range d.Verification {
		note(s.Field, s.At)
	}
	return out
}

func TestRecordsTellWhereTheyStand(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       map[string]string
	}{
		{"a cluster and its secret", `apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: c, namespace: ns}
spec:
  settings:
    network:
      trust: {additionalTrustedCAs: [{name: x}]}
  topology:
    class: tanzukubernetescluster
    variables:
    - name: trust
      value:
        additionalTrustedCAs:
        - name: corp
        - {name: none}
    - name: proxy
      value:
        httpProxy: ""
        httpsProxy: http://proxy.corp.example
    - name: imageRepository
      value: {host: harbor.corp.example, tlsCertificateValidation: false}
---
apiVersion: v1
kind: Secret
metadata: {name: c-user-trusted-ca-secret, namespace: ns}
data:
  other: eA==
  corp: >-
    eA==
`, map[string]string{
			"corp entry": "14:11", "corp value": "28:9", "none entry": "15:11",
			"misplaced spec.settings.network.trust": "7:7", "cluster/ns/c": "19:21",
			"spec.topology.variables[imageRepository].value.tlsCertificateValidation": "21:68",
		}},
		{"JSON of a TanzuKubernetesCluster", `{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "run.tanzu.vmware.com/v1alpha2", "kind": "TanzuKubernetesCluster", "metadata": {"name": "c", "namespace": "ns"},
   "spec": {"settings": {"network": {"trust": {"additionalTrustedCAs": [
     {"name": "corp",
      "data": "eA=="}
   ]}}}}}
]}`, map[string]string{"corp entry": "4:6", "corp value": "5:15"}},
		{"an anchor that two clusters share", `apiVersion: v1
kind: List
items:
- apiVersion: run.tanzu.vmware.com/v1alpha2
  kind: TanzuKubernetesCluster
  metadata: {name: a, namespace: ns}
  spec: &spec {settings: {network: {trust: {additionalTrustedCAs: [{name: corp, data: eA==}]}}}}
- apiVersion: run.tanzu.vmware.com/v1alpha2
  kind: TanzuKubernetesCluster
  metadata: {name: b, namespace: ns}
  spec: *spec
`, map[string]string{"corp entry": "7:68", "corp value": "7:87"}},
		{"a bundle and kapp-controller's switches", `apiVersion: v1
kind: Secret
metadata: {name: kapp-controller-config, namespace: tkg-system}
stringData:
  caCerts: |
    x
  dangerousSkipTLSVerify: "true"
`, map[string]string{"#0 entry": "5:12", "#0 value": "5:12", "stringData[dangerousSkipTLSVerify]": "7:27"}},
		{"the class osConfiguration belongs to", `apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: c, namespace: ns}
spec:
  topology:
    class: builtin-generic-v3.4.0
    variables:
    - name: trust
      value: {additionalTrustedCAs: [{name: x}]}
    - name: osConfiguration
      value:
        trust:
          additionalTrustedCAs:
          - caCert:
              content: |
                x
          - caCert: {secretRef: {name: s, key: k}}
`, map[string]string{
			"#0 entry": "14:13", "#0 value": "15:24", "#1 entry": "17:13",
			"misplaced spec.topology.variables[trust]": "8:7",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, placed(t, test.text)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Two sources that say the same of a cluster are one record, wherever each stands.
func TestTheSameEntryInTwoPlacesIsOne(t *testing.T) {
	const cluster = "apiVersion: run.tanzu.vmware.com/v1alpha2\nkind: TanzuKubernetesCluster\nmetadata: {name: c, namespace: ns}\n" +
		"spec: {settings: {network: {trust: {additionalTrustedCAs: [{name: corp, data: eA==}]}}}}\n"
	b := evidence.NewBuilder(evidence.Tool{}, collectedAt)
	for _, text := range []string{cluster, "# moved\n" + cluster} {
		in, err := source.Open(t.Context(), []string{"-"}, strings.NewReader(text), source.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		secrets.Collect(t.Context(), b, in.Objects, in.Lookup(), secrets.Options{Position: in.Position})
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	if d := b.Build("internal"); len(d.Trust) != 1 {
		t.Errorf("%d entries, want 1", len(d.Trust))
	}
}
