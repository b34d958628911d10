package secrets_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

const tkc = `
apiVersion: run.tanzu.vmware.com/v1alpha2
kind: TanzuKubernetesCluster
metadata: {name: old, namespace: ns-cis}
`

const service = `
apiVersion: run.tanzu.vmware.com/v1alpha2
kind: TkgServiceConfiguration
metadata: {name: tkg-service-configuration}
`

func TestClustersAreDescribed(t *testing.T) {
	cases := []struct {
		name     string
		manifest string
		want     evidence.Cluster
	}{
		{
			name: "a Cluster with conditions of both polarities",
			manifest: `
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata:
  name: demo
  namespace: ns
  creationTimestamp: "2026-04-01T08:00:00Z"
  resourceVersion: "77"
  managedFields:
  - {time: "2026-04-03T08:00:00Z", fieldsV1: {f:metadata: {}, f:spec: {}}}
  - {time: "2026-04-02T08:00:00Z", fieldsV1: {f:spec: {}}}
  - {time: "2026-04-04T08:00:00Z", fieldsV1: {f:metadata: {}}}
  - {time: "2026-04-05T08:00:00Z", subresource: scale, fieldsV1: {f:spec: {}}}
spec:
  topology: {classRef: {name: builtin-generic-v3.5.0}, version: v1.33.1+vmware.1}
  clusterNetwork: {pods: {cidrBlocks: [192.168.0.0/16, "fd00:10::/48"]}, services: {cidrBlocks: [10.96.0.0/12]}}
status:
  phase: Provisioning
  conditions:
  - {type: Paused, status: "False", reason: NotPaused}
  - {type: RollingOut, status: "True", reason: RollingOut}
  - {type: TopologyReconciled, status: "True"}
  - {type: Available, status: "False", reason: NotAvailable, message: "no machine at https://admin:s3cret@10.0.0.1/"}
`,
			want: evidence.Cluster{
				Object: evidence.ObjectRef{APIVersion: "cluster.x-k8s.io/v1beta2", Kind: "Cluster", Namespace: "ns", Name: "demo"},
				Class:  "builtin-generic-v3.5.0", KubernetesVersion: "v1.33.1+vmware.1", Phase: "Provisioning",
				CreatedAt:     evidence.MaybeAt(time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)),
				SpecChangedAt: evidence.MaybeAt(time.Date(2026, 4, 3, 8, 0, 0, 0, time.UTC)),
				PodCIDRs:      []string{"192.168.0.0/16", "fd00:10::/48"}, ServiceCIDRs: []string{"10.96.0.0/12"},
				Conditions: []evidence.Condition{
					{Type: "Available", Status: "False", Reason: "NotAvailable", Message: "no machine at https://10.0.0.1/"},
					{Type: "RollingOut", Status: "True", Reason: "RollingOut"},
				},
				Provenance: evidence.Provenance{Source: "manifests", Method: "file", Path: "objects.yaml#0", ResourceVersion: "77"},
			},
		},
		{
			name: "a TanzuKubernetesCluster that names a release",
			manifest: tkc + `
spec:
  topology: {controlPlane: {tkr: {reference: {name: v1.23.8---vmware.2-tkg.2-zshippable}}}}
  settings: {network: {pods: {cidrBlocks: [172.20.0.0/16]}, services: {cidrBlocks: [10.98.0.0/16]}}}
status: {phase: updating, conditions: [{type: UpdatesAvailable, status: "False"}, {type: Ready, status: "True"}]}
`,
			want: evidence.Cluster{
				Object:            evidence.ObjectRef{APIVersion: "run.tanzu.vmware.com/v1alpha2", Kind: "TanzuKubernetesCluster", Namespace: "ns-cis", Name: "old"},
				KubernetesVersion: "v1.23.8+vmware.2-tkg.2-zshippable", Phase: "updating",
				PodCIDRs: []string{"172.20.0.0/16"}, ServiceCIDRs: []string{"10.98.0.0/16"},
				Provenance: evidence.Provenance{Source: "manifests", Method: "file", Path: "objects.yaml#0"},
			},
		},
		{
			name:     "a TanzuKubernetesCluster that names a version",
			manifest: strings.Replace(tkc, "v1alpha2", "v1alpha1", 1) + "spec: {distribution: {version: v1.20}}\n",
			want: evidence.Cluster{
				Object:            evidence.ObjectRef{APIVersion: "run.tanzu.vmware.com/v1alpha1", Kind: "TanzuKubernetesCluster", Namespace: "ns-cis", Name: "old"},
				KubernetesVersion: "v1.20",
				Provenance:        evidence.Provenance{Source: "manifests", Method: "file", Path: "objects.yaml#0"},
			},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			secrets.Collect(t.Context(), b, objects(t, c.manifest), nil, secrets.Options{})
			var got evidence.Cluster
			b.View(func(d *evidence.Document) { got = d.Clusters[c.want.Object.Namespace+"/"+c.want.Object.Name] })
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("cluster (-want +got):\n%s", diff)
			}
			finish(t, b)
		})
	}
}

