package secrets_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func keysOf[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// tkgCluster is a Cluster of the old class whose trust variable names one key.
const tkgCluster = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns-cis}
spec:
  topology:
    class: tanzukubernetescluster
    version: v1.26.5+vmware.2
    variables:
    - name: vmClass
      value: best-effort-small
    - name: trust
      value: {additionalTrustedCAs: [{name: corp-ca}]}
`

// vksCluster is a Cluster of the new class; CERT is its only caCert.
const vksCluster = `
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns-cis}
spec:
  topology:
    class: builtin-generic-v3.1.0
    version: v1.32.0+vmware.6
    variables:
    - name: osConfiguration
      value: {trust: {additionalTrustedCAs: [{caCert: CERT}]}}
`

func trustSecret(namespace, name, section, key, value string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: " + namespace +
		"}\ntype: Opaque\n" + section + ":\n  " + key + ": " + quote(value) + "\n"
}

func TestEveryPlaceOfTrustConfiguration(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	inline := func(version, kind, path, value string) string {
		out := "apiVersion: run.tanzu.vmware.com/" + version + "\nkind: " + kind + "\nmetadata: {name: demo, namespace: ns-cis}\nspec:\n"
		indent := "  "
		for name := range strings.SplitSeq(path, ".") {
			out += indent + name + ":\n"
			indent += "  "
		}
		return out + indent + "additionalTrustedCAs:\n" + indent + "- {name: corp-ca, data: " + quote(value) + "}\n"
	}
	service, network := "trust", "settings.network.trust"
	habit := &evidence.KeyRef{Namespace: "ns-cis", Name: "demo-user-trusted-ca-secret", Key: "corp-ca"}
	cases := []struct {
		name      string
		manifests []string
		key       string
		field     string
		entry     string
		secret    *evidence.KeyRef
		expected  []int
		layers    int
		counted   string
		form      string
	}{
		{
			name:      "global setting v1alpha1, once",
			manifests: []string{inline("v1alpha1", "TkgServiceConfiguration", service, b64(ca.pem, 1))},
			key:       "workload/TkgServiceConfiguration/ns-cis/demo/corp-ca",
			field:     "spec.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "global setting v1alpha2, once",
			manifests: []string{inline("v1alpha2", "TkgServiceConfiguration", service, b64(ca.pem, 1))},
			key:       "workload/TkgServiceConfiguration/ns-cis/demo/corp-ca",
			field:     "spec.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "global setting v1alpha3, once",
			manifests: []string{inline("v1alpha3", "TkgServiceConfiguration", service, b64(ca.pem, 1))},
			key:       "workload/TkgServiceConfiguration/ns-cis/demo/corp-ca",
			field:     "spec.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "TanzuKubernetesCluster v1alpha1, once",
			manifests: []string{inline("v1alpha1", "TanzuKubernetesCluster", network, b64(ca.pem, 1))},
			key:       "workload/TanzuKubernetesCluster/ns-cis/demo/corp-ca",
			field:     "spec.settings.network.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "TanzuKubernetesCluster v1alpha2, twice",
			manifests: []string{inline("v1alpha2", "TanzuKubernetesCluster", network, b64(ca.pem, 2))},
			key:       "workload/TanzuKubernetesCluster/ns-cis/demo/corp-ca",
			field:     "spec.settings.network.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1}, layers: 2, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "TanzuKubernetesCluster v1alpha3, whose documents contradict each other",
			manifests: []string{inline("v1alpha3", "TanzuKubernetesCluster", network, b64(ca.pem, 2))},
			key:       "workload/TanzuKubernetesCluster/ns-cis/demo/corp-ca",
			field:     "spec.settings.network.trust.additionalTrustedCAs[0].data", entry: "corp-ca",
			expected: []int{1, 2}, layers: 2, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "variable trust, data twice on the wire",
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", b64(ca.pem, 2))},
			key:       "workload/Cluster/ns-cis/demo/corp-ca",
			field:     "spec.topology.variables[trust].value.additionalTrustedCAs[0]", entry: "corp-ca", secret: habit,
			expected: []int{2}, layers: 2, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "variable trust, stringData with one layer",
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "stringData", "corp-ca", b64(ca.pem, 1))},
			key:       "workload/Cluster/ns-cis/demo/corp-ca",
			field:     "spec.topology.variables[trust].value.additionalTrustedCAs[0]", entry: "corp-ca", secret: habit,
			expected: []int{2}, layers: 2, counted: "string_data", form: evidence.FormBase64OfPEM,
		},
		{
			name: "osConfiguration with a secretRef",
			manifests: []string{
				strings.Replace(vksCluster, "CERT", "{secretRef: {name: registry-ca-trust-secret, key: ca}}", 1),
				trustSecret("ns-cis", "registry-ca-trust-secret", "data", "ca", b64(ca.pem, 2)),
			},
			key:      "workload/Cluster/ns-cis/demo/#0",
			field:    "spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].caCert.secretRef",
			secret:   &evidence.KeyRef{Namespace: "ns-cis", Name: "registry-ca-trust-secret", Key: "ca"},
			expected: []int{2}, layers: 2, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name: "osConfiguration of a v1beta2 Cluster",
			manifests: []string{
				strings.NewReplacer("CERT", "{secretRef: {name: s, key: ca}}", "v1beta1", "v1beta2",
					"class: builtin-generic-v3.1.0", "classRef: {name: builtin-generic-v3.5.0, namespace: vmware-system-vks-public}").Replace(vksCluster),
				trustSecret("ns-cis", "s", "data", "ca", b64(ca.pem, 2)),
			},
			key:      "workload/Cluster/ns-cis/demo/#0",
			field:    "spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].caCert.secretRef",
			secret:   &evidence.KeyRef{Namespace: "ns-cis", Name: "s", Key: "ca"},
			expected: []int{2}, layers: 2, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name:      "osConfiguration with content",
			manifests: []string{strings.Replace(vksCluster, "CERT", "{content: "+quote(ca.pem)+"}", 1)},
			key:       "workload/Cluster/ns-cis/demo/#0",
			field:     "spec.topology.variables[osConfiguration].value.trust.additionalTrustedCAs[0].caCert.content",
			expected:  []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
		{
			name: "trust of a node pool of its own",
			manifests: []string{`
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns-cis}
spec:
  topology:
    class: builtin-generic-v3.2.0
    workers:
      machineDeployments:
      - variables:
          overrides:
          - name: osConfiguration
            value: {trust: {additionalTrustedCAs: [{caCert: {content: ` + quote(ca.pem) + `}}]}}
