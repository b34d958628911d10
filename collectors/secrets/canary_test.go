package secrets_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// No value of any secret may leave: every place that could hold one does, in
// every encoding, and the document is searched.
func TestNoSecretValueReachesTheDocument(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	key := ca.key
	const (
		password = "C4nary-p4ssw0rd-XyZ"
		token    = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
	)
	auth := b64("robot$canary:"+password, 1)
	dockerConfig := fmt.Sprintf(`{"auths":{"r.example":{"username":"robot$canary","password":%q,"auth":%q,"registrytoken":%q}},"credHelpers":{"x":%q}}`, password, auth, token, password)
	annotations := fmt.Sprintf(`annotations: {kubectl.kubernetes.io/last-applied-configuration: %q, note: %q, key: %q}`, dockerConfig, password, key)
	managed := "managedFields: [{manager: x, time: \"2026-04-03T08:00:00Z\", fieldsV1: {" + password + ": {}}}]"
	values := fmt.Sprintf("data: {corp-ca: %s, password: %s, ssh-privatekey: %s, .dockerconfigjson: %s}\nstringData: {token: %q, text: %q, proxy: %q}\n",
		b64(ca.pem+key+password, 2), b64(password, 1), b64(key, 1), b64(dockerConfig, 1), token, password, "http://u:"+password+"@p:1")
	message := fmt.Sprintf("pulling https://robot:%s@r.example failed, Authorization: Bearer %s, password=%s, key %s", password, token, password, key)

	manifests := []string{
		fmt.Sprintf(`
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata: {name: demo, namespace: ns, %s, %s}
spec:
  topology:
    class: tanzukubernetescluster
    variables:
    - {name: trust, value: {additionalTrustedCAs: [{name: corp-ca}, {name: password}, {name: ssh-privatekey}, {name: token}, {name: text}]}}
    - {name: defaultRegistrySecret, value: {name: x, data: %s}}
    - {name: user, value: {sshAuthorizedKey: %q, password: %q}}
    - {name: proxy, value: {httpProxy: %q, httpsProxy: %q, noProxy: [%q]}}
status: {conditions: [{type: Ready, status: "False", message: %q}]}
`, annotations, managed, b64(dockerConfig, 1), key, password,
			"http://robot:"+password+"@proxy:3128", "http://proxy:3128/?token="+token, "robot:"+password+"@x.example", message),
		fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: demo-user-trusted-ca-secret, namespace: ns, %s, %s}\ntype: kubernetes.io/dockerconfigjson\n%s", annotations, managed, values),
		fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: ns, %s}\ntype: kubernetes.io/dockerconfigjson\n%s", annotations, values),
		fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: database, namespace: ns, %s}\ntype: Opaque\n%s", annotations, values),
		fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: kapp-controller-config, namespace: ns, %s}\nstringData: {caCerts: %q, httpProxy: %q, httpsProxy: %q, noProxy: %q}\n",
			annotations, ca.pem+key, "http://robot:"+password+"@p:1", password+"@"+password+"@p:1/"+password, "a.example,http://x:"+password+"@y"),
		fmt.Sprintf("apiVersion: run.tanzu.vmware.com/v1alpha3\nkind: KappControllerConfig\nmetadata: {name: demo-kapp-controller-package, namespace: ns, %s}\n"+
			"spec: {kappController: {config: {caCerts: %q, httpProxy: %q}}}\n", annotations, key, "http://"+password+"!@p:1"),
		fmt.Sprintf("apiVersion: run.tanzu.vmware.com/v1alpha2\nkind: TkgServiceConfiguration\nmetadata: {name: c, %s}\n"+
			"spec: {trust: {additionalTrustedCAs: [{name: k, data: %s}, {name: %q, data: %s}, {name: %q, data: x}]}, proxy: {httpProxy: %q}}\n",
			annotations, b64(key, 1), key, b64(password, 1), "token="+password, "http://u:"+password+" "+password+"@h"),
		fmt.Sprintf("apiVersion: run.tanzu.vmware.com/v1alpha1\nkind: TanzuKubernetesCluster\nmetadata: {name: old, namespace: ns, %s}\n"+
			"spec: {settings: {network: {trust: {additionalTrustedCAs: [{name: a, data: %q}, {name: b, data: %q}]}}}}\nstatus: {phase: %q, conditions: [{type: %q, status: x}]}\n",
			annotations, "-----BEGIN "+password+"-----\nAAAA\n-----END "+password+"-----\n", password, "Bearer "+token, `{"auths":{"r":{"auth":"`+auth+`"}}}`),
		fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system, %s}\ndata: {ca-bundle: %q, password: %q}\n", annotations, ca.pem+key, password),
	}
	list := objects(t, manifests...)
	b := newBuilder()
	secrets.Collect(t.Context(), b, list, among(list, fmt.Errorf("GET https://u:%s@api/: Bearer %s: %w", password, token, source.ErrForbidden)), secrets.Options{Supervisor: true})
	secrets.PullSecrets(t.Context(), b, []secrets.Ref{{"ns", "regcred"}, {"ns", "database"}, {"ns", "gone"}},
		among(list, fmt.Errorf("GET https://u:%s@api/: Bearer %s: %w", password, token, source.ErrForbidden)), "live")
	d := finish(t, b)
	encoded := encode(t, d)
	for name, canary := range map[string]string{
		"password": password, "user": "robot$canary", "token": token, "signature": "c2lnbmF0dXJlLWNhbmFyeQ", "auth": auth,
		"password in base64": strings.TrimRight(b64(password, 1), "="), "private key": strings.Split(key, "\n")[1],
		"private key in base64": b64(key, 1)[60:120],
	} {
		if at := bytes.Index(encoded, []byte(canary)); at >= 0 {
			t.Errorf("%s is in the document: ...%s...", name, encoded[max(0, at-200):min(len(encoded), at+80)])
		}
	}
	// That it is not there must not come from nothing being there.
	if len(d.Trust) < 10 || len(d.Secrets) < 4 || len(d.Proxies) < 4 || d.Certificates[ca.fingerprint].CommonName == "" {
		t.Errorf("there are only %d entries, %d secrets, %d proxies", len(d.Trust), len(d.Secrets), len(d.Proxies))
	}
	if e := d.Trust["workload/Cluster/ns/demo/corp-ca"]; !e.Value.HasPrivateKey {
		t.Errorf("the private key beside the certificate is not told of: %+v", e.Value)
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	ca := newAuthority("Corp Root CA")
	var manifests []string
	for i := range 20 {
		name := fmt.Sprintf("c%02d", i)
		manifests = append(manifests, strings.ReplaceAll(tkgCluster, "demo", name),
			trustSecret("ns-cis", name+"-user-trusted-ca-secret", "data", "corp-ca", b64(ca.pem, 1+i%3)),
			strings.Replace(pullSecret("kubernetes.io/dockerconfigjson", "stringData", ".dockerconfigjson", `{"auths":{"a":{},"b":{"auth":"x"},"!":{}}}`), "regcred", name, 1))
	}
	run := func() []byte {
		return encode(t, collectWith(t, secrets.Options{}, source.ErrNotFound, manifests...))
	}
	first := run()
	for range 5 {
		if again := run(); !bytes.Equal(first, again) {
			t.Fatal("two runs differ")
		}
	}
}

func TestCancelledRunKeepsWhatTheObjectsSay(t *testing.T) {
	list := objects(t, tkgCluster)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := newBuilder()
	secrets.Collect(ctx, b, list, among(list, source.ErrNotFound), secrets.Options{})
	d := finish(t, b)
	if e := entry(t, d); e.Reason != "not_collected" {
		t.Errorf("entry is %+v", e)
	}
	if gaps := d.Coverage[evidence.Trust].Gaps; len(gaps) != 1 || gaps[0].Reason != "cancelled" {
		t.Errorf("gaps are %v", gaps)
	}
}
