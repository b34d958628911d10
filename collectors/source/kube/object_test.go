package kube

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

const secretJSON = `{"kind":"Secret","apiVersion":"v1","metadata":{"name":"demo-user-trusted-ca-secret","namespace":"ns-1",
"uid":"u1","resourceVersion":"77","generation":3,
"annotations":{"owner":"me","kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"ca\":\"TFMwdExTMUNS\"}}"},
"managedFields":[{"manager":"kubectl","time":"2026-04-03T08:00:00Z","fieldsV1":{"f:data":{"f:ca":{}}}},{"manager":"x"}]},"immutable":true,"data":{"ca":"TFMwdExTMUNS"},"type":"Opaque"}`

// serve answers paths with JSON documents.
func (a *api) serve(documents map[string]string) {
	a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		document, ok := documents[r.URL.Path]
		if ok {
			writeText(w, "application/json", 200, document)
		}
		return ok
	}
}

func TestLookupGivesTheWireForm(t *testing.T) {
	a := newAPI(t)
	a.serve(map[string]string{"/api/v1/namespaces/ns-1/secrets/demo-user-trusted-ca-secret": secretJSON})
	got, err := connect(t, a.config(), Options{Source: "supervisor"}).Lookup()(t.Context(), "Secret", "ns-1", "demo-user-trusted-ca-secret")
	if err != nil {
		t.Fatal(err)
	}
	want := source.Object{
		Map: map[string]any{
			"kind": "Secret", "apiVersion": "v1", "type": "Opaque", "immutable": true,
			"metadata": map[string]any{
				"name": "demo-user-trusted-ca-secret", "namespace": "ns-1", "uid": "u1", "resourceVersion": "77", "generation": int64(3),
				"annotations":   map[string]any{"owner": "me"},
				"managedFields": []any{map[string]any{"time": "2026-04-03T08:00:00Z", "fieldsV1": map[string]any{"f:data": map[string]any{}}}},
			},
			"data": map[string]any{"ca": "TFMwdExTMUNS"},
		},
		Provenance: evidence.Provenance{
			Source: "supervisor", Method: "get", ResourceVersion: "77",
			Path: "/api/v1/namespaces/ns-1/secrets/demo-user-trusted-ca-secret",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLookupThatGivesNothing(t *testing.T) {
	a := newAPI(t)
	a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/absent"):
			a.status(w, r, 404, metav1.StatusReasonNotFound, `secrets "absent" not found`, "")
		case strings.HasSuffix(r.URL.Path, "/hidden"):
			a.status(w, r, 403, metav1.StatusReasonForbidden, `secrets "hidden" is forbidden`, "")
		case strings.HasSuffix(r.URL.Path, "/proxy"):
			writeText(w, "text/html", 404, "<html>")
		case strings.HasSuffix(r.URL.Path, "/other"):
			writeText(w, "application/json", 200, `{"kind":"ConfigMap","apiVersion":"v1"}`)
		case strings.HasSuffix(r.URL.Path, "/cut"):
			writeText(w, "application/json", 200, `{"kind":"Secret","data":{"password":"czNjcmV0`)
		default:
			return false
		}
		return true
	}
	lookup := connect(t, a.config(), Options{}).Lookup()
	tests := []struct {
		kind, namespace, name string
		is                    error
		reason, text          string
	}{
		{"Secret", "ns", "absent", source.ErrNotFound, "not_found", `reading secret "absent" of namespace "ns": secrets "absent" not found`},
		{"Secret", "ns", "hidden", source.ErrForbidden, "forbidden", `reading secret "hidden" of namespace "ns": secrets "hidden" is forbidden`},
		{"Secret", "ns", "unserved", nil, "not_found", "could not find the requested resource"},
		{"Secret", "ns", "proxy", nil, "parse_error", "HTML page"},
		{"Secret", "ns", "other", nil, "parse_error", `of kind "ConfigMap", not "Secret"`},
		{"Secret", "ns", "cut", nil, "parse_error", "cannot be read as Secret"},
		{"ConfigMap", "..", "x", source.ErrNotFound, "not_found", "not a valid name"},
		{"Secret", "ns", "../../nodes", source.ErrNotFound, "not_found", "not a valid name"},
		{"Secret", "ns", "", source.ErrNotFound, "not_found", "not a valid name"},
		{"Secret", "ns", "%2e%2e", source.ErrNotFound, "not_found", "not a valid name"},
		{"Pod", "ns", "x", nil, "internal", `objects of kind "Pod" are not looked up`},
	}
	for _, tt := range tests {
		t.Run(tt.namespace+"/"+tt.name, func(t *testing.T) {
			_, err := lookup(t.Context(), tt.kind, tt.namespace, tt.name)
			for _, sentinel := range []error{source.ErrNotFound, source.ErrForbidden, source.ErrNotCollected} {
				if errors.Is(err, sentinel) != errors.Is(sentinel, tt.is) {
					t.Errorf("errors.Is(%v, %v) is %v", err, sentinel, errors.Is(err, sentinel))
				}
			}
			if reason, detail := Reason(err); reason != tt.reason || !strings.Contains(detail, tt.text) {
				t.Errorf("got %q: %s\nwant %q: %s", reason, detail, tt.reason, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "czNj") {
				t.Errorf("a secret's value is in %q", err)
			}
		})
	}
}

const (
	clusterGroup = `{"kind":"APIGroup","apiVersion":"v1","name":"cluster.x-k8s.io","versions":[
{"groupVersion":"cluster.x-k8s.io/v1beta2","version":"v1beta2"},{"groupVersion":"cluster.x-k8s.io/v1beta1","version":"v1beta1"}]}`
	clusterResources = `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"cluster.x-k8s.io/v1beta1","resources":[
{"name":"clusters","namespaced":true,"kind":"Cluster","verbs":["list"]},
{"name":"clusters/status","namespaced":true,"kind":"Cluster","verbs":["get"]},
{"name":"zones","namespaced":false,"kind":"Zone","verbs":["list"]}]}`
)

func clusterPage(from, to int, next string) string {
	items := make([]string, 0, to-from)
	for i := from; i < to; i++ {
		items = append(items, fmt.Sprintf(`{"apiVersion":"cluster.x-k8s.io/v1beta1","kind":"Cluster","metadata":{"name":"c-%d","namespace":"ns","uid":"u-%d",
"managedFields":[{}]},"spec":{"n":%d}}`, i, i, i))
	}
	return fmt.Sprintf(`{"kind":"ClusterList","apiVersion":"cluster.x-k8s.io/v1beta1","metadata":{"resourceVersion":"9","continue":%q},"items":[%s]}`,
		next, strings.Join(items, ","))
}

func TestListOfCustomObjects(t *testing.T) {
	a := newAPI(t)
	a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.RequestURI() {
		case "/apis/cluster.x-k8s.io/v1beta1/clusters?limit=500":
			writeText(w, "application/json", 200, clusterPage(0, 2, "more"))
		case "/apis/cluster.x-k8s.io/v1beta1/clusters?continue=more&limit=500":
			writeText(w, "application/json", 200, clusterPage(1, 3, "")) // one comes again
		case "/apis/cluster.x-k8s.io/v1beta1/broken?limit=500":
			writeText(w, "application/json", 200, `{"kind":"BrokenList","items":[null]}`)
		case "/apis/cluster.x-k8s.io/v1beta1/single?limit=500":
			writeText(w, "application/json", 200, `{"kind":"Single","items":[]}`)
		case "/apis/cluster.x-k8s.io/v1beta1":
			writeText(w, "application/json", 200, strings.Replace(clusterResources, "zones", "hidden", 1))
		case "/apis/cluster.x-k8s.io/v1beta1/hidden?limit=500", "/apis/cluster.x-k8s.io/v1beta1/unknown-and-hidden?limit=500":
			a.status(w, r, 403, metav1.StatusReasonForbidden, "hidden is forbidden", "")
		case "/api/v1/pods?limit=500":
			writeText(w, "application/json", 200, `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"p"}}]}`)
		default:
			return false
		}
		return true
	}
	c := connect(t, a.config(), Options{})
	list := func(group, version, resource string) (objects []source.Object, err error) {
		err = c.List(t.Context(), group, version, resource, func(o source.Object) error {
			objects = append(objects, o)
			return nil
		})
		return objects, err
	}
	clusters, err := list("cluster.x-k8s.io", "v1beta1", "clusters")
	if err != nil || len(clusters) != 3 {
		t.Fatalf("got %d clusters, %v", len(clusters), err)
	}
	want := source.Object{
		Map: map[string]any{
			"apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster",
			"metadata": map[string]any{"name": "c-2", "namespace": "ns", "uid": "u-2"}, "spec": map[string]any{"n": int64(2)},
		},
		Provenance: evidence.Provenance{Source: "cluster", Method: "list", Path: "/apis/cluster.x-k8s.io/v1beta1/clusters"},
	}
	if diff := cmp.Diff(want, clusters[2]); diff != "" {
		t.Error(diff)
	}
	if pods, err := list("", "v1", "pods"); err != nil || len(pods) != 1 || pods[0].Map["kind"] != "Pod" || pods[0].Map["apiVersion"] != "v1" {
		t.Errorf("built-in kinds: got %v, %v", pods, err)
	}
	for resource, reason := range map[string]string{
		"broken": "parse_error", "single": "parse_error", "hidden": "forbidden", "unknown": "not_in_source", "unknown-and-hidden": "not_in_source",
	} {
		_, err := list("cluster.x-k8s.io", "v1beta1", resource)
		if got, detail := Reason(err); got != reason {
			t.Errorf("%s: reason is %q (%s), want %q", resource, got, detail, reason)
		}
		if errors.Is(err, ErrNotServed) != strings.HasPrefix(resource, "unknown") {
			t.Errorf("%s: got %v", resource, err)
		}
	}
}

func TestListInOneNamespace(t *testing.T) {
	a := newAPI(t)
	a.serve(map[string]string{
		"/apis/cluster.x-k8s.io/v1beta1":                        clusterResources,
		"/apis/cluster.x-k8s.io/v1beta1/namespaces/ns/clusters": clusterPage(0, 1, ""),
		"/apis/cluster.x-k8s.io/v1beta1/zones":                  `{"kind":"ZoneList","apiVersion":"cluster.x-k8s.io/v1beta1","items":[{"metadata":{"name":"z"}}]}`,
	})
	c := connect(t, a.config(), Options{Namespace: "ns"})
	for resource, want := range map[string]int{"clusters": 1, "zones": 1, "machines": -1} {
		got := 0
		err := c.List(t.Context(), "cluster.x-k8s.io", "v1beta1", resource, func(source.Object) error { got++; return nil })
		if want < 0 {
			if !errors.Is(err, ErrNotServed) {
				t.Errorf("%s: got %v", resource, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: got %d objects, %v", resource, got, err)
		}
	}
	if err := c.List(t.Context(), "cluster.x-k8s.io", "v9", "clusters", nil); !errors.Is(err, ErrNotServed) {
		t.Errorf("unknown version: got %v", err)
	}
}
