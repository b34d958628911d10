package supervisor_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

type object = map[string]any

// api is an API server with what the test puts in: lists and single objects by
// path. What it does not have is not found, or forbidden if it says so.
type api struct {
	*httptest.Server
	token string

	mu        sync.Mutex
	answers   map[string]any
	forbidden []string // prefixes of paths
	requests  []string
}

func newAPI(t *testing.T, token string) *api {
	t.Helper()
	a := &api{token: token, answers: map[string]any{"/version": object{"gitVersion": "v1.31.4"}}}
	a.Server = httptest.NewUnstartedServer(a)
	a.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.StartTLS()
	t.Cleanup(a.Close)
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests = append(a.requests, r.URL.Path)
	found, code := a.answers[r.URL.Path], http.StatusOK
	switch {
	case r.Header.Get("Authorization") != "Bearer "+a.token:
		code = http.StatusUnauthorized
	case slices.ContainsFunc(a.forbidden, func(prefix string) bool { return strings.HasPrefix(r.URL.Path, prefix) }):
		code = http.StatusForbidden
	case found == nil:
		code = http.StatusNotFound
	}
	a.mu.Unlock()
	if code != http.StatusOK {
		found = object{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": strings.ReplaceAll(http.StatusText(code), " ", ""), "message": r.URL.Path + " with Bearer " + a.token}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(found) //nolint:errcheck // the client may hang up
}

// asked counts the requests for paths that end so.
func (a *api) asked(suffix string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, path := range a.requests {
		if strings.HasSuffix(path, suffix) {
			n++
		}
	}
	return n
}

func (a *api) ca() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
}

// connect is a connection as somebody who may read all.
func (a *api) connect(t *testing.T, namespace string) *kube.Cluster {
	t.Helper()
	c, err := kube.Connect(&rest.Config{Host: a.URL, BearerToken: a.token, TLSClientConfig: rest.TLSClientConfig{CAData: a.ca()}, Timeout: 10 * time.Second},
		kube.Options{QPS: -1, Retries: -1, Source: "supervisor", Namespace: namespace})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// kubeconfig is what Cluster API writes for this server; user stands beside its
// token.
func (a *api) kubeconfig(user string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: c, user: u}}],
clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: %s%s}}]}`,
		a.URL, encode(a.ca()), a.token, user)
}

func encode(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// serve gives the server lists of objects by "group/version" and resource.
func (a *api) serve(groupVersion, resource, kind string, items ...object) {
	for _, item := range items {
		item["apiVersion"], item["kind"] = groupVersion, kind
	}
	base := "/api/" + groupVersion
	if group, version, named := strings.Cut(groupVersion, "/"); named {
		base = "/apis/" + groupVersion
		a.answers["/apis/"+group] = object{"apiVersion": "v1", "kind": "APIGroup", "name": group, "versions": []object{{"groupVersion": groupVersion, "version": version}}}
		resources := []object{}
		if known, ok := a.answers[base].(object); ok {
			resources, _ = known["resources"].([]object)
		}
		namespaced := resource != "tkgserviceconfigurations"
		a.answers[base] = object{"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": groupVersion, "resources": append(resources, object{"name": resource, "namespaced": namespaced, "kind": kind, "verbs": []string{"list"}})}
	}
	list := func(items []object) object {
		return object{"apiVersion": groupVersion, "kind": kind + "List", "metadata": object{"resourceVersion": "7"}, "items": items}
	}
	a.answers[base+"/"+resource] = list(items)
	byNamespace := map[string][]object{}
	for _, item := range items {
		namespace, _ := item["metadata"].(object)["namespace"].(string)
		byNamespace[namespace] = append(byNamespace[namespace], item)
	}
	for namespace, items := range byNamespace {
		if namespace != "" {
			a.answers[base+"/namespaces/"+namespace+"/"+resource] = list(items)
		}
	}
}

func (a *api) secret(namespace, name string, data map[string]string) {
	encoded := object{}
	for key, value := range data {
		encoded[key] = encode([]byte(value))
	}
	a.answers["/api/v1/namespaces/"+namespace+"/secrets/"+name] = object{
		"apiVersion": "v1", "kind": "Secret", "type": "cluster.x-k8s.io/secret",
		"metadata": object{"namespace": namespace, "name": name}, "data": encoded,
	}
}

func named(namespace, name string) object {
	return object{"namespace": namespace, "name": name, "uid": namespace + "-" + name, "creationTimestamp": "2026-11-20T08:00:00Z"}
}
