package secrets_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// BenchmarkCollect reads the trust of 200 clusters, each with two authorities in its
// secret, one encoded once and one twice, and a bundle of all public roots.
func BenchmarkCollect(b *testing.B) {
	ca := newAuthority("Corp Root CA")
	var roots string
	public := certificate.PublicRoots()
	for _, fingerprint := range public.Fingerprints() {
		roots += pemOf("CERTIFICATE", public.Get(fingerprint).Raw)
	}
	manifests := []string{"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: image-fetcher-ca-bundle, namespace: kube-system}\ndata: {ca-bundle: " + quote(roots+ca.pem) + "}\n"}
	for i := range 200 {
		name := fmt.Sprintf("tkc-%d", i)
		manifests = append(manifests,
			"apiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\nmetadata: {name: "+name+", namespace: prod}\nspec: {topology: {class: tanzukubernetescluster, variables: "+
				"[{name: trust, value: {additionalTrustedCAs: [{name: once}, {name: twice}]}}]}}\n",
			"apiVersion: v1\nkind: Secret\nmetadata: {name: "+name+"-user-trusted-ca-secret, namespace: prod}\ndata: {once: "+quote(b64(ca.pem, 1))+", twice: "+quote(b64(ca.pem, 2))+"}\n")
	}
	list := objects(b, manifests...)
	lookup := indexed(list)
	b.ReportAllocs()
	for b.Loop() {
		builder := newBuilder()
		secrets.Collect(b.Context(), builder, list, lookup, secrets.Options{})
		if d := builder.Build("internal"); len(d.Trust) != 401 {
			b.Fatalf("%d trust entries", len(d.Trust))
		}
	}
}

// BenchmarkPullSecrets reads 1,000 pull secrets with twenty registries each.
func BenchmarkPullSecrets(b *testing.B) {
	config := `{"auths": {`
	for i := range 20 {
		if i > 0 {
			config += ", "
		}
		config += fmt.Sprintf(`"harbor-%d.corp.example:8443": {"username": "robot", "password": "p", "auth": %q}`, i, b64("robot:p", 1))
	}
	config += "}}"
	var manifests []string
	var refs []secrets.Ref
	for i := range 1000 {
		name := fmt.Sprintf("pull-%d", i)
		manifests = append(manifests, "apiVersion: v1\nkind: Secret\nmetadata: {name: "+name+", namespace: shop}\ntype: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: "+quote(b64(config, 1))+"}\n")
		refs = append(refs, secrets.Ref{Namespace: "shop", Name: name})
	}
	lookup := indexed(objects(b, manifests...))
	b.ReportAllocs()
	for b.Loop() {
		builder := newBuilder()
		secrets.PullSecrets(b.Context(), builder, refs, lookup, "manifests")
		if d := builder.Build("internal"); len(d.Secrets) != 1000 || len(d.Secrets["shop/pull-0"].Registries) != 20 {
			b.Fatalf("%d secrets", len(d.Secrets))
		}
	}
}

// indexed is a look-up that takes as long for many objects as for few.
func indexed(list []source.Object) source.Lookup {
	byName := map[string]source.Object{}
	for _, o := range list {
		meta, _ := o.Map["metadata"].(map[string]any)
		byName[fmt.Sprint(o.Map["kind"], meta["namespace"], meta["name"])] = o
	}
	return func(_ context.Context, kind, namespace, name string) (source.Object, error) {
		if o, ok := byName[kind+namespace+name]; ok {
			return o, nil
		}
		return source.Object{}, source.ErrNotFound
	}
}
