package kube

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestServed(t *testing.T) {
	a := newAPI(t)
	documents := map[string]string{
		"/apis/cluster.x-k8s.io":         clusterGroup,
		"/apis/cluster.x-k8s.io/v1beta1": clusterResources,
		"/version":                       `{"major":"1","minor":"37","gitVersion":"v1.37.2"}`,
	}
	a.serve(documents)
	c := connect(t, a.config(), Options{})
	want := map[schema.GroupVersionResource]bool{
		{Group: "cluster.x-k8s.io", Version: "v1beta1", Resource: "clusters"}: true,
		{Group: "cluster.x-k8s.io", Version: "v1beta1", Resource: "zones"}:    true,
	}
	got, err := c.Served(t.Context())
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("got error %v, difference %s", err, diff)
	}
	if version, err := c.Version(t.Context()); version != "v1.37.2" || err != nil {
		t.Errorf("got version %q, %v", version, err)
	}
	if got := c.Server(); got != a.URL {
		t.Errorf("server is %q, want %q", got, a.URL)
	}

	documents["/apis/run.tanzu.vmware.com"] = `{"kind":"Status"}`
	got, err = c.Served(t.Context())
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("beside an error: %s", diff)
	}
	if reason, detail := Reason(err); reason != "parse_error" || !strings.Contains(detail, `"run.tanzu.vmware.com"`) {
		t.Errorf("got %q: %s", reason, detail)
	}
	documents["/version"] = `{}`
	if _, err := c.Version(t.Context()); err == nil {
		t.Error("took {} for a version")
	}
}

func TestServerHidesCredentials(t *testing.T) {
	a := newAPI(t)
	cfg := a.config()
	cfg.Host = "https://me:s3cret@api.corp.example:6443/k8s/clusters/c-1/?token=s3cret#x"
	if got, want := connect(t, cfg, Options{}).Server(), "https://api.corp.example:6443/k8s/clusters/c-1/"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestConnectRefusesWhatCannotBe(t *testing.T) {
	a := newAPI(t)
	if _, err := Connect(a.config(), Options{Namespace: "../nodes"}); err == nil {
		t.Error("took a path for a namespace")
	}
	cfg := a.config()
	cfg.Host = "https://me:s3cret@%zz"
	if _, err := Connect(cfg, Options{}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a broken URL: got %v", err)
	}
	cfg = a.config()
	cfg.CAData = []byte("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t")
	if _, err := Connect(cfg, Options{}); err == nil {
		t.Error("took base64 text for a CA")
	}
}

func TestPathOfAFrontEndIsKept(t *testing.T) {
	a := newAPI(t)
	a.lists["/k8s/clusters/c-1/api/v1/pods"] = somePods(1)
	cfg := a.config()
	cfg.Host += "/k8s/clusters/c-1"
	var got names
	if err := connect(t, cfg, Options{}).Pods(t.Context(), got.pods); err != nil {
		t.Fatal(err)
	}
	got.checkEach(t, 1)
}

func TestAllowedAsksOnce(t *testing.T) {
	a := newAPI(t)
	answer := `{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","status":{"allowed":true}}`
	a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPost || r.URL.Path != "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews" {
			return false
		}
		body := make([]byte, 4096)
		size, _ := r.Body.Read(body)
		switch text := string(body[:size]); {
		case strings.Contains(text, `"resourceAttributes":{"verb":"list","resource":"pods"}`):
			writeText(w, "application/json", 201, answer)
		case strings.Contains(text, `"resourceAttributes":{"namespace":"ns","verb":"get","group":"g","resource":"secrets"}`):
			writeText(w, "application/json", 201, strings.Replace(answer, "true", "false", 1))
		default:
			a.status(w, r, 403, metav1.StatusReasonForbidden, "you may not ask", "")
		}
		return true
	}
	c := connect(t, a.config(), Options{})
	tests := []struct {
		verb, group, resource, namespace string
		allowed, known                   bool
	}{
		{"list", "", "pods", "", true, true},
		{"get", "g", "secrets", "ns", false, true},
		{"list", "", "nodes", "", false, false},
	}
	for range 2 {
		for _, tt := range tests {
			allowed, known := c.Allowed(t.Context(), tt.verb, tt.group, tt.resource, tt.namespace)
			if allowed != tt.allowed || known != tt.known {
				t.Errorf("%+v: got %v, %v", tt, allowed, known)
			}
		}
	}
	if n := len(a.seen()); n != len(tests) {
		t.Errorf("asked %d times, want %d", n, len(tests))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, known := c.Allowed(ctx, "list", "", "events", ""); known {
		t.Error("an answer without asking")
	}
}
