package publish

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server answers each request by what it is told to, and remembers them. What a real
// API server does is for test/e2e.
type server struct {
	*httptest.Server
	answer func(method, path string) (int, any)

	mu   sync.Mutex
	seen []string
}

func newServer(t *testing.T, answer func(method, path string) (int, any)) *server {
	t.Helper()
	s := &server{answer: answer}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/apis/openreports.io/v1alpha1")
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, r.Method+" "+path+dryRun(r))
	s.mu.Unlock()
	code, body := s.answer(r.Method, path)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body)
}

func dryRun(r *http.Request) string {
	if r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") == "All" {
		return " (dry run)"
	}
	return ""
}

func status(code int, reason, message string, details map[string]any) (int, any) {
	return code, map[string]any{
		"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message, "details": details,
	}
}

func listOf(items ...any) (int, any) {
	if items == nil {
		items = []any{}
	}
	return 200, map[string]any{"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadataList", "metadata": map[string]any{}, "items": items}
}

func object(namespace, name, manager string) map[string]any {
	return map[string]any{
		"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
		"metadata": map[string]any{
			"name": name, "namespace": namespace, "uid": name + "-uid",
			"managedFields": []any{map[string]any{"manager": manager, "operation": "Apply", "apiVersion": "openreports.io/v1alpha1"}},
		},
	}
}

func twoNamespaces() *report.Report {
	r := &report.Report{}
	for _, ns := range []string{"", "default", "elsewhere"} {
		subject := evidence.Subject{"kind": "pod", "name": "web"}
		if ns != "" {
			subject["namespace"] = ns
		}
		r.Results = append(r.Results, report.Result{ID: "RT-EVT-001", Policy: "evt/pulls", Verdict: report.Fail, Severity: "high", Subject: subject, Message: "cannot pull"})
	}
	return r
}

func run(t *testing.T, s *server, opt Options) *Outcome {
	t.Helper()
	out, err := Reports(t.Context(), &rest.Config{Host: s.URL}, report.ReportAPIs()["openreports"], twoNamespaces(), opt)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFormerReportsArePruned(t *testing.T) {
	s := newServer(t, func(method, path string) (int, any) {
		switch {
		case method == http.MethodGet && path == "/reports":
			return listOf(object("default", "regpolicy", "regpolicy"), object("default", "regpolicy-2", "regpolicy"), object("gone", "regpolicy", "kubectl"))
		case method == http.MethodGet:
			return listOf()
		case method == http.MethodDelete:
			return 200, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Success"}
		case strings.HasPrefix(path, "/namespaces/elsewhere/"):
			return status(404, "NotFound", `namespaces "elsewhere" not found`, map[string]any{"kind": "namespaces", "name": "elsewhere"})
		default:
			return 200, object("", "regpolicy", "regpolicy")
		}
	})
	out := run(t, s, Options{})
	if out.Written != 2 || out.Removed != 1 || len(out.Faults) != 0 || !slices.Equal(out.Homeless, []string{"elsewhere"}) {
		t.Errorf("outcome %+v", out)
	}
	want := []string{
		"GET /reports", "GET /clusterreports", "PATCH /namespaces/default/reports/regpolicy", "PATCH /namespaces/elsewhere/reports/regpolicy",
		"PATCH /clusterreports/regpolicy", "DELETE /namespaces/default/reports/regpolicy-2",
	}
	if !slices.Equal(s.seen, want) {
		t.Errorf("requests %q, want %q", s.seen, want)
	}
}

func TestDryRun(t *testing.T) {
	s := newServer(t, func(method, _ string) (int, any) {
		if method == http.MethodGet {
			return listOf()
		}
		return 200, object("", "regpolicy", "regpolicy")
	})
	run(t, s, Options{DryRun: true})
	for _, request := range s.seen {
		if strings.HasPrefix(request, "PATCH") && !strings.HasSuffix(request, "(dry run)") {
			t.Errorf("%s is no dry run", request)
		}
	}
}

// TestFaults: each is one line that says what to do, however often it happens.
func TestFaults(t *testing.T) {
	refusal := func(verb, resource string) (int, any) {
		return status(403, "Forbidden", fmt.Sprintf(`%s.openreports.io is forbidden: User "u" cannot %s resource %q in API group "openreports.io"`, resource, verb, resource), nil)
	}
	for _, test := range []struct {
		name         string
		answer       func(method, path string) (int, any)
		errors, hint string
	}{
		{
			"no definitions", func(string, string) (int, any) {
				return status(404, "NotFound", "the server could not find the requested resource", map[string]any{})
			},
			`listing Reports: the cluster does not know "reports.openreports.io"`,
			"apply its definitions: kubectl apply --server-side -f deploy/crds/openreports.io_reports.yaml -f deploy/crds/openreports.io_clusterreports.yaml",
		},
		{
			"may not create", func(method, path string) (int, any) {
				switch {
				case method == http.MethodGet:
					return listOf()
				case strings.Contains(path, "/namespaces/"):
					return refusal("create", "reports")
				default:
					return 200, object("", "regpolicy", "regpolicy")
				}
			},
			`applying Report "default/regpolicy": forbidden: the verb "create" on "reports.openreports.io" is not granted (and 1 more like it)`,
			"deploy/cronjob/publish-rbac.yaml grants it: verbs: [create]",
		},
		{
			"a proxy's page", func(string, string) (int, any) { return 502, "<html>" },
			"listing Reports: ", "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := run(t, newServer(t, test.answer), Options{})
			var texts []string
			for _, f := range out.Faults {
				texts = append(texts, f.Err.Error())
			}
			if len(out.Faults) == 0 || !strings.HasPrefix(strings.Join(texts, "\n"), test.errors) || out.Faults[0].Hint != test.hint {
				t.Errorf("faults %+v", out.Faults)
			}
		})
	}
}
