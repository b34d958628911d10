package secrets_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestFieldsOfTheWrongType(t *testing.T) {
	good := b64(newAuthority("Corp").pem, 1)
	network := func(trust string) string { return tkc + "spec: {settings: {network: " + trust + "}}\n" }
	cluster := func(topology string) string {
		return "apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: old, namespace: ns-cis}\nspec: {topology: " + topology + "}\n"
	}
	inCluster := evidence.Subject{"kind": "cluster", "namespace": "ns-cis", "name": "old"}
	inEntry := func(kind, label string) evidence.Subject {
		return evidence.Subject{"kind": "trust_entry", "namespace": "ns-cis", "name": label, "source": kind + "/old"}
	}
	cases := []struct {
		name     string
		manifest string
		subject  evidence.Subject
		field    string
		detail   string
		entries  int // that resolve in spite of it
	}{
		{"spec is a list", tkc + "spec: [1]\n", inCluster, "", "spec is a list, not a mapping", 0},
		{"the list is a mapping", network("{trust: {additionalTrustedCAs: {name: x}}}"), inCluster, "", "spec.settings.network.trust.additionalTrustedCAs is a mapping, not a list", 0},
		{
			"one entry is a number", network("{trust: {additionalTrustedCAs: [17, {name: ok, data: " + good + "}]}}"),
			inEntry("TanzuKubernetesCluster", "#0"), "value", "additionalTrustedCAs[0] is a number, not a mapping", 1,
		},
		{
			"a name is a list", network("{trust: {additionalTrustedCAs: [{name: [a], data: " + good + "}, {name: ok, data: " + good + "}]}}"),
			inEntry("TanzuKubernetesCluster", "#0"), "name", "additionalTrustedCAs[0].name is a list, not a string", 2,
		},
		{
			"data is true", network("{trust: {additionalTrustedCAs: [{name: a, data: true}, {name: ok, data: " + good + "}]}}"),
			inEntry("TanzuKubernetesCluster", "a"), "value", "additionalTrustedCAs[0].data is true or false, not a string", 1,
		},
		{"the proxy is a text", network("{proxy: x, trust: {additionalTrustedCAs: [{name: ok, data: " + good + "}]}}"), inCluster, "proxy", "spec.settings.network.proxy is a string, not a mapping", 1},
		{"a proxy is no URL", network("{proxy: {httpProxy: \"not a host\"}}"), inCluster, "proxy", "httpProxy is not a URL with a host", 0},
		{"topology is a number", cluster("5"), inCluster, "class", "spec.topology is a number, not a mapping", 0},
		{"class is a number", cluster("{class: 5}"), inCluster, "class", "spec.topology.class is a number, not a string", 0},
		{"variables are a text", cluster("{variables: x}"), inCluster, "", "spec.topology.variables is a string, not a list", 0},
		{"a variable is a number", cluster("{variables: [5]}"), inCluster, "", "spec.topology.variables[0] is a number, not a mapping", 0},
		{"a variable's value is a text", cluster("{class: tanzukubernetescluster, variables: [{name: trust, value: x}]}"), inCluster, "", "spec.topology.variables[trust].value is a string", 0},
		{
			"caCert is a text", cluster("{variables: [{name: osConfiguration, value: {trust: {additionalTrustedCAs: [{caCert: x}]}}}]}"),
			inEntry("Cluster", "#0"), "value", "additionalTrustedCAs[0].caCert is a string", 0,
		},
		{
			"secretRef is a text", cluster("{variables: [{name: osConfiguration, value: {trust: {additionalTrustedCAs: [{caCert: {secretRef: x}}]}}}]}"),
			inEntry("Cluster", "#0"), "value", "caCert.secretRef is a string", 0,
		},
		{"conditions are a text", tkc + "status: {conditions: x}\n", inCluster, "conditions", "status.conditions is a string", 0},
		{"the creation time is no time", strings.Replace(tkc, "{name", "{creationTimestamp: yesterday, name", 1), inCluster, "created_at", "not a time", 0},
		{"there is no name", "apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: TanzuKubernetesCluster\nspec: {}\n", evidence.Subject{"kind": "file", "name": "objects.yaml#0"}, "", "no metadata.name", 0},
		{"the name is a number", "apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: TanzuKubernetesCluster\nmetadata: {name: 5}\n", evidence.Subject{"kind": "file", "name": "objects.yaml#0"}, "", "no metadata.name", 0},
		{
			"the bundle is a number", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {ca-bundle: 5}\n",
			evidence.Subject{"kind": "trust_entry", "namespace": "kube-system", "name": "#0", "source": "ConfigMap/image-fetcher-ca-bundle"},
			"value", "data[ca-bundle] is a number", 0,
		},
		{
			"the bundle's data is a list", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: [5]\n",
			evidence.Subject{"kind": "trust_entry", "namespace": "kube-system", "name": "#0", "source": "ConfigMap/image-fetcher-ca-bundle"},
			"value", "data is a list", 0,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, c.manifest)
			found := slices.ContainsFunc(d.Coverage[evidence.Trust].Gaps, func(g evidence.Gap) bool {
				return g.Subject.String() == c.subject.String() && g.Field == c.field && g.Reason == "parse_error" && strings.Contains(g.Detail, c.detail)
			})
			if !found {
				t.Errorf("gaps are %+v, want one of %v in %q: %s", d.Coverage[evidence.Trust].Gaps, c.subject, c.field, c.detail)
			}
			resolved := 0
			for _, e := range d.Trust {
				if e.Resolved {
					resolved++
				}
			}
			if resolved != c.entries {
				t.Errorf("%d entries resolve, want %d: %v", resolved, c.entries, keysOf(d.Trust))
			}
		})
	}
}

