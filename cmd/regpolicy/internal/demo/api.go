package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/source"
)

// apiServer answers read requests as a kube-apiserver does, from a fixed set of
// objects, in JSON.
type apiServer struct {
	// lists are objects by the path of their list, "/api/v1/pods".
	lists map[string][]map[string]any
	// single are Secrets and ConfigMaps by their path.
	single map[string]map[string]any
	// groups are resource names by API group and version.
	groups map[string]map[string][]string
}

func newAPIServer(objects []source.Object) *apiServer {
	s := &apiServer{lists: map[string][]map[string]any{}, single: map[string]map[string]any{}, groups: map[string]map[string][]string{}}
	for _, o := range objects {
		resource := strings.ToLower(o.Kind()) + "s"
		group, version, named := strings.Cut(o.APIVersion(), "/")
		if !named {
			group, version = "", o.APIVersion()
		}
		base := "/api/" + version
		if group != "" {
			base = "/apis/" + group + "/" + version
			if s.groups[group] == nil {
				s.groups[group] = map[string][]string{}
			}
			if !slices.Contains(s.groups[group][version], resource) {
				s.groups[group][version] = append(s.groups[group][version], resource)
			}
		}
		if o.Kind() == "Secret" || o.Kind() == "ConfigMap" {
			s.single[base+"/namespaces/"+o.Namespace()+"/"+resource+"/"+o.Name()] = o.Map
			continue
		}
		s.lists[base+"/"+resource] = append(s.lists[base+"/"+resource], o.Map)
	}
	return s
}

// serve starts the server on a loopback port.
func (s *apiServer) serve() (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting the API server: %w", err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return // the collectors will find it gone and say so
		}
	}()
	return "http://" + listener.Addr().String(), func() {
		server.Close() //nolint:errcheck,gosec // nothing is lost
		<-ended
	}, nil
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	switch {
	case r.Method == http.MethodPost && strings.HasSuffix(path, "/selfsubjectaccessreviews"):
		answer(w, http.StatusCreated, map[string]any{
			"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": map[string]any{}, "status": map[string]any{"allowed": true},
		})
	case r.Method != http.MethodGet:
		fail(w, http.StatusMethodNotAllowed, "MethodNotAllowed", "this server only answers questions")
	case path == "/version":
		answer(w, http.StatusOK, map[string]any{"major": "1", "minor": "31", "gitVersion": "v1.31.4"})
	case s.single[path] != nil:
		answer(w, http.StatusOK, s.single[path])
	case s.discovery(w, path):
	default:
		s.list(w, path)
	}
}

// discovery answers /apis/GROUP and /apis/GROUP/VERSION.
func (s *apiServer) discovery(w http.ResponseWriter, path string) bool {
	parts := strings.Split(strings.TrimPrefix(path, "/apis/"), "/")
	versions := s.groups[parts[0]]
	if !strings.HasPrefix(path, "/apis/") || versions == nil || len(parts) > 2 {
		return false
	}
	if len(parts) == 1 {
		list := []map[string]any{}
		for version := range versions {
			list = append(list, map[string]any{"groupVersion": parts[0] + "/" + version, "version": version})
		}
		answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "APIGroup", "name": parts[0], "versions": list, "preferredVersion": list[0]})
		return true
	}
	resources := []map[string]any{}
	for _, name := range versions[parts[1]] {
		resources = append(resources, map[string]any{"name": name, "singularName": "", "namespaced": true, "kind": "", "verbs": []string{"get", "list"}})
	}
	answer(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": parts[0] + "/" + parts[1], "resources": resources})
	return true
}

func (s *apiServer) list(w http.ResponseWriter, path string) {
	items, ok := s.lists[path]
	resource := path[strings.LastIndex(path, "/")+1:]
	if !ok && !slices.Contains([]string{"pods", "events", "nodes"}, resource) {
		fail(w, http.StatusNotFound, "NotFound", "the server could not find the requested resource")
		return
	}
	kind := map[string]string{"pods": "PodList", "events": "EventList", "nodes": "NodeList"}[resource]
	if kind == "" {
		kind = "List"
	}
	version := strings.TrimPrefix(strings.TrimPrefix(path[:strings.LastIndex(path, "/")], "/apis/"), "/api/")
	if items == nil {
		items = []map[string]any{}
	}
	answer(w, http.StatusOK, map[string]any{
		"apiVersion": version, "kind": kind, "metadata": map[string]any{"resourceVersion": "1"}, "items": items,
	})
}

func answer(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body) //nolint:errcheck,gosec,errchkjson // the client may hang up
}

func fail(w http.ResponseWriter, code int, reason, message string) {
	answer(w, code, map[string]any{
		"apiVersion": "v1", "kind": "Status", "metadata": map[string]any{}, "status": "Failure",
		"message": message, "reason": reason, "code": code,
	})
}