func TestNetworksThatAreNoneAreAGap(t *testing.T) {
	d := collect(t, "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: old, namespace: ns-cis}\n"+
		"spec: {clusterNetwork: {pods: {cidrBlocks: [192.168.0.0/16, s3cret, 7]}, services: {cidrBlocks: 10.96.0.0/12}}}\n")
	c := d.Clusters["ns-cis/old"]
	if !slices.Equal(c.PodCIDRs, []string{"192.168.0.0/16"}) || len(c.ServiceCIDRs) > 0 || c.SpecChangedAt != nil {
		t.Errorf("cluster %+v", c)
	}
	var got []string
	for _, g := range d.Coverage[evidence.Trust].Gaps {
		got = append(got, g.Subject.String()+" "+g.Field+" "+g.Reason)
		if strings.Contains(g.Detail, "s3cret") {
			t.Errorf("the gap repeats the value: %s", g.Detail)
		}
	}
	want := []string{"kind=cluster,name=old,namespace=ns-cis pod_cidrs parse_error", "kind=cluster,name=old,namespace=ns-cis service_cidrs parse_error"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

func TestTrustInAFieldThatNothingReads(t *testing.T) {
	list := "{additionalTrustedCAs: [{name: corp-ca, data: LS0tLS1CRUdJTiBD}]}"
	topology := func(class, variables string) string {
		return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: old, namespace: ns-cis}\n" +
			"spec: {topology: {class: " + class + ", variables: [" + variables + "]}}\n"
	}
	cases := []struct {
		name     string
		manifest string
		want     []string
		entries  int
	}{
		{"settings.trust in a TanzuKubernetesCluster", tkc + "spec: {settings: {trust: " + list + "}}\n", []string{"spec.settings.trust"}, 0},
		{
			"the old path in the new kind", "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: old, namespace: ns-cis}\n" +
				"spec: {settings: {network: {trust: " + list + "}}}\n", []string{"spec.settings.network.trust"}, 0,
		},
		{"variable trust with the new class", topology("builtin-generic-v3.1.0", "{name: trust, value: "+list+"}"), []string{"spec.topology.variables[trust]"}, 0},
		{
			"osConfiguration with the old class", topology("tanzukubernetescluster", "{name: osConfiguration, value: {trust: "+list+"}}"),
			[]string{"spec.topology.variables[osConfiguration].value.trust"},
			0,
		},
		{
			"data in the variable of a class that reads names", topology("tanzukubernetescluster", "{name: trust, value: "+list+"}"),
			[]string{"spec.topology.variables[trust].value.additionalTrustedCAs[0].data"},
			1,
		},
		{
			"name and data in osConfiguration", topology("builtin-generic-v3.1.0", "{name: osConfiguration, value: {trust: "+list+"}}"),
			[]string{
				"spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].data",
				"spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].name",
			},
			1,
		},
		{
			"osConfiguration without its level trust", topology("builtin-generic-v3.1.0", "{name: osConfiguration, value: "+list+"}"),
			[]string{"spec.topology.variables[osConfiguration].value.additionalTrustedCAs"},
			0,
		},
		{"variables in a TanzuKubernetesCluster", tkc + "spec: {topology: {variables: [{name: trust, value: " + list + "}]}}\n", []string{"spec.topology.variables[trust]"}, 0},
		{"an empty setting", tkc + "spec: {settings: {trust: {additionalTrustedCAs: []}}}\n", nil, 0},
		{"the right place", tkc + "spec: {settings: {network: {trust: " + list + "}}}\n", nil, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, c.manifest)
			got := slices.Sorted(slices.Values(d.Clusters["ns-cis/old"].MisplacedTrust))
			if !slices.Equal(got, c.want) {
				t.Errorf("misplaced trust is %q, want %q", got, c.want)
			}
			if len(d.Trust) != c.entries {
				t.Errorf("entries are %v, want %d", keysOf(d.Trust), c.entries)
			}
			if _, looked := d.Domains[evidence.DomainWorkload]; !looked {
				t.Error("the workload domain was looked at and is missing")
			}
		})
	}
}

