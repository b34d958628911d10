package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// apiServer is an API server over TLS with one pod, one event and one node; fault
// may answer in its place.
func apiServer(t *testing.T, fault http.HandlerFunc) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	list := func(kind, item string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"apiVersion":"v1","kind":%q,"metadata":{"resourceVersion":"7"},"items":[%s]}`, kind, item)
		}
	}
	mux.HandleFunc("/api/v1/pods", list("PodList", pod("web-1")))
	mux.HandleFunc("/api/v1/events", list("EventList", ""))
	mux.HandleFunc("/api/v1/nodes", list("NodeList", `{"metadata":{"name":"wk-1"}}`))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { status(w, http.StatusNotFound, "NotFound", "not found") })
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered := &answering{ResponseWriter: w}
		if fault != nil {
			fault(answered, r)
		}
		if !answered.any {
			mux.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// answering tells whether a handler answered.
type answering struct {
	http.ResponseWriter
	any bool
}

func (a *answering) WriteHeader(code int) { a.any = true; a.ResponseWriter.WriteHeader(code) }

func (a *answering) Write(p []byte) (int, error) {
	a.any = true
	return a.ResponseWriter.Write(p) //nolint:wrapcheck // a pass-through
}

func pod(name string) string {
	return `{"metadata":{"namespace":"shop","name":"` + name + `"},"spec":{"nodeName":"wk-1","containers":[{"name":"web","image":"harbor.corp.example/web:1"}]},
	"status":{"phase":"Pending","containerStatuses":[{"name":"web","image":"harbor.corp.example/web:1","state":{"waiting":{"reason":"ErrImagePull",
	"message":"failed to pull and unpack image \"harbor.corp.example/web:1\": failed to resolve reference \"harbor.corp.example/web:1\": failed to do request: Head \"https://harbor.corp.example/v2/web/manifests/1\": tls: failed to verify certificate: x509: certificate signed by unknown authority"}}}]}}`
}

func status(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
}

// kubeconfigFor names the server, with a user as given.
func kubeconfigFor(t *testing.T, server *httptest.Server, user string) string {
	t.Helper()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	caFile := writeFile(t, "ca.crt", string(ca))
	return writeFile(t, "kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters: [{name: test, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: test, user: %s}]
`, server.URL, caFile, user))
}

// TestBadAPI reads clusters whose API server misbehaves in one way: what the rest
// answers is kept, and the coverage says what is missing.
func TestBadAPI(t *testing.T) {
	at := func(path string, then http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, path) {
				then(w, r)
			}
		}
	}
	html := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, "<html><title>Sign in</title></html>") //nolint:errcheck // the client may hang up
	}
	tests := []struct {
		name   string
		user   string
		fault  http.HandlerFunc
		code   int
		pods   int
		reason map[string]string // of the gap, by collector
	}{
		{name: "nothing wrong", code: 1, pods: 1},
		{
			name: "it answers HTML", fault: at("/", html), code: 3,
			reason: map[string]string{evidence.Pods: "parse_error", evidence.Events: "parse_error"},
		},
		{name: "events are HTML", fault: at("/api/v1/events", html), code: 1, pods: 1, reason: map[string]string{evidence.Events: "parse_error"}},
		{
			name: "410 in mid-list", code: 1, pods: 2,
			fault: at("/api/v1/pods", expiring(false)),
		},
		{
			name: "410 for good", code: 1, pods: 1, reason: map[string]string{evidence.Pods: "gone_410"},
			fault: at("/api/v1/pods", expiring(true)),
		},
		{
			name: "429 once", code: 1, pods: 1,
			fault: at("/api/v1/pods", once(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "1")
				status(w, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
			})),
		},
		{
			name: "429 for good", code: 1, pods: 1, reason: map[string]string{evidence.Events: "throttled_429"},
			fault: at("/api/v1/events", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "1")
				status(w, http.StatusTooManyRequests, "TooManyRequests", "too many requests")
			}),
		},
		{
			name: "the token has expired", user: "{token: eyJhbGciOiJub25lIn0.eyJleHAiOjE3NjM4MDAwMDB9.c2lnbmF0dXJl}", code: 3,
			fault: at("/", func(w http.ResponseWriter, _ *http.Request) {
				status(w, http.StatusUnauthorized, "Unauthorized", "Unauthorized")
			}),
			reason: map[string]string{evidence.Pods: "auth_failed", evidence.Events: "auth_failed"},
		},
		{
			name: "one resource is forbidden", code: 1, pods: 1, reason: map[string]string{evidence.Events: "forbidden"},
			fault: at("/api/v1/events", func(w http.ResponseWriter, _ *http.Request) {
				status(w, http.StatusForbidden, "Forbidden", `events is forbidden: User "auditor" cannot list resource "events"`)
			}),
		},
		{
			name: "it hangs up in the middle", code: 1, pods: 1, reason: map[string]string{evidence.Events: "unreachable"},
			fault: at("/api/v1/events", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Length", "1000")
				io.WriteString(w, `{"apiVersion":"v1",`) //nolint:errcheck // as it is meant
				panic(http.ErrAbortHandler)
			}),
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			user := tt.user
			if user == "" {
				user = "{token: secret-token-of-the-test}"
			}
			config := kubeconfigFor(t, apiServer(t, tt.fault), user)
			got := process{args: []string{"eval", "-o", "json", "--no-probe", "--kubeconfig", config}, limit: time.Minute}.run(t)
			got.checkCalm(t)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", got.code, tt.code, got.stderr)
			}
			rep := readReport(t, got.stdout)
			if rep.Affected.Pods != tt.pods {
				t.Errorf("%d pods, want %d", rep.Affected.Pods, tt.pods)
			}
			for collector, c := range rep.Coverage {
				if collector == evidence.Trust || collector == evidence.Images {
					continue
				}
				if want := tt.reason[collector]; want == "" && len(c.Gaps) > 0 || want != "" && (len(c.Gaps) != 1 || c.Gaps[0].Reason != want) {
					t.Errorf("gaps of %s: %+v, want %q", collector, c.Gaps, want)
				}
			}
			for _, secret := range []string{"secret-token-of-the-test", "c2lnbmF0dXJl"} {
				if strings.Contains(got.stdout+got.stderr, secret) {
					t.Errorf("the token got out")
				}
			}
		})
	}
}

