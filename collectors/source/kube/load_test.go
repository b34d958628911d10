package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func kubeconfig(server, user string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: dev
clusters:
- {name: c, cluster: {server: %q}}
contexts:
- {name: dev, context: {cluster: c, user: u, namespace: team-a}}
- {name: prod, context: {cluster: c, user: u}}
- {name: orphan, context: {cluster: gone, user: u}}
users:
- {name: u, user: %s}
`, server, user)
}

func writeFile(t *testing.T, name, content string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoad(t *testing.T) {
	path := writeFile(t, "config", kubeconfig("https://api.corp.example:6443", `{token: s3cret}`), 0o600)
	tests := []struct {
		name                                      string
		rules                                     clientcmd.ClientConfigLoadingRules
		overrides                                 *clientcmd.ConfigOverrides
		host, namespace, contextName, bearerToken string
	}{
		{"an explicit file", clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil, "https://api.corp.example:6443", "team-a", "dev", "s3cret"},
		{
			"the first of several files that exists",
			clientcmd.ClientConfigLoadingRules{Precedence: []string{"", filepath.Join(t.TempDir(), "none"), path}, WarnIfAllMissing: true},
			nil, "https://api.corp.example:6443", "team-a", "dev", "s3cret",
		},
		{
			"another context",
			clientcmd.ClientConfigLoadingRules{ExplicitPath: path},
			&clientcmd.ConfigOverrides{CurrentContext: "prod"},
			"https://api.corp.example:6443", "default", "prod", "s3cret",
		},
		{
			"flags over the file",
			clientcmd.ClientConfigLoadingRules{ExplicitPath: path},
			&clientcmd.ConfigOverrides{
				Context: clientcmdapi.Context{Namespace: "team-b"}, AuthInfo: clientcmdapi.AuthInfo{Token: "other"},
				ClusterInfo: clientcmdapi.Cluster{Server: "https://192.0.2.1"},
			},
			"https://192.0.2.1", "team-b", "dev", "other",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg, namespace, contextName, err := Load(&tt.rules, tt.overrides)
			if err != nil {
				t.Fatal(err)
			}
			if cfg.Host != tt.host || namespace != tt.namespace || contextName != tt.contextName || cfg.BearerToken != tt.bearerToken {
				t.Errorf("got %q %q %q %q", cfg.Host, namespace, contextName, cfg.BearerToken)
			}
		})
	}
}

func TestLoadThatFails(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	const server = "https://api.corp.example:6443"
	tests := []struct {
		name    string
		path    string
		context string
		text    string
		hint    string
	}{
		{"a missing file", none, "", "loading kubeconfig: stat " + none + ": no such file or directory", "name a kubeconfig that exists"},
		{"a device without an end", "/dev/zero", "", `loading kubeconfig: "/dev/zero" is a pipe, a device or a socket, and no file`, "name a file"},
		{"a directory", t.TempDir(), "", "is a directory", "name the file in it"},
		{"an unknown context", writeFile(t, "config", kubeconfig(server, "{}"), 0o600), "staging", `loading kubeconfig: context "staging" is not in it`, "choose one with --context: dev, orphan, prod"},
		{"a context without its cluster", writeFile(t, "config", kubeconfig(server, "{}"), 0o600), "orphan", `cluster "gone" of context "orphan" is not in it`, "choose one with --context"},
		{"a context without its user", writeFile(t, "config", strings.Replace(kubeconfig(server, "{}"), "user: u}", "user: gone}", 1), 0o600), "prod", `user "gone" of context "prod" is not in it`, "choose one with --context"},
		{"a cluster without its server", writeFile(t, "config", kubeconfig("", "{}"), 0o600), "dev", `cluster "c" of context "dev" has no server`, "choose one with --context"},
		{"no current context", writeFile(t, "config", strings.Replace(kubeconfig(server, "{}"), "current-context: dev", "", 1), 0o600), "", "loading kubeconfig: it has no current context", "choose one with --context: dev, orphan, prod"},
		{"an empty file", writeFile(t, "config", "", 0o600), "", "loading kubeconfig: no cluster in ", "--kubeconfig"},
		{"no YAML", writeFile(t, "config", "{{{", 0o600), "", "yaml", "kubectl config view"},
		{"binary junk", writeFile(t, "config", "\x00\x01\x7fELF", 0o600), "", "loading kubeconfig: error loading config file", "kubectl config view"},
		{"YAML of something else", writeFile(t, "config", "kind: Secret\napiVersion: v1\ndata: {token: s3cret}\n", 0o600), "", `config" is no kubeconfig: it is of kind "Secret" and version "v1"`, "kubectl config view --raw"},
		{"another version", writeFile(t, "config", strings.Replace(kubeconfig(server, "{token: s3cret}"), "v1", "v9", 1), 0o600), "", `config" is no kubeconfig: it is of kind "Config" and version "v9"`, "kubectl config view --raw"},
		{"a list of tokens", writeFile(t, "config", "- s3cret\n", 0o600), "", `config" is no kubeconfig: it holds a list, not a mapping`, "kubectl config view --raw"},
		{"a list in JSON", writeFile(t, "config", `["s3cret"]`, 0o600), "", `config" is no kubeconfig: it holds a list, not a mapping`, "kubectl config view --raw"},
		{"text", writeFile(t, "config", "s3cret", 0o600), "", `config" is no kubeconfig: it holds text, not a mapping`, "kubectl config view --raw"},
		{"a number", writeFile(t, "config", "42", 0o600), "", `config" is no kubeconfig: it holds a number, not a mapping`, "kubectl config view --raw"},
		{"clusters by name", writeFile(t, "config", `{"clusters": {"c": "s3cret"}}`, 0o600), "", `config" is no kubeconfig: "clusters" holds a mapping, not a list`, "kubectl config view --raw"},
		{"a user without a name", writeFile(t, "config", "users: [s3cret]\n", 0o600), "", `config" is no kubeconfig: "users" holds text, not a mapping`, "kubectl config view --raw"},
		{"a token of two lines", writeFile(t, "config", kubeconfig(server, "{token: [s3cret, s3cret]}"), 0o600), "", `config" is no kubeconfig: "users.user.token" holds a list, not text`, "kubectl config view --raw"},
		{"a switch of two", writeFile(t, "config", strings.Replace(kubeconfig(server, "{}"), "{server:", "{insecure-skip-tls-verify: s3cret, server:", 1), 0o600), "", `config" is no kubeconfig: "clusters.cluster.insecure-skip-tls-verify" holds text, not true or false`, "kubectl config view --raw"},
		{"certificate files that are not there", writeFile(t, "config", kubeconfig(server, "{client-certificate: /none.crt, client-key: /none.key}"), 0o600), "", "unable to read client-cert", "kubectl config view --minify"},
		{"an auth provider of old", writeFile(t, "config", kubeconfig(server, "{auth-provider: {name: oidc}}"), 0o600), "", `its auth provider "oidc" is not supported`, "credential plugin"},
		{"a plugin that is not installed", writeFile(t, "config", kubeconfig(server, `{exec: {apiVersion: client.authentication.k8s.io/v1, command: regpolicy-no-such-plugin, interactiveMode: IfAvailable, installHint: "get it at\n  https://example.com"}}`), 0o600), "", "its credential plugin cannot be run: exec: \"regpolicy-no-such-plugin\"", "get it at https://example.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := Load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: tt.path}, &clientcmd.ConfigOverrides{CurrentContext: tt.context})
			var failed *LoadError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(err.Error(), tt.text) || !strings.Contains(failed.Hint, tt.hint) {
				t.Errorf("got %s\nhint %s\nwant %s\nhint %s", err, failed.Hint, tt.text, tt.hint)
			}
			if all := err.Error() + failed.Hint; strings.ContainsAny(all, "\n\r") || strings.Contains(all, "s3cret") || strings.Contains(all, ".go:") || strings.Contains(all, "json:") {
				t.Errorf("not one clean line: %q", all)
			}
		})
	}
}