func TestGlobalSettingReachesTanzuKubernetesClustersOnly(t *testing.T) {
	global := service + "spec: {trust: {additionalTrustedCAs: [{name: corp-ca, data: " + b64(newAuthority("Corp").pem, 1) + "}]}}\n"
	backing := strings.NewReplacer("demo", "old").Replace("apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: demo, namespace: ns-cis}\nspec: {topology: {class: tanzukubernetescluster}}\n")
	cases := []struct {
		name      string
		manifests []string
		opt       secrets.Options
		want      []string
		none      bool
	}{
		{name: "no cluster is known", manifests: []string{global}, want: []string{}},
		{name: "one of each kind", manifests: []string{global, tkc, tkgCluster}, want: []string{"ns-cis/old"}},
		{name: "a Cluster that carries a TanzuKubernetesCluster out", manifests: []string{global, backing, tkc}, want: []string{"ns-cis/old"}},
		{name: "Clusters only", manifests: []string{global, tkgCluster}, want: []string{}, none: true},
		{name: "only the Cluster is asked for", manifests: []string{global, tkc, tkgCluster}, opt: secrets.Options{Cluster: "demo"}, want: []string{}, none: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collectWith(t, c.opt, source.ErrNotFound, c.manifests...)
			key := "workload/TkgServiceConfiguration//tkg-service-configuration/corp-ca"
			e, ok := d.Trust[key]
			if !ok {
				t.Fatalf("entries are %v", keysOf(d.Trust))
			}
			if !slices.Equal(e.Clusters, c.want) || e.AppliesToNone != c.none {
				t.Errorf("applies to %v, to none: %v; want %v, %v", e.Clusters, e.AppliesToNone, c.want, c.none)
			}
			if got := slices.Contains(d.Domains[evidence.DomainWorkload].Entries, key); got == c.none {
				t.Errorf("it counts for the domain: %v, want %v", got, !c.none)
			}
		})
	}
}

func TestTanzuKubernetesClusterLeadsItsCluster(t *testing.T) {
	d := collect(t,
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: old, namespace: ns-cis}\n"+
			"spec: {topology: {class: tanzukubernetescluster, version: v1.26.5}, clusterNetwork: {pods: {cidrBlocks: [10.0.0.0/8]}}}\nstatus: {conditions: [{type: Ready, status: \"False\"}]}\n",
		tkc+"status: {conditions: [{type: NodesHealthy, status: \"False\"}]}\n")
	c := d.Clusters["ns-cis/old"]
	if c.Object.Kind != "TanzuKubernetesCluster" || c.Class != "" || c.KubernetesVersion != "v1.26.5" || len(c.Conditions) != 2 || len(c.PodCIDRs) != 1 {
		t.Errorf("cluster is %+v", c)
	}
}

func TestOneClusterIsAskedFor(t *testing.T) {
	manifests := []string{
		tkgCluster, strings.Replace(tkgCluster, "name: demo", "name: other", 1), tkc,
		"apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: other-kapp-controller-package, namespace: ns-cis}\n" +
			"spec: {kappController: {config: {caCerts: x}}}\n",
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: other-1, namespace: ns-cis}\nspec: {clusterName: other}\n",
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: demo-1, namespace: ns-cis}\nspec: {clusterName: demo}\n",
		trustSecret("ns-cis", "other-user-trusted-ca-secret", "data", "corp-ca", "eA=="),
	}
	for _, name := range []string{"demo", "ns-cis/demo"} {
		d := collectWith(t, secrets.Options{Cluster: name}, source.ErrNotFound, manifests...)
		if !slices.Equal(keysOf(d.Clusters), []string{"ns-cis/demo"}) || !slices.Equal(keysOf(d.Machines), []string{"ns-cis/demo-1"}) {
			t.Errorf("%s: clusters are %v, machines %v", name, keysOf(d.Clusters), keysOf(d.Machines))
		}
		if !slices.Equal(keysOf(d.Trust), []string{"workload/Cluster/ns-cis/demo/corp-ca"}) {
			t.Errorf("%s: entries are %v", name, keysOf(d.Trust))
		}
		if _, ok := d.Secrets["ns-cis/other-user-trusted-ca-secret"]; ok {
			t.Errorf("%s: the other cluster's secret is recorded", name)
		}
	}
	if d := collectWith(t, secrets.Options{Cluster: "elsewhere/demo"}, source.ErrNotFound, manifests...); len(d.Clusters)+len(d.Machines) > 0 {
		t.Errorf("clusters of another namespace are recorded: %v", keysOf(d.Clusters))
	}
}