func TestSecretsOfTheWrongShape(t *testing.T) {
	cases := []struct {
		name   string
		secret string
		field  string
		reason string
	}{
		{"data is a list", "data: [x]", "keys", "unreadable"},
		{"data is null", "data: null", "", "key_not_found"},
		{"there is no data", "", "", "key_not_found"},
		{"type is a number", "type: 5\ndata: {corp-ca: eA==}", "type", ""},
		{"immutable is a text", "immutable: x\ndata: {corp-ca: eA==}", "immutable", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, tkgCluster, "apiVersion: v1\nkind: Secret\nmetadata: {name: demo-user-trusted-ca-secret, namespace: ns-cis}\n"+c.secret+"\n")
			if e := entry(t, d); e.Reason != c.reason {
				t.Errorf("reason is %q, want %q", e.Reason, c.reason)
			}
			gaps := d.Coverage[evidence.Secrets].Gaps
			if c.field == "" && len(gaps) > 0 || c.field != "" && (len(gaps) != 1 || gaps[0].Field != c.field || gaps[0].Reason != "parse_error") {
				t.Errorf("gaps are %+v, want one in %q", gaps, c.field)
			}
		})
	}
}

func TestTooManyEntries(t *testing.T) {
	var list strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&list, "{name: n%d, data: eA==}, ", i)
	}
	d := collect(t, tkc+"spec: {settings: {network: {trust: {additionalTrustedCAs: ["+list.String()+"]}}}}\n")
	if len(d.Trust) != 1000 {
		t.Errorf("there are %d entries, want 1000", len(d.Trust))
	}
	if gaps := d.Coverage[evidence.Trust].Gaps; len(gaps) != 1 || gaps[0].Reason != "truncated" {
		t.Errorf("gaps are %v", gaps)
	}
}

// hostileObjects is one object of every kind that is read.
func hostileObjects(t testing.TB) []source.Object {
	ca := newAuthority("Corp Root CA")
	return objects(t,
		service+"spec: {trust: {additionalTrustedCAs: [{name: a, data: "+b64(ca.pem, 1)+"}]}, proxy: {httpProxy: \"http://u:p@h:1\", noProxy: [a]}}\n",
		tkc+"spec: {settings: {network: {trust: {additionalTrustedCAs: [{name: a, data: "+b64(ca.pem, 2)+"}]}, proxy: {httpsProxy: \"http://h:1\"}}}}\n"+
			"status: {phase: running, conditions: [{type: Ready, status: \"False\", message: x}]}\n",
		tkgCluster,
		strings.Replace(vksCluster, "CERT", "{secretRef: {name: s, key: ca}}", 1),
		strings.Replace(vksCluster, "CERT", "{content: "+quote(ca.pem)+"}", 1),
		trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", b64(ca.pem, 2)),
		trustSecret("ns-cis", "s", "stringData", "ca", b64(ca.pem, 1)),
		pullSecret("kubernetes.io/dockerconfigjson", "stringData", ".dockerconfigjson", `{"auths":{"r.example":{"auth":"eDp5"}}}`),
		trustSecret("tkg-system", "kapp-controller-config", "stringData", "caCerts", ca.pem),
		"apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: demo-kapp-controller-package, namespace: ns-cis}\n"+
			"spec: {kappController: {config: {caCerts: "+quote(ca.pem)+", httpProxy: \"h:1\", noProxy: \"a,b\"}}}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {ca-bundle: "+quote(ca.pem)+"}\n",
		"apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\nspec: {additionalTrustedCA: {name: cas}}\n",
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cas, namespace: openshift-config}\ndata: {r.example..5000: "+quote(ca.pem)+"}\n",
		"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Machine\nmetadata: {name: m, namespace: ns-cis, creationTimestamp: \"2026-04-01T08:00:00Z\"}\nspec: {clusterName: demo}\nstatus: {nodeRef: {name: wk-1}}\n",
	)
}

// checkHostile collects from objects of any shape: nothing may panic, and the
// document must stay writable and its coverage sound.
func checkHostile(t *testing.T, list []source.Object) *evidence.Document {
	t.Helper()
	d := collectHostile(t, list)
	if _, err := evidence.Encode(d); err != nil {
		t.Fatalf("encoding the document: %v", err)
	}
	return d
}