// expiring serves a list of two pages. The second expires, the first time or
// always.
func expiring(always bool) http.HandlerFunc {
	var mu sync.Mutex
	expired := false
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		item, next := pod("web-1"), "next"
		if r.URL.Query().Get("continue") != "" {
			if !expired || always {
				expired = true
				status(w, http.StatusGone, "Expired", "The provided continue parameter is too old")
				return
			}
			item, next = pod("web-2"), ""
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"apiVersion":"v1","kind":"PodList","metadata":{"resourceVersion":"7","continue":%q},"items":[%s]}`, next, item)
	}
}

func once(fault http.HandlerFunc) http.HandlerFunc {
	var did sync.Once
	return func(w http.ResponseWriter, r *http.Request) { did.Do(func() { fault(w, r) }) }
}

// TestBadCredentialPlugin runs a kubeconfig whose exec plugin fails.
func TestBadCredentialPlugin(t *testing.T) {
	server := apiServer(t, nil)
	plugin := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(plugin, []byte("#!/bin/sh\necho token-on-its-standard-output\nexit 3\n"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	user := "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: %q}}"
	t.Run("it fails", func(t *testing.T) {
		got := regpolicy(t, "eval", "-o", "json", "--kubeconfig", kubeconfigFor(t, server, fmt.Sprintf(user, plugin)))
		got.checkCalm(t)
		if got.code != exitInconclusive {
			t.Errorf("exit code %d, want %d\n%s", got.code, exitInconclusive, got.stderr)
		}
		gaps := readReport(t, got.stdout).Coverage[evidence.Pods].Gaps
		if len(gaps) != 1 || gaps[0].Reason != "auth_failed" || !strings.Contains(gaps[0].Detail, "exit code 3") {
			t.Errorf("gaps %+v, want auth_failed with the plugin's exit code", gaps)
		}
		if strings.Contains(got.stdout+got.stderr, "token-on-its-standard-output") {
			t.Error("the plugin's output got out")
		}
	})
	t.Run("it is not there", func(t *testing.T) {
		config := kubeconfigFor(t, server, fmt.Sprintf(user, plugin+"-of-nobody"))
		regpolicy(t, "eval", "--kubeconfig", config).checkComplaint(t, exitUsage, "credential plugin", plugin+"-of-nobody")
	})
}

// tcpServer handles each connection, and closes all of them at the end.
func tcpServer(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var conns []net.Conn
	var works sync.WaitGroup
	works.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			works.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		works.Wait()
	})
	return listener.Addr().String()
}

func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "registry"}, DNSNames: []string{"registry.example"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// hugeHandshake is TLS records that hold one ServerHello of size bytes, which is
// many times what crypto/tls takes.
func hugeHandshake(size int) []byte {
	message := append([]byte{2, byte(size >> 16), byte(size >> 8), byte(size)}, make([]byte, size)...) // a ServerHello
	var out []byte
	for len(message) > 0 {
		n := min(len(message), 1<<14)
		out = append(out, 22, 3, 3)
		out = binary.BigEndian.AppendUint16(out, uint16(n)) //nolint:gosec // at most 2^14
		out = append(out, message[:n]...)
		message = message[n:]
	}
	return out
}

// TestBadRegistry probes registries that misbehave, each beside a sound one,
// which is looked at whatever the other does.
func TestBadRegistry(t *testing.T) {
	certificate := selfSigned(t)
	many := certificate
	for range 9_999 {
		many.Certificate = append(slices.Clip(many.Certificate), certificate.Certificate[0])
	}
	hundred := certificate
	hundred.Certificate = many.Certificate[:100]
	tests := []struct {
		name   string
		handle func(net.Conn)
		code   int
		says   string // in a failure's message
		gap    string // reason
		field  string
	}{
		{name: "resets", code: 1, says: "reset", handle: func(c net.Conn) {
			c.Read(make([]byte, 1)) //nolint:errcheck // as it is meant
			c.(*net.TCPConn).SetLinger(0)
		}},
		{name: "sends 10,000 certificates", code: 1, says: "handshake", handle: serveTLS(many)},
		{name: "sends 100 certificates", code: 0, gap: "truncated", field: "certificates", handle: serveTLS(hundred)},
		{name: "sends a handshake of 1 MB", code: 1, says: "handshake", handle: func(c net.Conn) {
			c.Read(make([]byte, 1024))      //nolint:errcheck // the client's hello
			c.Write(hugeHandshake(1 << 20)) //nolint:errcheck // it may hang up
		}},
		{name: "sends noise without end", code: 1, says: "handshake", handle: func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("noise", 1000))); err != nil {
					return
				}
			}
		}},
		{name: "accepts and never answers", code: 3, gap: "timeout_handshake", handle: func(c net.Conn) {
			io.Copy(io.Discard, c) //nolint:errcheck // until the client gives up
		}},
		{name: "answers with a header that has no end", code: 0, handle: func(c net.Conn) {
			s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
			if _, err := io.WriteString(s, "HTTP/1.1 200 OK\r\n"); err != nil {
				return
			}
			for {
				if _, err := io.WriteString(s, "X-More: "+strings.Repeat("a", 1000)+"\r\n"); err != nil {
					return
				}
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bad, good := tcpServer(t, tt.handle), tcpServer(t, serveTLS(certificate))
			got := process{args: []string{
				"eval", "-o", "json", "--select", "RT-TLS-001", "--probe-timeout", "2s",
				"--registry", bad, "--registry", good,
			}}.run(t)
			got.checkCalm(t)
			if got.code != tt.code {
				t.Errorf("exit code %d, want %d\n%s", got.code, tt.code, got.stderr)
			}
			if got.took > 15*time.Second {
				t.Errorf("it took %s", got.took)
			}
			rep := readReport(t, got.stdout)
			if rep.Summary.Pass == 0 {
				t.Error("the sound registry is lost")
			}
			if tt.says != "" && (len(rep.Diagnosis) != 1 || !strings.Contains(rep.Diagnosis[0].Messages[0], tt.says)) {
				t.Errorf("diagnosis %+v, want %q", rep.Diagnosis, tt.says)
			}
			gaps := rep.Coverage[evidence.Handshakes].Gaps
			switch {
			case tt.gap == "" && len(gaps) > 0:
				t.Errorf("gaps %+v", gaps)
			case tt.gap != "" && (len(gaps) != 1 || gaps[0].Reason != tt.gap || gaps[0].Field != tt.field):
				t.Errorf("gaps %+v, want %s of %q", gaps, tt.gap, tt.field)
			}
		})
	}
}

func serveTLS(certificate tls.Certificate) func(net.Conn) {
	return func(c net.Conn) {
		s := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
		defer s.Close()
		buf := make([]byte, 4096)
		if _, err := s.Read(buf); err == nil {
			io.WriteString(s, "HTTP/1.1 401 Unauthorized\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") //nolint:errcheck // it may be gone
		}
	}
}

// TestWholeRunEndsInTime: --timeout bounds a run in which nothing answers.
func TestWholeRunEndsInTime(t *testing.T) {
	silent := tcpServer(t, func(c net.Conn) { io.Copy(io.Discard, c) }) //nolint:errcheck // until the client gives up
	args := []string{"collect", "--timeout", "1s", "--probe-timeout", "1m"}
	for i := range 20 {
		args = append(args, "--registry", "r"+strconv.Itoa(i)+".example:443", "--connect-to", "r"+strconv.Itoa(i)+".example:443:"+silent)
	}
	got := process{args: args}.run(t)
	if got.code != exitOK {
		t.Errorf("exit code %d, want 0\n%s", got.code, got.stderr)
	}
	if got.took > 10*time.Second {
		t.Errorf("it took %s", got.took)
	}
	var doc evidence.Document
	if err := json.Unmarshal([]byte(got.stdout), &doc); err != nil {
		t.Fatal(err)
	}
	if c := doc.Coverage[evidence.Handshakes]; len(c.Gaps) != 20 || c.Asked != 20 {
		t.Errorf("coverage %+v, want 20 gaps", c)
	}
	if n := strings.Count(got.stderr, "gap: tls: "); n != 20 {
		t.Errorf("%d gaps are named on stderr, want 20:\n%s", n, got.stderr)
	}
}