func TestEntriesOfOneNameAreKeptApart(t *testing.T) {
	ca, other := newAuthority("A"), newAuthority("B")
	list := fmt.Sprintf("spec: {settings: {network: {trust: {additionalTrustedCAs: [{name: ca, data: %s}, {name: ca, data: %s}, {data: %s}, {name: \"#2\", data: %s}]}}}}\n",
		b64(ca.pem, 1), b64(other.pem, 1), b64(ca.pem, 1), b64(ca.pem, 1))
	d := collect(t, tkc+list)
	prefix := "workload/TanzuKubernetesCluster/ns-cis/old/"
	want := []string{prefix + "#2", prefix + "#2#2", prefix + "ca", prefix + "ca#2"}
	if got := keysOf(d.Trust); !slices.Equal(got, want) {
		t.Fatalf("keys are %q, want %q", got, want)
	}
	if e := d.Trust[prefix+"ca#2"]; e.Name != "ca" || e.Label != "ca#2" || !slices.Equal(e.Value.Certificates, []string{other.fingerprint}) {
		t.Errorf("second entry is %+v", e)
	}
}

func TestTheSameObjectTwice(t *testing.T) {
	data := b64(newAuthority("A").pem, 1)
	at := func(version, uid, name string) string {
		return "apiVersion: run.tanzu.vmware.com/" + version + "\nkind: TanzuKubernetesCluster\nmetadata: {name: old, namespace: ns-cis" + uid + "}\n" +
			"spec: {settings: {network: {trust: {additionalTrustedCAs: [{name: " + name + ", data: " + data + "}]}}}}\n"
	}
	prefix := "workload/TanzuKubernetesCluster/ns-cis/old/"
	cases := []struct {
		name      string
		manifests []string
		want      []string
		version   string
	}{
		{"equal", []string{at("v1alpha2", "", "ca"), at("v1alpha2", "", "ca")}, []string{prefix + "ca"}, "v1alpha2"},
		{"in two versions of the API", []string{at("v1alpha2", ", uid: u1", "ca"), at("v1alpha3", ", uid: u1", "ca")}, []string{prefix + "ca"}, "v1alpha3"},
		{"in two versions, the newer first", []string{at("v1alpha3", ", uid: u1", "ca"), at("v1alpha1", ", uid: u1", "ca")}, []string{prefix + "ca"}, "v1alpha3"},
		{"in two files that differ", []string{at("v1alpha2", "", "ca"), at("v1alpha2", "", "cb")}, []string{prefix + "ca", prefix + "cb"}, "v1alpha2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, c.manifests...)
			if got := keysOf(d.Trust); !slices.Equal(got, c.want) {
				t.Fatalf("keys are %q, want %q", got, c.want)
			}
			if got := d.Trust[c.want[0]].Object.APIVersion; got != "run.tanzu.vmware.com/"+c.version {
				t.Errorf("version is %s, want %s", got, c.version)
			}
		})
	}
	t.Run("in two sources", func(t *testing.T) {
		b := newBuilder()
		for _, manifest := range []string{at("v1alpha2", "", "ca"), at("v1alpha2", ", uid: u1", "ca"), at("v1alpha3", ", uid: u1", "ca")} {
			secrets.Collect(t.Context(), b, objects(t, manifest), nil, secrets.Options{})
		}
		if got := keysOf(finish(t, b).Trust); !slices.Equal(got, []string{prefix + "ca", prefix + "ca#2"}) {
			t.Errorf("keys are %q", got)
		}
	})
}

