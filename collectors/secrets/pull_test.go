package secrets_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func pullSecret(typ, section, key, value string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: shop}\ntype: " + typ + "\n" + section + ":\n  " + key + ": " + quote(value) + "\n"
}

func TestPullSecretsKeepHostsOnly(t *testing.T) {
	const typ = "kubernetes.io/dockerconfigjson"
	auth := base64.StdEncoding.EncodeToString([]byte("robot:p4ss?>word"))
	url := base64.RawURLEncoding.EncodeToString([]byte("robot:p4ss?>word"))
	config := func(auths string) string { return b64(`{"auths":`+auths+`}`, 1) }
	cases := []struct {
		name     string
		manifest string
		want     []string
		gap      string
	}{
		{
			"one host with its port", pullSecret(typ, "data", ".dockerconfigjson", config(`{"harbor.corp.example:5000":{"auth":"`+auth+`"}}`)),
			[]string{"harbor.corp.example:5000"},
			"",
		},
		{
			"several, as URLs and in capitals",
			pullSecret(typ, "data", ".dockerconfigjson", config(`{"https://index.docker.io/v1/":{"auth":"`+auth+`"},"HARBOR.corp.example/project":{"username":"robot","password":"p4ss"},"*.corp.example":{}}`)),
			[]string{"*.corp.example", "docker.io", "harbor.corp.example"},
			"",
		},
		{"the alphabet of URLs", pullSecret(typ, "data", ".dockerconfigjson", config(`{"r.example":{"auth":"`+url+`"}}`)), []string{"r.example"}, ""},
		{"stringData", pullSecret(typ, "stringData", ".dockerconfigjson", `{"auths":{"r.example":{"auth":"`+auth+`"}}}`), []string{"r.example"}, ""},
		{"the old format", pullSecret("kubernetes.io/dockercfg", "data", ".dockercfg", b64(`{"r.example":{"auth":"`+auth+`","email":"a@b.example"}}`, 1)), []string{"r.example"}, ""},
		{"an IPv6 address", pullSecret(typ, "data", ".dockerconfigjson", config(`{"[fd00::1]:5000":{}}`)), []string{"[fd00::1]:5000"}, ""},
		{"no host at all", pullSecret(typ, "data", ".dockerconfigjson", config(`{}`)), []string{}, ""},
		{"auth without a colon", pullSecret(typ, "data", ".dockerconfigjson", config(`{"r.example":{"auth":"`+base64.StdEncoding.EncodeToString([]byte("tok3n"))+`"}}`)), []string{"r.example"}, "parse_error"},
		{"auth that is not base64", pullSecret(typ, "data", ".dockerconfigjson", config(`{"r.example":{"auth":"%%%"},"s.example":{}}`)), []string{"r.example", "s.example"}, "parse_error"},
		{"a password where the host belongs", pullSecret(typ, "data", ".dockerconfigjson", config(`{"robot p4ss!":{},"r.example":{}}`)), []string{"r.example"}, "parse_error"},
		{"not JSON", pullSecret(typ, "data", ".dockerconfigjson", b64("{", 1)), []string{}, "parse_error"},
		{"no auths", pullSecret(typ, "data", ".dockerconfigjson", b64(`{"r.example":{"auth":"x"}}`, 1)), []string{}, "parse_error"},
		{"auths as a list", pullSecret(typ, "data", ".dockerconfigjson", config(`["r.example"]`)), []string{}, "parse_error"},
		{"not base64", pullSecret(typ, "data", ".dockerconfigjson", "{}"), []string{}, "parse_error"},
		{"another key", pullSecret(typ, "data", "config.json", config(`{"r.example":{}}`)), []string{}, "parse_error"},
		{"a number for a value", strings.Replace(pullSecret(typ, "data", ".dockerconfigjson", "X"), `"X"`, "17", 1), []string{}, "parse_error"},
		{"a type that the kubelet passes over", pullSecret("Opaque", "data", ".dockerconfigjson", config(`{"r.example":{}}`)), []string{}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			list := objects(t, c.manifest)
			b := newBuilder()
			refs := []secrets.Ref{{Namespace: "shop", Name: "regcred"}, {Namespace: "shop", Name: "regcred"}}
			secrets.PullSecrets(t.Context(), b, refs, among(list, source.ErrNotFound), "live")
			d := finish(t, b)
			got := d.Secrets["shop/regcred"]
			if !slices.Equal(got.Registries, c.want) || !slices.Equal(got.UsedAs, []string{"pull"}) || got.Missing {
				t.Errorf("secret is %+v, want registries %q", got, c.want)
			}
			coverage := d.Coverage[evidence.Secrets]
			if c.gap == "" != (len(coverage.Gaps) == 0) || c.gap != "" && coverage.Gaps[0].Reason != c.gap || coverage.Answered != 1 {
				t.Errorf("coverage is %+v, want gap %q", coverage, c.gap)
			}
			if encoded := string(encode(t, d)); strings.Contains(encoded, "p4ss") || strings.Contains(encoded, auth) || strings.Contains(encoded, "robot") {
				t.Errorf("credentials are in the document:\n%s", encoded)
			}
		})
	}
}

