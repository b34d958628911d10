package kube

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const foreignToken = "t0p-s3cret-t0ken"

// foreignConfig is the kubeconfig that Cluster API writes, with fields of the
// cluster and the user put in beside its own.
func foreignConfig(server string, ca []byte, cluster, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- name: web
  cluster: {server: %q, certificate-authority-data: %s%s}
contexts:
- name: web-admin@web
  context: {cluster: web, user: web-admin}
current-context: web-admin@web
preferences: {}
users:
- name: web-admin
  user: {token: %s%s}
`, server, base64.StdEncoding.EncodeToString(ca), cluster, foreignToken, user)
}

func TestAForeignKubeconfigIsUsed(t *testing.T) {
	a := newAPI(t)
	seen := make(chan string, 1)
	a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		seen <- r.Header.Get("Authorization")
		w.Header().Set("Content-Type", mediaJSON)
		_, _ = w.Write([]byte(`{"gitVersion":"v1.31.4"}`))
		return true
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	text := foreignConfig(a.URL, ca, "", "")
	for name, kubeconfig := range map[string]string{
		"as Cluster API writes it": text,
		"of one context":           strings.Replace(text, "current-context: web-admin@web\n", "", 1),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := ConnectForeign([]byte(kubeconfig), Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if version, err := c.Version(t.Context()); version != "v1.31.4" || err != nil {
				t.Errorf("version %q, %v", version, err)
			}
			if got := <-seen; got != "Bearer "+foreignToken {
				t.Errorf("the server was told %q", got)
			}
		})
	}
}

func TestAForeignKubeconfigIsRefused(t *testing.T) {
	good := foreignConfig("https://10.0.0.1:6443", []byte("x"), "", "")
	for _, tt := range []struct{ name, kubeconfig, reason, says string }{
		{"empty", " \n", "parse_error", "empty"},
		{"endless", strings.Repeat("#", maxForeign+1), "truncated", "longer than 1048576 bytes"},
		{"no YAML", "{" + foreignToken, "parse_error", "no kubeconfig"},
		{"of another shape", "users: " + foreignToken, "parse_error", "no kubeconfig"},
		{"another kind", "apiVersion: v1\nkind: Secret\ndata: {token: " + foreignToken + "}", "parse_error", "no kubeconfig"},
		{"no context", "apiVersion: v1\nkind: Config\n", "parse_error", "no current context"},
		{"context that is not there", strings.Replace(good, "current-context: web", "current-context: other", 1), "parse_error", "no current context"},
		{"cluster that is not there", strings.Replace(good, "- name: web\n", "- name: other\n", 1), "parse_error", "cluster that is not in it"},
		{"user that is not there", strings.Replace(good, "- name: web-admin\n", "- name: other\n", 1), "parse_error", "user that is not in it"},
		{"no authority", good, "parse_error", "root certificates"},
		{"plain HTTP", foreignConfig("http://10.0.0.1:6443", nil, "", ""), "auth_failed", "https://"},
		{"no server", foreignConfig("", nil, "", ""), "auth_failed", "https://"},
		{"unverified", foreignConfig("https://10.0.0.1", nil, ", insecure-skip-tls-verify: true", ""), "auth_failed", "insecure-skip-tls-verify"},
		{"an authority's file", foreignConfig("https://10.0.0.1", nil, ", certificate-authority: /etc/passwd", ""), "auth_failed", "certificate-authority names a file"},
		{"a proxy that is none", foreignConfig("https://10.0.0.1", nil, ", proxy-url: 'ftp://u:"+foreignToken+"@h'", ""), "auth_failed", "proxy-url"},
		{"a proxy", foreignConfig("https://10.0.0.1", nil, ", proxy-url: 'http://10.0.0.2:3128'", ""), "auth_failed", "proxy-url"},
		{"a program", foreignConfig("https://10.0.0.1", nil, "", ", exec: {apiVersion: client.authentication.k8s.io/v1, command: touch, args: [/tmp/x], interactiveMode: Never}"), "auth_failed", "(exec)"},
		{"an auth provider", foreignConfig("https://10.0.0.1", nil, "", ", auth-provider: {name: oidc}"), "auth_failed", "auth-provider"},
		{"a token's file", foreignConfig("https://10.0.0.1", nil, "", ", tokenFile: /etc/passwd"), "auth_failed", "tokenFile"},
		{"a certificate's file", foreignConfig("https://10.0.0.1", nil, "", ", client-certificate: /etc/passwd"), "auth_failed", "client-certificate names a file"},
		{"a key's file", foreignConfig("https://10.0.0.1", nil, "", ", client-key: /etc/passwd"), "auth_failed", "client-key names a file"},
		{"a key that is none", foreignConfig("https://10.0.0.1", nil, "", ", client-key-data: eHg=, client-certificate-data: eHg="), "parse_error", "PEM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ConnectForeign([]byte(tt.kubeconfig), Options{})
			reason, detail := Reason(err)
			if reason != tt.reason || !strings.Contains(detail, tt.says) {
				t.Errorf("got %q: %s\nwant %q: ...%s...", reason, detail, tt.reason, tt.says)
			}
			if strings.Contains(detail, foreignToken) {
				t.Errorf("it tells the token: %s", detail)
			}
		})
	}
}

// TestAnObjectHasLimits: an API server cannot fill the memory with one Secret.
func TestAnObjectHasLimits(t *testing.T) {
	a := newAPI(t)
	a.intercept = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", mediaJSON)
		for range maxObject/1024 + 2 {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				break
			}
		}
		return true
	}
	_, err := connect(t, a.config(), Options{Retries: -1}).Lookup()(t.Context(), "Secret", "ns", "huge")
	if reason, detail := Reason(err); reason != "truncated" {
		t.Errorf("got %q: %s", reason, detail)
	}
}

// FuzzForeign: whatever stands in a kubeconfig, it is taken without a program, a
// file or an unverified server, or refused with a reason and without its secrets.
func FuzzForeign(f *testing.F) {
	f.Add([]byte(foreignConfig("https://10.0.0.1:6443", nil, "", "")))
	f.Add([]byte(foreignConfig("https://10.0.0.1:6443", nil, ", proxy-url: 'socks5://h:1', tls-server-name: x", ", as: y")))
	f.Add([]byte(foreignConfig("https://10.0.0.1:6443", nil, ", certificate-authority: /x", ", exec: {command: x}")))
	f.Add([]byte("{"))
	encoded, err := json.Marshal(map[string]any{"kind": "Config", "contexts": []any{nil, map[string]any{"name": ""}}, "users": []any{map[string]any{}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encoded)
	f.Fuzz(func(t *testing.T, text []byte) {
		cfg, err := foreign(text)
		if err == nil {
			if cfg.ExecProvider != nil || cfg.AuthProvider != nil || cfg.BearerTokenFile != "" || cfg.CAFile != "" || cfg.CertFile != "" || cfg.KeyFile != "" || cfg.Insecure || !strings.HasPrefix(cfg.Host, "https://") {
				t.Errorf("taken: %+v", cfg)
			}
			return
		}
		reason, detail := Reason(err)
		if !slices.Contains(evidence.Reasons, reason) || detail == "" {
			t.Errorf("reason %q, detail %q", reason, detail)
		}
		if strings.Contains(string(text), foreignToken) && strings.Contains(detail, foreignToken) {
			t.Errorf("it tells the token: %s", detail)
		}
	})
}