func TestOverridesThatRepeatAddNothing(t *testing.T) {
	d := collect(t, `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns}
spec:
  topology:
    class: tanzukubernetescluster
    variables: [{name: trust, value: {additionalTrustedCAs: [{name: a}, {name: b}]}}]
    controlPlane: {variables: {overrides: [{name: trust, value: {additionalTrustedCAs: [{name: a}]}}]}}
    workers:
      machineDeployments: [{variables: {overrides: [{name: trust, value: {additionalTrustedCAs: [{name: b}, {name: c}]}}]}}]
`)
	want := []string{"workload/Cluster/ns/demo/a", "workload/Cluster/ns/demo/b", "workload/Cluster/ns/demo/c"}
	if got := keysOf(d.Trust); !slices.Equal(got, want) {
		t.Errorf("keys are %q, want %q", got, want)
	}
}

func TestManifestsWithoutNamespace(t *testing.T) {
	value := b64(newAuthority("A").pem, 2)
	bare := func(manifest string) string {
		return strings.NewReplacer(", namespace: ns-cis", "", ", namespace: ns", "").Replace(manifest)
	}
	secret := trustSecret("ns", "demo-user-trusted-ca-secret", "data", "corp-ca", value)
	cases := []struct {
		name      string
		manifests []string
		resolved  bool
		namespace string
	}{
		{"neither has one", []string{bare(tkgCluster), bare(secret)}, true, ""},
		{"only the cluster has one", []string{tkgCluster, bare(secret)}, true, ""},
		{"only the secret has one", []string{bare(tkgCluster), secret}, true, "ns"},
		{"two secrets to choose from", []string{bare(tkgCluster), secret, strings.Replace(secret, "namespace: ns", "namespace: other", 1)}, false, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collectWith(t, secrets.Options{}, source.ErrNotCollected, c.manifests...)
			e := entry(t, d)
			if e.Resolved != c.resolved || e.Secret.Namespace != c.namespace {
				t.Fatalf("resolved %v in namespace %q, want %v in %q", e.Resolved, e.Secret.Namespace, c.resolved, c.namespace)
			}
			if _, ok := d.Secrets[e.Secret.Namespace+"/"+e.Secret.Name]; ok != c.resolved {
				t.Errorf("secrets are %v", keysOf(d.Secrets))
			}
		})
	}
}

