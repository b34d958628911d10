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

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// canaries are secrets that must not get out: none of their encodings may stand
// in anything that the program writes.
type canaries struct {
	password, token, key, sshKey string
	// keyBody are the lines of the keys' PEM.
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
	block, err := ssh.MarshalPrivateKey(private, "canary")
	if err != nil {
		t.Fatal(err)
	}
	c.sshKey = string(pem.EncodeToMemory(block))
	for _, key := range []string{c.key, c.sshKey} {
		lines := strings.Split(strings.TrimSpace(key), "\n")
		c.keyBody = append(c.keyBody, lines[1:len(lines)-1]...)
	}
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

// checkRun runs collect and eval over the same arguments, in every format and in
// both languages, searches it all and returns the JSON report.
func (c canaries) checkRun(t *testing.T, env []string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	all := []string{"eval", "--show-passed", "--forecast", "1y"}
	for _, format := range formatNames() {
		all = append(all, "-o", format+"="+filepath.Join(dir, "report."+format))
	}
	for _, how := range [][]string{
		{"collect", "-o", filepath.Join(dir, "evidence.json")},
		all,
		{"eval", "--show-passed", "--lang", "de", "-o", "text", "-o", "html=" + filepath.Join(dir, "bericht.html")},
	} {
		got := process{args: append(how, args...), env: env, limit: time.Minute}.run(t)
		got.checkCalm(t)
		if got.code == exitUsage {
			t.Errorf("%s: exit code %d\n%s", how[0], got.code, got.stderr)
		}
		c.check(t, how[0]+"'s standard output", got.stdout)
		c.check(t, how[0]+"'s standard error", got.stderr)
	}
	c.checkFolder(t, dir, len(formatNames())+2)
	return filepath.Join(dir, "report.json")
}

// checkFolder searches the files of a folder and wants so many.
func (c canaries) checkFolder(t *testing.T, dir string, want int) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != want {
		t.Errorf("%d files were written, want %d", len(entries), want)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(entry.Name(), ".json") && len(text) < 1000 {
			t.Errorf("%s is too short to tell anything:\n%s", entry.Name(), text)
		}
		c.check(t, entry.Name(), string(text))
	}
}

func encoded(text string, layers int) string {
	for range layers {
		text = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return text
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
		status(w, http.StatusForbidden, "Forbidden", "no: "+r.Header.Get("Authorization")+" password="+c.password+" https://robot:"+c.password+"@x.example/ "+c.said()+c.key)
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
		{"--server", "https://robot:x/" + c.password + "@api.example"},
		{"--registry", "https%3A%2F%2Frobot%3A" + c.password + "%40harbor.corp.example"},
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