func collectHostile(t *testing.T, list []source.Object) *evidence.Document {
	t.Helper()
	b := newBuilder()
	lookup := among(list, source.ErrNotFound)
	secrets.Collect(t.Context(), b, list, lookup, secrets.Options{Supervisor: true})
	var refs []secrets.Ref
	for _, o := range list {
		if meta, ok := o.Map["metadata"].(map[string]any); ok && o.Map["kind"] == "Secret" {
			name, _ := meta["name"].(string)
			namespace, _ := meta["namespace"].(string)
			refs = append(refs, secrets.Ref{Namespace: namespace, Name: name})
		}
	}
	secrets.PullSecrets(t.Context(), b, refs, lookup, "live")
	d := b.Build("internal")
	checkSound(t, d)
	return d
}

var junk = []any{
	17.5, "\xff\xfe " + strings.Repeat("é", 3000) + "-----BEGIN PRIVATE KEY----- http://u:p@h/",
	[]any{nil, "x", 1.0},
	map[string]any{"": nil, "name": []any{}, "value": 1.0},
}

// places are paths to every value in an object.
func places(v any, path []any, visit func(path []any)) {
	visit(path)
	switch v := v.(type) {
	case map[string]any:
		for _, key := range keysOf(v) {
			places(v[key], append(slices.Clip(path), key), visit)
		}
	case []any:
		for i := range v {
			places(v[i], append(slices.Clip(path), i), visit)
		}
	}
}

// replaced is a copy of an object with another value in one place.
func replaced(v any, path []any, with any) any {
	if len(path) == 0 {
		return with
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		maps.Copy(out, v)
		key, _ := path[0].(string)
		out[key] = replaced(v[key], path[1:], with)
		return out
	case []any:
		out := slices.Clone(v)
		i, _ := path[0].(int)
		out[i] = replaced(v[i], path[1:], with)
		return out
	}
	return v
}

func TestEveryFieldReplacedByJunk(t *testing.T) {
	list := hostileObjects(t)
	if d := checkHostile(t, list); len(d.Trust) < 9 {
		t.Fatalf("there are only %d entries", len(d.Trust))
	}
	for i, o := range list {
		t.Run(fmt.Sprintf("%d %s", i, o.Map["kind"]), func(t *testing.T) {
			// The bystander must come through whatever its neighbour looks like.
			bystander := list[1]
			if i == 1 {
				bystander = list[0]
			}
			beside := []source.Object{bystander, list[2], list[5], list[12]}
			places(o.Map, nil, func(path []any) {
				for _, with := range junk {
					m, _ := replaced(o.Map, path, with).(map[string]any)
					collect := collectHostile
					if _, text := with.(string); text { // only texts can hold a secret
						collect = checkHostile
					}
					d := collect(t, append(slices.Clone(beside), source.Object{Map: m, Provenance: o.Provenance}))
					if len(d.Trust) < 2 || t.Failed() {
						t.Fatalf("with %v at %v: entries are %v", with, path, keysOf(d.Trust))
					}
				}
			})
		})
	}
}

// FuzzCollect mutates JSON objects: as bytes where that gives JSON, and by
// moving values from place to place.
func FuzzCollect(f *testing.F) {
	list := hostileObjects(f)
	for i, o := range list {
		encoded, err := json.Marshal(o.Map)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(encoded, uint64(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		var m map[string]any
		if json.Unmarshal(data, &m) != nil {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		other := list[random.IntN(len(list))].Map
		var donors, paths [][]any
		places(other, nil, func(path []any) { donors = append(donors, path) })
		places(m, nil, func(path []any) { paths = append(paths, path) })
		moved, _ := replaced(m, paths[random.IntN(len(paths))], valueAt(other, donors[random.IntN(len(donors))])).(map[string]any)
		checkHostile(t, append(slices.Clone(list), source.Object{Map: m}, source.Object{Map: moved}))
	})
}

func valueAt(v any, path []any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			l, _ := v.([]any)
			v = l[step]
		}
	}
	return v
}

// FuzzPullSecret reads Docker configurations of any shape.
func FuzzPullSecret(f *testing.F) {
	for _, seed := range []string{
		`{"auths":{"r.example":{"auth":"eDp5"}}}`, `{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p"}}}`,
		`{"r.example":{"auth":"eDp5","email":"a@b"}}`, `{"auths":[]}`, `{"auths":{"a b":{},"[::1]:5":null}}`, `[`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, config string) {
		for typ, key := range map[string]string{"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"} {
			for _, section := range []string{"data", "stringData"} {
				m := map[string]any{
					"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s", "namespace": "ns"},
					"type": typ, section: map[string]any{key: config},
				}
				d := checkHostile(t, []source.Object{{Map: m}})
				for _, host := range d.Secrets["ns/s"].Registries {
					if strings.ContainsAny(host, " @/\"{}") {
						t.Errorf("%q is no host", host)
					}
				}
			}
		}
	})
}