func TestProxiesLoseTheirCredentials(t *testing.T) {
	cases := []struct {
		name     string
		manifest string
		key      string
		want     evidence.Proxy
	}{
		{
			"global", service + "spec: {proxy: {httpProxy: \"http://corp:p@ss/w:rd@10.1.2.3:3128\", httpsProxy: \"http://10.1.2.3:3128/path?token=s3cret\", noProxy: [10.0.0.0/8, .corp.example]}}\n",
			"service",
			evidence.Proxy{HTTP: "http://10.1.2.3:3128", HTTPS: "http://10.1.2.3:3128", NoProxy: []string{"10.0.0.0/8", ".corp.example"}, HasCredentials: true, Scope: "service"},
		},
		{
			"TanzuKubernetesCluster", tkc + "spec: {settings: {network: {proxy: {httpProxy: \"http://proxy.corp.example:3128\", noProxy: [\"*.svc\"]}}}}\n",
			"cluster/ns-cis/old",
			evidence.Proxy{HTTP: "http://proxy.corp.example:3128", NoProxy: []string{"*.svc"}, Scope: "cluster/ns-cis/old"},
		},
		{
			"variable proxy", strings.Replace(tkgCluster, "    - name: vmClass", "    - name: proxy\n      value: {httpProxy: \"tok3n@proxy:1\", httpsProxy: \"https://[fd00::1]:3128\"}\n    - name: vmClass", 1),
			"cluster/ns-cis/demo",
			evidence.Proxy{HTTP: "proxy:1", HTTPS: "https://[fd00::1]:3128", HasCredentials: true, Scope: "cluster/ns-cis/demo"},
		},
		{
			"systemProxy", "apiVersion: cluster.x-k8s.io/v1beta2\nkind: Cluster\nmetadata: {name: demo, namespace: ns-cis}\nspec: {topology: {classRef: {name: builtin-generic-v3.5.0}, " +
				"variables: [{name: osConfiguration, value: {systemProxy: {http: \"http://p:1\", https: \"http://p:2\", noProxy: [localhost]}}}]}}\n",
			"cluster/ns-cis/demo",
			evidence.Proxy{HTTP: "http://p:1", HTTPS: "http://p:2", NoProxy: []string{"localhost"}, Scope: "cluster/ns-cis/demo"},
		},
		{
			"KappControllerConfig", "apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: demo-kapp-controller-package, namespace: ns}\n" +
				"spec: {kappController: {config: {httpProxy: \"http://u:p@p:1\", noProxy: \"localhost, .svc,\"}}}\n",
			"kapp/ns/demo-kapp-controller-package",
			evidence.Proxy{HTTP: "http://p:1", NoProxy: []string{"localhost", ".svc"}, HasCredentials: true, Scope: "kapp/ns/demo-kapp-controller-package"},
		},
		{
			"kapp-controller-config", "apiVersion: v1\nkind: Secret\nmetadata: {name: kapp-controller-config, namespace: tkg-system}\n" +
				"data: {httpProxy: " + b64("http://u:p@p:1", 1) + ", noProxy: " + b64("localhost", 1) + "}\n",
			"kapp/tkg-system/kapp-controller-config",
			evidence.Proxy{HTTP: "http://p:1", NoProxy: []string{"localhost"}, HasCredentials: true, Scope: "kapp/tkg-system/kapp-controller-config"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, c.manifest)
			if !slices.Equal(keysOf(d.Proxies), []string{c.key}) {
				t.Fatalf("proxies are %v, want %s", keysOf(d.Proxies), c.key)
			}
			got := d.Proxies[c.key]
			got.Provenance = evidence.Provenance{}
			if c.want.NoProxy == nil {
				c.want.NoProxy = []string{}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("proxy (-want +got):\n%s", diff)
			}
			for key, cluster := range d.Clusters {
				if cluster.Proxy != "cluster/"+key {
					t.Errorf("cluster names proxy %q", cluster.Proxy)
				}
			}
		})
	}
}

func TestMachinesBelongToClustersAndNodes(t *testing.T) {
	d := collect(t,
		"apiVersion: cluster.x-k8s.io/v1beta2\nkind: Machine\nmetadata: {name: demo-1, namespace: ns, creationTimestamp: \"2026-04-01T08:00:00Z\"}\n"+
			"spec: {clusterName: demo}\nstatus: {phase: Running, nodeRef: {name: wk-1}}\n",
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: demo-2, namespace: ns, labels: {cluster.x-k8s.io/cluster-name: demo}}\nstatus: {phase: Provisioning}\n",
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: demo-3, namespace: ns}\nspec: {clusterName: demo}\nstatus: {nodeRef: [wk-3]}\n")
	if m := d.Machines["ns/demo-1"]; m.Cluster != "ns/demo" || m.Node != "wk-1" || m.Phase != "Running" || m.CreatedAt == nil {
		t.Errorf("first machine is %+v", m)
	}
	if m := d.Machines["ns/demo-2"]; m.Cluster != "ns/demo" || m.Node != "" || m.Phase != "Provisioning" {
		t.Errorf("second machine is %+v", m)
	}
	c := d.Coverage[evidence.Machines]
	if !c.Requested || c.Answered != 1 || len(c.Gaps) != 1 || c.Gaps[0].Field != "node" || c.Gaps[0].Subject["name"] != "demo-3" {
		t.Errorf("coverage is %+v", c)
	}
	if d.Coverage[evidence.Trust].Requested {
		t.Error("machines alone ask for no trust")
	}
}