func TestLoadWithoutAnyKubeconfig(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	none := filepath.Join(t.TempDir(), ".kube", "config")
	old := writeFile(t, ".kubeconfig", kubeconfig("https://api.corp.example", "{}"), 0o600)
	_, _, _, err := Load(&clientcmd.ClientConfigLoadingRules{
		Precedence: []string{none}, MigrationRules: map[string]string{none: old}, WarnIfAllMissing: true,
	}, nil)
	if err == nil || err.Error() != "loading kubeconfig: no cluster in "+none+", and this is not a pod" {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a file was written")
	}
}

func TestLoadRefusesHugeFiles(t *testing.T) {
	path := writeFile(t, "config", "", 0o600)
	if err := os.Truncate(path, 2<<30); err != nil {
		t.Skip(err)
	}
	_, _, _, err := Load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil)
	if err == nil || !strings.Contains(err.Error(), "has 2147483648 bytes, which no kubeconfig has") {
		t.Errorf("got %v", err)
	}
}

// loaded connects by a kubeconfig whose user is the given YAML.
func loaded(t *testing.T, a *api, user string) *Cluster {
	t.Helper()
	path := writeFile(t, "config", kubeconfig(a.URL, user), 0o600)
	cfg, _, _, err := Load(&clientcmd.ClientConfigLoadingRules{ExplicitPath: path}, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.CAData = a.config().CAData
	return connect(t, cfg, Options{Sleep: new(sleeps).sleep})
}

func TestCredentialPlugin(t *testing.T) {
	credential := func(token string) string {
		return `echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"` + token + `"}}'`
	}
	tests := []struct {
		name   string
		script string
		mode   string
		reason string
		detail string
	}{
		{"gives a token", credential("good"), "IfAvailable", "", ""},
		{"gives a new token after the old one was refused", `test -e used && exec echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"good"}}'
touch used; ` + credential("old"), "Never", "", ""},
		{"gives a token that is refused", credential("s3cret"), "IfAvailable", "auth_failed", "the API server does not accept the credentials (401): Unauthorized"},
		{"fails", "exit 3", "IfAvailable", "auth_failed", "plugin failed with exit code 3"},
		{"prints a bare token", `echo '{"token":"s3cret"}'`, "IfAvailable", "auth_failed", "plugin returned version client.authentication.k8s.io/__internal"},
		{"prints no JSON", "echo s3cret", "IfAvailable", "auth_failed", "its output is not an ExecCredential"},
		{"prints nothing", "", "IfAvailable", "auth_failed", "plugin returned version client.authentication.k8s.io/__internal"},
		{"prints another object", `echo '{"apiVersion":"v1","kind":"Token","token":"s3cret"}'`, "IfAvailable", "auth_failed", "its output is not an ExecCredential"},
		{"reads standard input", `read answer && ` + credential("good"), "IfAvailable", "auth_failed", "plugin failed with exit code 1"},
		{"must ask a person", credential("good"), "Always", "auth_failed", "exec plugin cannot support interactive mode"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAPI(t)
			a.lists["/api/v1/pods"] = somePods(1)
			a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Authorization") == "Bearer good" {
					return false
				}
				a.status(w, r, 401, metav1.StatusReasonUnauthorized, "Unauthorized", "")
				return true
			}
			plugin := writeFile(t, "plugin", "#!/bin/sh\ncd \"$(dirname \"$0\")\"\n"+tt.script+"\n", 0o700)
			c := loaded(t, a, fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: %s}}`, plugin, tt.mode))
			err := c.Pods(t.Context(), new(names).pods)
			reason, detail := Reason(err)
			if reason != tt.reason || !strings.Contains(detail, tt.detail) {
				t.Errorf("got %q: %s\nwant %q: %s", reason, detail, tt.reason, tt.detail)
			}
			if strings.Contains(detail, "s3cret") {
				t.Errorf("the plugin's output is in %q", detail)
			}
		})
	}
}

func TestCredentialPluginThatHangs(t *testing.T) {
	a := newAPI(t)
	plugin := writeFile(t, "plugin", "#!/bin/sh\nwhile test -e \"$0\"; do sleep 0.05; done\n: >\"$0.ended\"\n", 0o700)
	c := loaded(t, a, fmt.Sprintf(`{exec: {apiVersion: client.authentication.k8s.io/v1, command: %q, interactiveMode: Never}}`, plugin))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	reason, detail := Reason(c.Pods(ctx, new(names).pods))
	if reason != "auth_failed" || !strings.HasSuffix(detail, "it did not end in time") {
		t.Errorf("got %q: %s", reason, detail)
	}
	// client-go's call goes on until the plugin ends.
	if err := os.Remove(plugin); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if _, err := os.Stat(plugin + ".ended"); err == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the plugin does not end")
}

func TestClientCertificateFilesAreReadOnce(t *testing.T) {
	a := newAPI(t)
	a.lists["/api/v1/pods"] = somePods(1)
	cfg := a.config()
	cfg.CAFile = writeFile(t, "ca.crt", string(cfg.CAData), 0o600)
	cfg.CAData = nil
	c := connect(t, cfg, Options{})
	if err := os.Remove(cfg.CAFile); err != nil {
		t.Fatal(err)
	}
	if err := c.Pods(t.Context(), new(names).pods); err != nil {
		t.Error(err)
	}
	cfg.CAFile = "/none/ca.crt"
	if _, err := Connect(cfg, Options{}); err == nil || !strings.Contains(err.Error(), "reading the kubeconfig's TLS files: open /none/ca.crt") {
		t.Errorf("got %v", err)
	}
}