func TestPullSecretsThatAreNotHad(t *testing.T) {
	ref := []secrets.Ref{{Namespace: "shop", Name: "regcred"}, {Namespace: "shop"}}
	cases := []struct {
		name    string
		err     error
		missing bool
		gap     string
	}{
		{"it does not exist", source.ErrNotFound, true, ""},
		{"it may not be read", source.ErrForbidden, false, "forbidden"},
		{"nobody gathered it", source.ErrNotCollected, false, ""},
		{"the look-up failed", errUnknown, false, "internal"},
		{"the run ended", context.Canceled, false, "cancelled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			secrets.PullSecrets(t.Context(), b, ref, among(nil, c.err), "live")
			d := finish(t, b)
			if got, ok := d.Secrets["shop/regcred"]; ok != c.missing || got.Missing != c.missing {
				t.Errorf("secret is %+v", got)
			}
			coverage := d.Coverage[evidence.Secrets]
			if !coverage.Requested || coverage.Asked != 1 || c.gap != "" && coverage.Gaps[0].Reason != c.gap || c.gap == "" && coverage.Answered+coverage.Skipped != 1 {
				t.Errorf("coverage is %+v, want gap %q", coverage, c.gap)
			}
			if skipped := coverage.Skipped == 1; skipped != errors.Is(c.err, source.ErrNotCollected) {
				t.Errorf("coverage is %+v, want a skip only for what nobody gathered", coverage)
			}
		})
	}
	t.Run("no pod names any", func(t *testing.T) {
		b := newBuilder()
		secrets.PullSecrets(t.Context(), b, nil, nil, "live")
		if c := finish(t, b).Coverage[evidence.Secrets]; !c.Requested || c.Asked != 0 {
			t.Errorf("coverage is %+v", c)
		}
	})
	t.Run("the context is done", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		b := newBuilder()
		secrets.PullSecrets(ctx, b, ref, among(nil, source.ErrNotFound), "live")
		if c := finish(t, b).Coverage[evidence.Secrets]; len(c.Gaps) != 1 || c.Gaps[0].Reason != "cancelled" {
			t.Errorf("coverage is %+v", c)
		}
	})
}