func TestDomainsThatWereLookedAt(t *testing.T) {
	lookup := func(err error) source.Lookup {
		return func(_ context.Context, kind, namespace, name string) (source.Object, error) {
			return source.Object{}, err
		}
	}
	cases := []struct {
		name    string
		opt     secrets.Options
		objects []string
		err     error
		domains []string
		gap     string
	}{
		{name: "nothing there", domains: []string{}},
		{name: "a cluster without trust", objects: []string{tkc}, domains: []string{"workload"}},
		{name: "a global setting without trust", objects: []string{service}, domains: []string{"workload"}},
		{name: "a Supervisor without bundle", opt: secrets.Options{Supervisor: true}, err: source.ErrNotFound, domains: []string{"supervisor"}},
		{name: "a Supervisor's bundle that may not be read", opt: secrets.Options{Supervisor: true}, err: source.ErrForbidden, domains: []string{}, gap: "forbidden"},
		{name: "a bundle that nobody gathered", opt: secrets.Options{Supervisor: true}, err: source.ErrNotCollected, domains: []string{}},
		{
			name:    "kapp-controller without trust",
			objects: []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kapp-controller-config, namespace: kapp-controller}\n"},
			domains: []string{"kapp"},
		},
		{name: "OpenShift without additional CAs", objects: []string{"apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\n"}, domains: []string{"openshift"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			secrets.Collect(t.Context(), b, objects(t, c.objects...), lookup(c.err), c.opt)
			d := finish(t, b)
			if got := keysOf(d.Domains); !slices.Equal(got, c.domains) {
				t.Errorf("domains are %v, want %v", got, c.domains)
			}
			coverage := d.Coverage[evidence.Trust]
			if coverage.Requested != (len(c.domains) > 0 || c.gap != "") {
				t.Errorf("trust is requested: %v", coverage.Requested)
			}
			if c.gap != "" && (len(coverage.Gaps) != 1 || coverage.Gaps[0].Reason != c.gap) {
				t.Errorf("gaps are %v, want %s", coverage.Gaps, c.gap)
			}
		})
	}
	t.Run("OpenShift's config map is missing", func(t *testing.T) {
		d := collect(t, "apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\nspec: {additionalTrustedCA: {name: gone}}\n")
		if e := entry(t, d); e.Reason != "config_map_not_found" || e.Field != "spec.additionalTrustedCA.name" {
			t.Errorf("entry is %+v", e)
		}
	})
	t.Run("the Supervisor's bundle is looked up", func(t *testing.T) {
		list := objects(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {ca-bundle.crt: x}\n")
		b := newBuilder()
		secrets.Collect(t.Context(), b, nil, among(list, source.ErrNotFound), secrets.Options{Supervisor: true})
		if e := entry(t, finish(t, b)); e.Reason != "key_not_found" || e.Elsewhere != "key ca-bundle.crt" {
			t.Errorf("entry is %+v", e)
		}
	})
}

func TestKindsRoutesWhatIsRead(t *testing.T) {
	cases := []struct {
		apiVersion, kind, namespace, name string
		want                              bool
	}{
		{"run.tanzu.vmware.com/v1alpha1", "TkgServiceConfiguration", "", "x", true},
		{"run.tanzu.vmware.com/v1alpha3", "TanzuKubernetesCluster", "ns", "x", true},
		{"run.tanzu.vmware.com/v1alpha3", "KappControllerConfig", "ns", "x", true},
		{"run.tanzu.vmware.com/v1alpha3", "TanzuKubernetesRelease", "", "x", false},
		{"cluster.x-k8s.io/v1beta2", "Cluster", "ns", "x", true},
		{"cluster.x-k8s.io/v1beta1", "Machine", "ns", "x", true},
		{"cluster.x-k8s.io/v1beta1", "MachineDeployment", "ns", "x", false},
		{"postgresql.cnpg.io/v1", "Cluster", "ns", "x", false},
		{"config.openshift.io/v1", "Image", "", "cluster", true},
		{"config.openshift.io/v1", "Image", "", "other", false},
		{"v1", "Secret", "ns", "x", true},
		{"v1", "ConfigMap", "kube-system", "image-fetcher-ca-bundle", true},
		{"v1", "ConfigMap", "ns", "image-fetcher-ca-bundle", false},
		{"v1", "ConfigMap", "tkg-system", "kapp-controller-config", true},
		{"v1", "ConfigMap", "openshift-config", "registry-cas", true},
		{"v1", "Pod", "ns", "x", false},
	}
	for _, c := range cases {
		if got := secrets.Kinds(c.apiVersion, c.kind, c.namespace, c.name); got != c.want {
			t.Errorf("%s %s %s/%s: %v, want %v", c.apiVersion, c.kind, c.namespace, c.name, got, c.want)
		}
	}
	for _, gvr := range secrets.LiveKinds() {
		if gvr.Group == "" || gvr.Version == "" || gvr.Resource == "secrets" {
			t.Errorf("%+v must not be listed", gvr)
		}
	}
}
