package secrets_test

import (
	"fmt"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// withholding collects as from a bundle that keeps to itself what is said of the
// last object.
func withholding(t *testing.T, withheld source.Withheld, manifests ...string) *evidence.Document {
	t.Helper()
	list := objects(t, manifests...)
	list[len(list)-1].Withheld = &withheld
	b := newBuilder()
	secrets.Collect(t.Context(), b, list, among(list, source.ErrNotCollected), secrets.Options{})
	return finish(t, b)
}

const emptyTrustSecret = "apiVersion: v1\nkind: Secret\nmetadata: {name: demo-user-trusted-ca-secret, namespace: ns-cis}\ndata: {}\n"

func TestMaskedValuesAreNoMistakes(t *testing.T) {
	for name, test := range map[string]struct {
		withheld source.Withheld
		reason   string
		recorded bool // the secret's shape
	}{
		"the value is masked":             {source.Withheld{Keys: []string{"corp-ca"}}, "not_collected", true},
		"the key may be there":            {source.Withheld{More: true}, "not_collected", false},
		"another value is masked":         {source.Withheld{Keys: []string{"other"}}, "key_not_found", true},
		"nothing is withheld but said so": {source.Withheld{}, "key_not_found", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := withholding(t, test.withheld, tkgCluster, emptyTrustSecret)
			if e := entry(t, d); e.Resolved || e.Reason != test.reason {
				t.Errorf("entry %+v, want %s", e, test.reason)
			}
			if len(d.Coverage[evidence.Trust].Gaps)+len(d.Coverage[evidence.Secrets].Gaps) > 0 {
				t.Errorf("gaps %v: what a bundle cannot hold was not asked for", d.Coverage)
			}
			if _, recorded := d.Secrets["ns-cis/demo-user-trusted-ca-secret"]; recorded != test.recorded {
				t.Errorf("secrets %v", d.Secrets)
			}
		})
	}
}

func TestMaskedTextsInObjectsAreNoMistakes(t *testing.T) {
	d := collect(t, `
apiVersion: run.tanzu.vmware.com/v1alpha3
kind: TkgServiceConfiguration
metadata: {name: tkg-service-configuration}
spec: {trust: {additionalTrustedCAs: [{name: corp-ca, data: "***HIDDEN***"}]}}
`)
	if e := entry(t, d); e.Resolved || e.Reason != "not_collected" {
		t.Errorf("entry %+v", e)
	}
}

func TestMaskedPullSecretsAreNotAskedFor(t *testing.T) {
	pull := "apiVersion: v1\nkind: Secret\nmetadata: {name: pull, namespace: ns}\ntype: kubernetes.io/dockerconfigjson\ndata: {}\n"
	d := withholding(t, source.Withheld{Keys: []string{".dockerconfigjson"}}, tkgCluster, pull)
	if c := d.Coverage[evidence.Secrets]; len(d.Secrets) != 0 || len(c.Gaps) != 0 || c.Skipped == 0 {
		t.Errorf("secrets %v, coverage %+v", d.Secrets, c)
	}
}

func TestMaskedConfigMaps(t *testing.T) {
	for name, manifest := range map[string]string{
		"the image fetcher's": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {}\n",
		"kapp-controller's":   "apiVersion: v1\nkind: Secret\nmetadata: {name: kapp-controller-config, namespace: tkg-system}\ndata: {}\n",
	} {
		t.Run(name, func(t *testing.T) {
			d := withholding(t, source.Withheld{Keys: []string{"ca-bundle", "caCerts"}}, manifest)
			if e := entry(t, d); e.Resolved || e.Reason != "not_collected" {
				t.Errorf("entry %+v", e)
			}
		})
	}
}

func TestDifferentSecretsOfOneName(t *testing.T) {
	list := objects(t, tkgCluster, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "stringData", "corp-ca", "a"), trustSecret("ns-cis", "demo-user-trusted-ca-secret", "stringData", "corp-ca", "b"))
	unclear := among(nil, fmt.Errorf("%w: a.yaml and b.yaml", source.ErrUnclear))
	b := newBuilder()
	secrets.Collect(t.Context(), b, list, unclear, secrets.Options{})
	d := finish(t, b)
	if e := entry(t, d); e.Resolved || e.Reason != "not_collected" {
		t.Errorf("entry %+v", e)
	}
	for _, collector := range []string{evidence.Trust, evidence.Secrets} {
		gaps := d.Coverage[collector].Gaps
		if len(gaps) != 1 || gaps[0].Reason != "parse_error" {
			t.Errorf("%s: %+v", collector, gaps)
		}
	}
	// Nobody refers to these two, but their name says what they are for.
	list = list[1:]
	b = newBuilder()
	secrets.Collect(t.Context(), b, list, among(nil, source.ErrNotCollected), secrets.Options{})
	d = finish(t, b)
	if gaps := d.Coverage[evidence.Secrets].Gaps; len(d.Secrets) != 0 || len(gaps) != 1 {
		t.Errorf("secrets %v, gaps %v", d.Secrets, gaps)
	}
}