`},
			key:      "workload/Cluster/ns-cis/demo/#0",
			field:    "spec.topology.workers.machineDeployments[0].variables.overrides[osConfiguration].value.trust.additionalTrustedCAs[0].caCert.content",
			expected: []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
		{
			name: "variable trust of TKGm's class",
			manifests: []string{strings.NewReplacer("class: tanzukubernetescluster", "class: tkg-vsphere-default-v1.1.0",
				"{name: corp-ca}", "{name: proxy, data: "+b64(ca.pem, 1)+"}").Replace(tkgCluster)},
			key:   "workload/Cluster/ns-cis/demo/proxy",
			field: "spec.topology.variables[trust].value.additionalTrustedCAs[0].data", entry: "proxy",
			expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name: "the Supervisor's image fetcher",
			manifests: []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\n" +
				"data: {ca-bundle: " + quote(ca.pem) + "}\n"},
			key:   "supervisor/ConfigMap/kube-system/image-fetcher-ca-bundle/#0",
			field: "data[ca-bundle]", expected: []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
		{
			name: "the Supervisor's image fetcher, binary",
			manifests: []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\n" +
				"binaryData: {ca-bundle: " + b64(ca.pem, 1) + "}\n"},
			key:   "supervisor/ConfigMap/kube-system/image-fetcher-ca-bundle/#0",
			field: "binaryData[ca-bundle]", expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
		},
		{
			name: "KappControllerConfig",
			manifests: []string{"apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\n" +
				"metadata: {name: demo-kapp-controller-package, namespace: ns-cis}\nspec: {kappController: {config: {caCerts: " + quote(ca.pem) + "}}}\n"},
			key:   "kapp/KappControllerConfig/ns-cis/demo-kapp-controller-package/#0",
			field: "spec.kappController.config.caCerts", expected: []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
		{
			name:      "kapp-controller-config as a Secret, stringData",
			manifests: []string{trustSecret("tkg-system", "kapp-controller-config", "stringData", "caCerts", ca.pem)},
			key:       "kapp/Secret/tkg-system/kapp-controller-config/#0",
			field:     "stringData[caCerts]", expected: []int{1}, layers: 1, counted: "string_data", form: evidence.FormBase64OfPEM,
			secret: &evidence.KeyRef{Namespace: "tkg-system", Name: "kapp-controller-config", Key: "caCerts"},
		},
		{
			name:      "kapp-controller-config as a Secret, data",
			manifests: []string{trustSecret("tkg-system", "kapp-controller-config", "data", "caCerts", b64(ca.pem, 1))},
			key:       "kapp/Secret/tkg-system/kapp-controller-config/#0",
			field:     "data[caCerts]", expected: []int{1}, layers: 1, counted: "wire", form: evidence.FormBase64OfPEM,
			secret: &evidence.KeyRef{Namespace: "tkg-system", Name: "kapp-controller-config", Key: "caCerts"},
		},
		{
			name: "kapp-controller-config as a ConfigMap",
			manifests: []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kapp-controller-config, namespace: kapp-controller}\n" +
				"data: {caCerts: " + quote(ca.pem) + "}\n"},
			key:   "kapp/ConfigMap/kapp-controller/kapp-controller-config/#0",
			field: "data[caCerts]", expected: []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
		{
			name: "OpenShift's additional CAs",
			manifests: []string{
				"apiVersion: config.openshift.io/v1\nkind: Image\nmetadata: {name: cluster}\nspec: {additionalTrustedCA: {name: registry-cas}}\n",
				"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: registry-cas, namespace: openshift-config}\n" +
					"data: {registry.corp.example..5000: " + quote(ca.pem) + "}\n",
			},
			key:   "openshift/ConfigMap/openshift-config/registry-cas/registry.corp.example..5000",
			field: "data[registry.corp.example..5000]", entry: "registry.corp.example..5000",
			expected: []int{0}, layers: 0, counted: "wire", form: evidence.FormPEM,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, c.manifests...)
			e := entry(t, d)
			if keysOf(d.Trust)[0] != c.key {
				t.Errorf("key is %q, want %q", keysOf(d.Trust)[0], c.key)
			}
			if e.Field != c.field || e.Name != c.entry || e.CountedOn != c.counted || !e.Resolved {
				t.Errorf("entry is %+v, want field %q, name %q, counted on %q", e, c.field, c.entry, c.counted)
			}
			if diff := cmp.Diff(c.secret, e.Secret); diff != "" {
				t.Errorf("secret (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.expected, e.ExpectedLayers); diff != "" {
				t.Errorf("expected layers (-want +got):\n%s", diff)
			}
			if *e.Layers != c.layers || e.Value.Base64Layers != c.layers {
				t.Errorf("layers are %d and %d, want %d", *e.Layers, e.Value.Base64Layers, c.layers)
			}
			if e.Value.Form != c.form || e.Value.Inner != evidence.FormPEM {
				t.Errorf("value is %s around %s, want %s around pem", e.Value.Form, e.Value.Inner, c.form)
			}
			if !slices.Equal(e.Value.Certificates, []string{ca.fingerprint}) || d.Certificates[ca.fingerprint].CommonName != "Corp Root CA" {
				t.Errorf("certificates are %v, want %s, and recorded", e.Value.Certificates, ca.fingerprint)
			}
			if gaps := d.Coverage[evidence.Trust].Gaps; len(gaps) > 0 {
				t.Errorf("there are gaps: %v", gaps)
			}
			if got := d.Domains[e.Domain].Entries; !slices.Equal(got, []string{c.key}) {
				t.Errorf("entries of domain %s are %v", e.Domain, got)
			}
			wantSource := e.Object.Kind + "/" + e.Object.Name
			wantSubject := evidence.Subject{"kind": "trust_entry", "namespace": e.Object.Namespace, "name": c.key[strings.LastIndex(c.key, "/")+1:], "source": wantSource}
			if diff := cmp.Diff(wantSubject, secrets.EntrySubject(e)); diff != "" {
				t.Errorf("subject (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMistakesInTheValue(t *testing.T) {
	ca, other := newAuthority("Corp Root CA"), newAuthority("Corp Issuing CA")
	key := ca.key
	body := strings.ReplaceAll(ca.pem, "\n", "")
	cases := []struct {
		name    string
		section string
		value   string
		layers  int
		form    string
		inner   string
		certs   int
		check   func(evidence.Content) bool
	}{
		{name: "as it should be", section: "data", value: b64(ca.pem, 2), layers: 2, form: "base64_of_pem", inner: "pem", certs: 1},
		{name: "single base64", section: "data", value: b64(ca.pem, 1), layers: 1, form: "base64_of_pem", inner: "pem", certs: 1},
		{name: "triple base64", section: "data", value: b64(ca.pem, 3), layers: 3, form: "base64_of_pem", inner: "pem", certs: 1},
		{name: "raw PEM in data", section: "data", value: ca.pem, layers: 0, form: "pem", inner: "pem", certs: 1},
		{name: "raw PEM in stringData", section: "stringData", value: ca.pem, layers: 1, form: "base64_of_pem", inner: "pem", certs: 1},
		{name: "double base64 in stringData", section: "stringData", value: b64(ca.pem, 2), layers: 3, form: "base64_of_pem", inner: "pem", certs: 1},
		{
			name: "lines of 76 inside", section: "data", value: b64(wrap(b64(ca.pem, 1), 76), 1), layers: 2, form: "base64_of_pem", inner: "pem", certs: 1,
			check: func(c evidence.Content) bool { return slices.Contains(c.Whitespace, "newline_in_base64") },
		},
		{
			name: "trailing space inside", section: "data", value: b64(b64(ca.pem, 1)+" ", 1), layers: 2, form: "base64_of_pem", inner: "pem", certs: 1,
			check: func(c evidence.Content) bool { return slices.Contains(c.Whitespace, "trailing_space") },
		},
		{
			name: "byte order mark", section: "data", value: b64("\ufeff"+ca.pem, 2), layers: 2, form: "base64_of_pem",
			inner: "broken_pem", check: func(c evidence.Content) bool { return c.BOM },
		},
		{
			name: "Windows line ends", section: "data", value: b64(strings.ReplaceAll(ca.pem, "\n", "\r\n"), 2), layers: 2, form: "base64_of_pem", inner: "pem", certs: 1,
			check: func(c evidence.Content) bool { return c.CRLF },
		},
		{
			name: "two certificates glued", section: "data", value: b64(strings.TrimSpace(ca.pem)+other.pem, 2), layers: 2, form: "base64_of_pem", inner: "broken_pem",
			check: func(c evidence.Content) bool { return c.Glued },
		},
		{name: "two certificates", section: "data", value: b64(ca.pem+other.pem, 2), layers: 2, form: "base64_of_pem", inner: "pem", certs: 2},
		{
			name: "escaped line ends", section: "data", value: b64(strings.ReplaceAll(ca.pem, "\n", `\n`), 2), layers: 2, form: "base64_of_pem", inner: "broken_pem",
			check: func(c evidence.Content) bool { return c.EscapedNewlines },
		},
		{name: "all on one line", section: "data", value: b64(body, 2), layers: 2, form: "base64_of_pem", inner: "broken_pem"},
		{name: "DER", section: "data", value: b64(string(ca.der), 2), layers: 2, form: "base64_of_der", inner: "der", check: anything},
		{name: "DER, once", section: "data", value: b64(string(ca.der), 1), layers: 1, form: "base64_of_der", inner: "der", check: anything},
		{name: "PKCS#7", section: "data", value: b64(string(ca.pkcs7(t)), 2), layers: 2, form: "base64_of_der", inner: "pkcs7", check: anything},
		{name: "PKCS#7 as PEM", section: "data", value: b64(pemOf("PKCS7", ca.pkcs7(t)), 2), layers: 2, form: "base64_of_pem", inner: "pkcs7", check: anything},
		{name: "trusted certificate of OpenSSL", section: "data", value: b64(pemOf("TRUSTED CERTIFICATE", ca.der), 2), layers: 2, form: "base64_of_pem", inner: "broken_pem", check: anything},
		{
			name: "six dashes copied from a document", section: "data", value: b64(strings.ReplaceAll(ca.pem, "-----BEGIN", "------BEGIN"), 2), layers: 2,
			form: "base64_of_pem", inner: "broken_pem",
		},
		{
			name: "private key", section: "data", value: b64(key, 2), layers: 2, form: "base64_of_pem", inner: "private_key",
			check: func(c evidence.Content) bool { return c.HasPrivateKey && c.SHA256 == "" },
		},
		{
			name: "private key beside the certificate", section: "data", value: b64(ca.pem+key, 2), layers: 2, form: "base64_of_pem", inner: "pem", certs: 1,
			check: func(c evidence.Content) bool { return c.HasPrivateKey && c.SHA256 == "" },
		},
		{name: "some other text", section: "data", value: b64("correct horse battery staple", 1), layers: 1, form: "other", inner: "other", check: func(c evidence.Content) bool { return c.SHA256 == "" }},
		{name: "some other text in stringData", section: "stringData", value: "correct horse battery staple", layers: 1, form: "other", inner: "other"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collect(t, tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", c.section, "corp-ca", c.value))
			e := entry(t, d)
			if !e.Resolved {
				t.Fatalf("not resolved: %s", e.Reason)
			}
			if *e.Layers != c.layers || e.Value.Form != c.form || e.Value.Inner != c.inner {
				t.Errorf("value has %d layers, is %s around %s; want %d, %s, %s (%+v)", *e.Layers, e.Value.Form, e.Value.Inner, c.layers, c.form, c.inner, *e.Value)
			}
			if c.check == nil && len(e.Value.Certificates) != c.certs || c.certs > 0 && len(e.Value.Certificates) != c.certs {
				t.Errorf("there are %d certificates, want %d", len(e.Value.Certificates), c.certs)
			}
			if c.check != nil && !c.check(*e.Value) {
				t.Errorf("value is %+v", *e.Value)
			}
			if len(d.Coverage[evidence.Trust].Gaps) > 0 {
				t.Errorf("there are gaps: %v", d.Coverage[evidence.Trust].Gaps)
			}
		})
	}
}

func anything(evidence.Content) bool { return true }

func wrap(text string, width int) string {
	var out strings.Builder
	for chunk := range slices.Chunk([]byte(text), width) {
		out.Write(chunk)
		out.WriteByte('\n')
	}
	return out.String()
}

var errUnknown = errors.New("the API answered with HTML")

func TestReferencesThatDoNotResolve(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	value := b64(ca.pem, 2)
	ref := func(name, key string) string {
		return strings.Replace(vksCluster, "CERT", "{secretRef: {name: "+name+", key: "+key+"}}", 1)
	}
	cases := []struct {
		name      string
		manifests []string
		absent    error
		reason    string
		elsewhere string
		gap       string
	}{
		{name: "no such secret", manifests: []string{tkgCluster}, absent: source.ErrNotFound, reason: "secret_not_found"},
		{name: "a secret that may not be read", manifests: []string{tkgCluster}, absent: source.ErrForbidden, reason: "forbidden", gap: "forbidden"},
		{name: "a secret that nobody gathered", manifests: []string{tkgCluster}, absent: source.ErrNotCollected, reason: "not_collected"},
		{name: "a look-up that failed", manifests: []string{tkgCluster}, absent: errUnknown, reason: "not_collected", gap: "internal"},
		{
			name: "the namespace with its parts swapped", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("cis-ns", "demo-user-trusted-ca-secret", "data", "corp-ca", value)},
			reason:    "secret_not_found", elsewhere: "secret in namespace cis-ns",
		},
		{
			name: "the namespace with its parts swapped, in manifests", absent: source.ErrNotCollected,
			manifests: []string{tkgCluster, trustSecret("cis-ns", "demo-user-trusted-ca-secret", "data", "corp-ca", value)},
			reason:    "not_collected", elsewhere: "secret in namespace cis-ns",
		},
		{
			name: "two other namespaces", absent: source.ErrNotFound,
			manifests: []string{
				tkgCluster, trustSecret("b", "demo-user-trusted-ca-secret", "data", "corp-ca", value),
				trustSecret("a", "demo-user-trusted-ca-secret", "data", "corp-ca", value),
			},
			reason: "secret_not_found", elsewhere: "secret in namespaces a, b",
		},
		{
			name: "another cluster's secret is there", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "lab01-user-trusted-ca-secret", "data", "corp-ca", value)},
			reason:    "secret_not_found", elsewhere: "secret lab01-user-trusted-ca-secret",
		},
		{
			name: "another cluster's secret is named", absent: source.ErrNotFound,
			manifests: []string{ref("lab01-user-trusted-ca-secret", "corp-ca"), trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", value)},
			reason:    "secret_not_found", elsewhere: "secret demo-user-trusted-ca-secret",
		},
		{
			name: "of two secrets the one with the key", absent: source.ErrNotFound,
			manifests: []string{
				tkgCluster, trustSecret("ns-cis", "aaa-user-trusted-ca-secret", "data", "else", value),
				trustSecret("ns-cis", "bbb-user-trusted-ca-secret", "data", "corp-ca", value),
			},
			reason: "secret_not_found", elsewhere: "secret bbb-user-trusted-ca-secret",
		},
		{
			name: "key in another case", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "Corp-CA", value)},
			reason:    "key_not_found", elsewhere: "key Corp-CA",
		},
		{
			name: "key with an underscore", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp_ca", value)},
			reason:    "key_not_found", elsewhere: "key corp_ca",
		},
		{
			name: "key with the file's suffix", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca.crt", value)},
			reason:    "key_not_found", elsewhere: "key corp-ca.crt",
		},
		{
			name: "no key given and only one there", absent: source.ErrNotFound,
			manifests: []string{ref("s", `""`), trustSecret("ns-cis", "s", "data", "ca", value)},
			reason:    "key_not_found", elsewhere: "key ca",
		},
		{
			name: "the key in a secret beside", absent: source.ErrNotFound,
			manifests: []string{
				tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "something", value),
				trustSecret("ns-cis", "lab01-user-trusted-ca-secret", "data", "corp-ca", value),
			},
			reason: "key_not_found", elsewhere: "secret lab01-user-trusted-ca-secret",
		},
		{
			name: "the key in that secret of another namespace", absent: source.ErrNotFound,
			manifests: []string{
				tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "something", value),
				trustSecret("cis-ns", "demo-user-trusted-ca-secret", "data", "corp-ca", value),
			},
			reason: "key_not_found", elsewhere: "secret in namespace cis-ns",
		},
		{
			name: "a key with nothing alike", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "something", value)},
			reason:    "key_not_found",
		},
		{
			name: "an empty value", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", "")},
			reason:    "no_value",
		},
		{name: "no secret named", absent: source.ErrNotFound, manifests: []string{ref(`""`, "ca")}, reason: "no_value"},
		{name: "an entry with nothing in it", absent: source.ErrNotFound, manifests: []string{strings.Replace(vksCluster, "CERT", "{}", 1)}, reason: "no_value"},
		{
			name: "a value that is a number", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, strings.Replace(trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", "X"), `"X"`, "17", 1)},
			reason:    "unreadable", gap: "parse_error",
		},
		{
			name: "a value beyond the limit", absent: source.ErrNotFound,
			manifests: []string{tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", strings.Repeat("A", 1<<20+1))},
			reason:    "unreadable", gap: "truncated",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d := collectWith(t, secrets.Options{}, c.absent, c.manifests...)
			e := entry(t, d)
			if e.Resolved || e.Reason != c.reason || e.Elsewhere != c.elsewhere {
				t.Errorf("resolved %v, reason %q, elsewhere %q; want %q, %q", e.Resolved, e.Reason, e.Elsewhere, c.reason, c.elsewhere)
			}
			if !slices.Contains(evidence.ResolveReasons, e.Reason) {
				t.Errorf("reason %q is not in the list", e.Reason)
			}
			gaps := d.Coverage[evidence.Trust].Gaps
			if c.gap == "" {
				if len(gaps) > 0 {
					t.Errorf("there are gaps: %v", gaps)
				}
				return
			}
			if len(gaps) != 1 || gaps[0].Reason != c.gap || gaps[0].Field != "value" || !cmp.Equal(gaps[0].Subject, secrets.EntrySubject(e)) {
				t.Errorf("gaps are %v, want one of %v for %s", gaps, secrets.EntrySubject(e), c.gap)
			}
		})
	}
}

func TestPublicRootsOfABundleAreNotRecorded(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	roots := certificate.PublicRoots()
	var bundle strings.Builder
	public := roots.Fingerprints()[:30]
	for _, fingerprint := range public {
		bundle.WriteString(pemOf("CERTIFICATE", roots.Get(fingerprint).Raw))
	}
	fetcher := func(pem string) string {
		return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {ca-bundle: " + quote(pem) + "}\n"
	}
	d := collect(t, fetcher(bundle.String()+ca.pem))
	if e := entry(t, d); len(e.Value.Certificates) != 31 || !slices.Equal(keysOf(d.Certificates), []string{ca.fingerprint}) {
		t.Errorf("%d certificates are named and %d recorded, want 31 and the private one", len(e.Value.Certificates), len(d.Certificates))
	}
	d = collect(t, fetcher(pemOf("CERTIFICATE", roots.Get(public[0]).Raw)))
	if !slices.Equal(keysOf(d.Certificates), public[:1]) {
		t.Errorf("a public root configured for itself is not recorded")
	}
}