func TestShapesOfSecrets(t *testing.T) {
	trust := `
apiVersion: v1
kind: Secret
metadata:
  name: demo-user-trusted-ca-secret
  namespace: ns-cis
  creationTimestamp: "2026-04-01T08:00:00Z"
  ownerReferences: [{apiVersion: cluster.x-k8s.io/v1beta1, kind: Cluster, name: demo, uid: u1}]
  managedFields:
  - {manager: kubectl, time: "2026-04-03T08:00:00Z", fieldsV1: {f:data: {}}}
  - {manager: x, time: "2026-04-02T08:00:00Z", fieldsV1: {f:data: {}}}
  - {manager: owner, time: "2026-04-04T08:00:00Z", fieldsV1: {f:metadata: {f:ownerReferences: {}}}}
type: Opaque
immutable: true
data: {zeta: eA==, corp-ca: eA==}
stringData: {alpha: x, zeta: y}
`
	unreferenced := trustSecret("ns-cis", "lab-user-trusted-ca-secret", "data", "corp-ca", "eA==")
	other := trustSecret("ns-cis", "database", "data", "password", b64("hunter2", 1))
	pull := pullSecret("kubernetes.io/dockerconfigjson", "stringData", ".dockerconfigjson", `{"auths":{"r.example":{}}}`)
	list := objects(t, tkgCluster, trust, unreferenced, other, pull)
	b := newBuilder()
	secrets.Collect(t.Context(), b, list, among(list, source.ErrNotFound), secrets.Options{})
	secrets.PullSecrets(t.Context(), b, []secrets.Ref{{"shop", "regcred"}, {"ns-cis", "demo-user-trusted-ca-secret"}}, among(list, source.ErrNotFound), "live")
	d := finish(t, b)
	want := []string{"ns-cis/demo-user-trusted-ca-secret", "ns-cis/lab-user-trusted-ca-secret", "shop/regcred"}
	if got := keysOf(d.Secrets); !slices.Equal(got, want) {
		t.Fatalf("secrets are %v, want %v", got, want)
	}
	wantTrust := evidence.Secret{
		Type: "Opaque", Keys: []string{"alpha", "corp-ca", "zeta"}, Immutable: true,
		OwnerRefs:  []evidence.OwnerRef{{Kind: "Cluster", Name: "demo"}},
		ModifiedAt: evidence.MaybeAt(time.Date(2026, 4, 3, 8, 0, 0, 0, time.UTC)),
		UsedAs:     []string{"pull", "trust"}, Registries: []string{},
		Provenance: evidence.Provenance{Source: "manifests", Method: "file", Path: "objects.yaml#1"},
	}
	if diff := cmp.Diff(wantTrust, d.Secrets[want[0]]); diff != "" {
		t.Errorf("trust secret (-want +got):\n%s", diff)
	}
	if got := d.Secrets[want[1]]; !slices.Equal(got.UsedAs, []string{"trust"}) || got.Missing {
		t.Errorf("unreferenced trust secret is %+v", got)
	}
	if got := d.Secrets[want[2]]; !slices.Equal(got.UsedAs, []string{"pull"}) || !slices.Equal(got.Registries, []string{"r.example"}) {
		t.Errorf("pull secret is %+v", got)
	}
	if c := d.Coverage[evidence.Secrets]; c.Asked != 3 || c.Answered != 3 {
		t.Errorf("coverage is %+v, want 3 answers", c)
	}
}

// An API server is asked for the secret that bears a cluster's name even where
// the cluster does not refer to it: that is a finding. Not finding it is none.
func TestSecretThatNobodyRefersTo(t *testing.T) {
	bare, _, _ := strings.Cut(tkgCluster, "    - name: trust")
	secret := objects(t, trustSecret("ns-cis", "demo-user-trusted-ca-secret", "data", "corp-ca", "eA=="))
	for _, c := range []struct {
		name   string
		held   []source.Object
		absent error
		want   int
	}{
		{"it is there", secret, source.ErrNotFound, 1},
		{"it is not there", nil, source.ErrNotFound, 0},
		{"it may not be read", nil, source.ErrForbidden, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBuilder()
			secrets.Collect(t.Context(), b, objects(t, bare), among(c.held, c.absent), secrets.Options{})
			d := finish(t, b)
			if len(d.Secrets) != c.want || d.Coverage[evidence.Secrets].Asked != c.want {
				t.Errorf("secrets are %v, coverage %+v", keysOf(d.Secrets), d.Coverage[evidence.Secrets])
			}
		})
	}
}

// Typed clients leave kind and apiVersion out of what they return.
func TestAnswerWithoutKind(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	lookup := func(context.Context, string, string, string) (source.Object, error) {
		return source.Object{Map: map[string]any{"data": map[string]any{"corp-ca": b64(ca.pem, 2)}}}, nil
	}
	b := newBuilder()
	secrets.Collect(t.Context(), b, objects(t, tkgCluster), lookup, secrets.Options{Source: "supervisor"})
	d := finish(t, b)
	if e := entry(t, d); !e.Resolved || e.Secret.Namespace != "ns-cis" {
		t.Errorf("entry is %+v", e)
	}
	if s := d.Secrets["ns-cis/demo-user-trusted-ca-secret"]; !slices.Equal(s.Keys, []string{"corp-ca"}) || s.Provenance.Source != "supervisor" {
		t.Errorf("secrets are %+v", d.Secrets)
	}
}
