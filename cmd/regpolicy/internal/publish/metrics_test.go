package publish

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func TestMetricsReplaceTheGroup(t *testing.T) {
	var method, path, kind string
	var families int
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		method, path, kind = r.Method, r.URL.Path, r.Header.Get("Content-Type")
		parser := expfmt.NewTextParser(model.UTF8Validation)
		parsed, err := parser.TextToMetricFamilies(r.Body)
		if err != nil {
			t.Error(err)
		}
		families = len(parsed)
	}))
	defer s.Close()
	g, err := ParseGateway(s.URL + "/metrics/job/regpolicy/cluster/prod")
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Metrics(t.Context(), twoNamespaces(), nil); err != nil {
		t.Fatal(err)
	}
	if method != http.MethodPut || path != "/metrics/job/regpolicy/cluster/prod" || !strings.HasPrefix(kind, "text/plain; version=0.0.4") || families < 5 {
		t.Errorf("%s %s, %s, %d families", method, path, kind, families)
	}
}

func TestRefusedMetrics(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case strings.Contains(r.URL.Path, "moved"):
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusFound)
		default:
			http.Error(w, "pushed metrics are invalid or inconsistent", http.StatusBadRequest)
		}
	}))
	url := s.URL
	for path, want := range map[string]string{
		"":                   "it answers 400 Bad Request: pushed metrics are invalid or inconsistent",
		"/metrics/job/moved": "it answers 302 Found",
	} {
		g, err := ParseGateway(url + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Metrics(t.Context(), twoNamespaces(), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", path, err)
		}
	}
	s.Close()
	g, err := ParseGateway(url)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Metrics(t.Context(), twoNamespaces(), nil); err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Count(err.Error(), url) != 1 {
		t.Errorf("gone: %v", err)
	}
}

func TestGateways(t *testing.T) {
	for text, want := range map[string]string{
		"http://pg:9091":                  "http://pg:9091/metrics/job/regpolicy",
		"http://pg:9091/":                 "http://pg:9091/metrics/job/regpolicy",
		"https://pg/push":                 "https://pg/push/metrics/job/regpolicy",
		"https://pg/metrics/job/x/y/z":    "https://pg/metrics/job/x/y/z",
		"http://pg/metrics/job@base64/eA": "http://pg/metrics/job@base64/eA",
		"pg:9091":                         "",
		"ftp://pg":                        "",
		"http://":                         "",
		"http://pg/?x=y":                  "",
		"http://me:secret@pg":             "",
		"http://me:secret@pg:port":        "",
	} {
		g, err := ParseGateway(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q was taken", text)
		case err != nil && strings.Contains(err.Error(), "secret"):
			t.Errorf("%q: the error holds the password: %v", text, err)
		case want != "" && (err != nil || g.String() != want):
			t.Errorf("%q: %v, %v", text, g, err)
		}
	}
}
