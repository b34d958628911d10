package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// canaries are secrets that must not get out: none of their encodings may stand
// in anything that the program writes.
type canaries struct {
	password, token, key string
	// keyBody are the lines of the key's PEM.
	keyBody []string
}

func newCanaries(t *testing.T) canaries {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	c := canaries{
		password: "C4nary-p4ssw0rd-XyZ",
		token:    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnktZ2V0cy1vdXQifQ.c2lnbmF0dXJlLWNhbmFyeQ",
		key:      string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
	c.keyBody = strings.Split(strings.TrimSpace(c.key), "\n")
	c.keyBody = c.keyBody[1 : len(c.keyBody)-1]
	return c
}

// check searches all that a run wrote.
func (c canaries) check(t *testing.T, what, text string) {
	t.Helper()
	needles := append([]string{c.password, url.QueryEscape(c.password), "c2lnbmF0dXJlLWNhbmFyeQ", "PRIVATE KEY-----"}, c.keyBody...)
	for _, secret := range append([]string{c.password, c.token}, c.keyBody...) {
		for offset := range 3 { // base64 of it at any place in a longer text
			encoded := base64.StdEncoding.EncodeToString([]byte("xxx"[:offset] + secret))
			needles = append(needles, encoded[4:len(encoded)-4])
		}
	}
	for _, needle := range needles {
		if at := strings.Index(text, needle); at >= 0 {
			t.Errorf("%s holds %q: ...%s...", what, needle, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// checkRun runs collect and eval over the same arguments and searches it all.
func (c canaries) checkRun(t *testing.T, env []string, args ...string) {
	t.Helper()
	dir := t.TempDir()
	for _, how := range [][]string{
		{"collect", "-o", filepath.Join(dir, "evidence.json")},
		{"eval", "--show-passed", "-o", "text", "-o", "json=" + filepath.Join(dir, "report.json")},
	} {
		got := process{args: append(how, args...), env: env}.run(t)
		got.checkCalm(t)
		if got.code == exitUsage {
			t.Errorf("%s: exit code %d\n%s", how[0], got.code, got.stderr)
		}
		c.check(t, how[0]+"'s standard output", got.stdout)
		c.check(t, how[0]+"'s standard error", got.stderr)
	}
	for _, name := range []string{"evidence.json", "report.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if len(text) < 1000 {
			t.Errorf("%s is too short to tell anything:\n%s", name, text)
		}
		c.check(t, name, string(text))
	}
}

func encoded(text string, layers int) string {
	for range layers {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
}

// capture plants the canaries in every field of every kind of file.
func (c canaries) capture(t *testing.T) string {
	t.Helper()
	dir := copyStory(t, "secret-encoded-once")
	docker := fmt.Sprintf(`{"auths":{"harbor.corp.example":{"username":"robot","password":%q,"auth":%q,"registrytoken":%q}}}`, c.password, encoded("robot:"+c.password, 1), c.token)
	message := fmt.Sprintf("failed to pull: Head \"https://robot:%s@harbor.corp.example/v2/?token=%s\": Authorization: Bearer %s, password=%s, key %s: x509: certificate signed by unknown authority",
		c.password, c.token, c.token, c.password, c.key)
	annotations := fmt.Sprintf("{kubectl.kubernetes.io/last-applied-configuration: %q, note: %q, key: %q}", docker, c.password, c.key)
	place(t, dir, "objects/canary.yaml", fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata: {name: canary, namespace: shop, annotations: %[1]s, labels: {x: %[2]s}, managedFields: [{manager: %[2]s}]}
spec:
  nodeName: wk-1
  imagePullSecrets: [{name: regcred}]
  containers:
  - {name: sidecar, image: "robot:%[2]s@harbor.corp.example/app:1"}
  - {name: other, image: "https://robot:%[2]s@harbor.corp.example/app:1"}
  - name: app
    image: harbor.corp.example/app:1
    command: [sh, -c, %[3]q]
    args: [%[2]q]
    env: [{name: TOKEN, value: %[4]q}, {name: KEY, value: %[5]q}]
status:
  phase: Pending
  message: %[3]q
  containerStatuses:
  - {name: app, image: harbor.corp.example/app:1, imageID: "", state: {waiting: {reason: ErrImagePull, message: %[3]q}}}
  - {name: sidecar, image: "robot:%[2]s@harbor.corp.example/app:1", imageID: "", state: {waiting: {reason: InvalidImageName, message: "couldn't parse image name robot:%[2]s@harbor.corp.example/app:1"}}}
---
apiVersion: v1
kind: Event
metadata: {name: canary.1, namespace: shop, annotations: %[1]s}
type: Warning
reason: Failed
message: %[3]q
involvedObject: {kind: Pod, namespace: shop, name: canary}
---
apiVersion: v1
kind: Secret
metadata: {name: regcred, namespace: shop, annotations: %[1]s}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: %[6]q}
stringData: {password: %[2]q, token: %[4]q}
---
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: shop, annotations: %[1]s}
data: {password: %[7]q, tls.key: %[8]q}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: canary, namespace: shop, annotations: %[1]s}
spec: {template: {metadata: {annotations: %[1]s}, spec: {containers: [{name: a, image: harbor.corp.example/app:1, env: [{name: P, value: %[2]q}]}]}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: canary, namespace: shop}
data: {password: %[2]q}
`, annotations, c.password, message, c.token, c.key, encoded(docker, 1), encoded(c.password, 1), encoded(c.key, 1)))
	place(t, dir, "objects/broken-secret.yaml", fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  password: %s\n token: [%s\n  %s: {\n", c.password, c.token, c.password))
	place(t, dir, "objects/wrong-type.yaml", fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: y}\nspec: {containers: %q}\n", c.password))
	place(t, dir, "objects/kubeconfig.yaml", fmt.Sprintf("apiVersion: v1\nkind: Config\nclusters: []\nusers: [{name: x, user: {token: %q, password: %q}}]\n", c.token, c.password))
	c.nodeFiles(t, dir, "nodes/test-gc-e2e-demo-workers-8s2kd-7f9c6/")
	place(t, dir, "endpoints/harbor.corp.example_443.txt", "CONNECTED(00000003)\n"+c.key+"Authorization: Bearer "+c.token+"\npassword="+c.password+"\n")
	return dir
}

func (c canaries) nodeFiles(t *testing.T, dir, node string) {
	t.Helper()
	for name, text := range map[string]string{
		"etc/ssl/certs/tkg-canary.pem":                             c.key,
		"etc/ssl/certs/tkg-twice.pem":                              encoded(c.key, 2),
		"etc/ssl/certs/tkg-text.pem":                               "password: " + c.password + "\n",
		"usr/local/share/ca-certificates/canary.crt":               "-----BEGIN CERTIFICATE-----\n" + c.password + "\n-----END CERTIFICATE-----\n" + c.key,
		"etc/containerd/certs.d/harbor.corp.example/ca.crt":        c.key,
		"etc/containerd/certs.d/harbor.corp.example/client.key":    c.key,
		"etc/containerd/certs.d/harbor.corp.example/hosts.toml":    fmt.Sprintf("server = \"https://robot:%[1]s@harbor.corp.example\"\n[host.\"https://robot:%[1]s@mirror.corp.example\"]\n  [host.\"https://robot:%[1]s@mirror.corp.example\".header]\n    Authorization = \"Bearer %[2]s\"\n", c.password, c.token),
		"etc/containerd/config.toml":                               fmt.Sprintf("version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"harbor.corp.example\".auth]\n  username = \"robot\"\n  password = %[1]q\n  auth = %[2]q\n  identitytoken = %[3]q\n[plugins.\"io.containerd.grpc.v1.cri\".registry.mirrors.\"docker.io\"]\n  endpoint = [\"https://robot:%[1]s@mirror.corp.example\"]\n", c.password, encoded("robot:"+c.password, 1), c.token),
		"etc/systemd/system/containerd.service.d/http-proxy.conf":  fmt.Sprintf("[Service]\nEnvironment=\"HTTP_PROXY=http://robot:%[1]s@proxy.corp.example:3128\" \"HTTPS_PROXY=http://robot:%[1]s@proxy.corp.example:3128\" \"NO_PROXY=a.example,robot:%[1]s@b.example\"\nEnvironment=\"TOKEN=%[2]s\"\n", c.password, c.token),
		"etc/systemd/system/containerd.service.d/https-proxy.conf": fmt.Sprintf("[Service]\nEnvironment=https_proxy=robot:%[1]s@proxy.corp.example:3128\n", c.password),
	} {
		place(t, dir, node+name, text)
	}
}

func TestNoSecretOfACaptureGetsOut(t *testing.T) {
	c := newCanaries(t)
	c.checkRun(t, nil, c.capture(t))
}

// TestNoSecretOfARegistryGetsOut probes a registry whose answers hold secrets,
// directly and through a proxy that wants a password and tells it in its refusal.
func TestNoSecretOfARegistryGetsOut(t *testing.T) {
	c := newCanaries(t)
	certificate := selfSigned(t)
	registry := tcpServer(t, func(conn net.Conn) {
		s := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		defer s.Close()
		if _, err := s.Read(make([]byte, 4096)); err == nil {
			fmt.Fprintf(s, "HTTP/1.1 401 Unauthorized\r\nDocker-Distribution-Api-Version: registry/2.0 token=%[1]s\r\n"+
				"WWW-Authenticate: Bearer realm=\"https://robot:%[1]s@%[3]s/token?token=%[2]s\",service=%[1]q\r\nSet-Cookie: session=%[1]s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
				c.password, c.token, conn.LocalAddr())
		}
	})
	c.checkRun(t, nil, "--registry", registry)
	proxy := tcpServer(t, func(conn net.Conn) {
		buf := make([]byte, 4096)
		n, err := conn.Read(buf)
		if err == nil {
			fmt.Fprintf(conn, "HTTP/1.1 407 you sent %s password=%s\r\nContent-Length: 0\r\n\r\n", strings.Join(strings.Fields(string(buf[:n])), " "), c.password)
		}
	})
	for _, text := range []string{"http://robot:" + c.password + "@" + proxy, "http://robot:" + c.password + "@127.0.0.1:1", "http://robot:" + c.password + "@ bad"} {
		c.checkRun(t, []string{"HTTPS_PROXY=" + text, "https_proxy=" + text}, "--registry", "registry.example:443")
	}
}

// TestNoSecretOfAClusterGetsOut reads an API server that repeats its clients'
// credentials in its errors.
func TestNoSecretOfAClusterGetsOut(t *testing.T) {
	c := newCanaries(t)
	echo := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		status(w, http.StatusForbidden, "Forbidden", "no: "+r.Header.Get("Authorization")+" password="+c.password+" https://robot:"+c.password+"@x.example/ "+c.key)
	})
	html := apiServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusUnauthorized)
		io.WriteString(w, r.Header.Get("Authorization")+" "+c.token) //nolint:errcheck // the client may hang up
	})
	for _, user := range []string{
		fmt.Sprintf("{token: %q}", c.token),
		fmt.Sprintf("{username: robot, password: %q}", c.password),
	} {
		c.checkRun(t, nil, "--no-probe", "--kubeconfig", kubeconfigFor(t, echo, user))
		c.checkRun(t, nil, "--no-probe", "--kubeconfig", kubeconfigFor(t, html, user))
	}
}

// TestNoSecretOfTheCommandLineGetsOut: what was pasted in the wrong place is not
// repeated.
func TestNoSecretOfTheCommandLineGetsOut(t *testing.T) {
	c := newCanaries(t)
	document := documentWith(t)
	broken := writeFile(t, "broken.yaml", fmt.Sprintf("apiVersion: v1\nkind: Secret\nstringData: {password: %q, token: [%s\n", c.password, c.token))
	config := writeFile(t, "kubeconfig", fmt.Sprintf("users: [{user: {token: %q, password: %q}}\n", c.token, c.password))
	for _, args := range [][]string{
		{"--registry", "https://robot:" + c.password + "@harbor.corp.example"},
		{"--registry", "robot:" + c.password + "@harbor.corp.example:443"},
		{"--connect-to", "robot:" + c.password + "@harbor.corp.example:443:127.0.0.1:1"},
		{"--connect-to", "https://robot:" + c.password + "@harbor.corp.example:443"},
		{"--node", "wk-1=ssh://robot:" + c.password + "@10.0.0.1", "--host-key-policy", "insecure", "--timeout", "2s"},
		{"--ssh-jump", "robot:" + c.password + "@jump.example", "--node", "wk-1=127.0.0.1", "--host-key-policy", "insecure", "--timeout", "2s"},
		{"--ssh-jump", "a@b,robot:" + c.password + "@jump.example", "--node", "wk-1=127.0.0.1"},
		{"--node", "wk-1=robot:" + c.password + "@10.0.0.1", "--host-key-policy", "insecure", "--timeout", "2s"},
		{"--server", "https://robot:" + c.password + "@127.0.0.1:1", "--timeout", "2s"},
		{"--server", "https://robot:" + c.password + "@:x:y"},
		{"--kubeconfig", config},
		{broken},
	} {
		got := process{args: append([]string{"eval", document}, args...)}.run(t)
		got.checkCalm(t)
		c.check(t, strings.Join(args[:1], " "), got.stdout+got.stderr)
	}
}

// TestDocumentWithASecretIsRefused: what was put into a saved document by hand
// gets into no report.
func TestDocumentWithASecretIsRefused(t *testing.T) {
	c := newCanaries(t)
	for kind, secret := range map[string]string{
		"private key":         strings.ReplaceAll(c.key, "\n", `\n`),
		"JSON web token":      c.token,
		"registry credential": `{\"auths\":{\"x\":{\"auth\":\"` + encoded("robot:"+c.password, 1) + `\"}}}`,
		"URL with a password": "https://robot:" + c.password + "@harbor.corp.example",
	} {
		t.Run(kind, func(t *testing.T) {
			text, err := os.ReadFile(documentWith(t))
			if err != nil {
				t.Fatal(err)
			}
			spoilt := bytes.Replace(text, []byte(`"detail": "may not list"`), []byte(`"detail": "`+secret+`"`), 1)
			if bytes.Equal(spoilt, text) {
				t.Fatal("nothing was planted")
			}
			file := writeFile(t, "evidence.json", string(spoilt))
			got := process{args: []string{"eval", file}, limit: 20 * time.Second}.run(t)
			got.checkComplaint(t, exitUsage, file, kind, "line ")
			c.check(t, "what it wrote", got.stdout+got.stderr)
			if got.stdout != "" {
				t.Errorf("a report was written:\n%s", got.stdout)
			}
			doc, err := evidence.Decode(spoilt)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := evidence.Encode(doc); err == nil {
				t.Error("a document with it can be written")
			}
		})
	}
}
