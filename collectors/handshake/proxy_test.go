package handshake

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// forward is an HTTP proxy's side of a connection. It wants that credential in
// Proxy-Authorization, and connects every tunnel to the given address.
func forward(address, credential string) func(net.Conn) {
	return func(conn net.Conn) {
		reader := bufio.NewReader(conn)
		request, err := http.ReadRequest(reader)
		if err != nil || request.Method != http.MethodConnect || request.Host != name+":443" {
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			return
		}
		if request.Header.Get("Proxy-Authorization") != credential {
			_, _ = conn.Write([]byte("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n"))
			return
		}
		far, err := net.Dial("tcp", address)
		if err != nil {
			_, _ = conn.Write([]byte("HTTP/1.1 503 Service Unavailable\r\n\r\n"))
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 200 Connection established\r\n\r\n"))
		var both sync.WaitGroup
		both.Go(func() { _, _ = io.Copy(far, reader); far.Close() })
		both.Go(func() { _, _ = io.Copy(conn, far); conn.Close() })
		both.Wait()
	}
}

const (
	secret     = "hunter2:with:colons"
	credential = "Basic cm9ib3Q6aHVudGVyMjp3aXRoOmNvbG9ucw==" // robot:hunter2:with:colons
)

func through(proxy string) Vantage {
	v := here()
	v.Proxy = func(string) (*url.URL, error) { return url.Parse(proxy) }
	return v
}

func TestProxies(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	registry := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	complete := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Status: 401}
	failed := seen{Scheme: "unknown", Cause: "proxy", Stage: "proxy"}
	user := "robot:" + url.QueryEscape(secret) + "@"
	serving := func(handle func(net.Conn)) func(*testing.T) string {
		return func(t *testing.T) string { return listen(t, handle) }
	}
	for _, test := range []struct {
		name   string
		user   string
		serve  func(*testing.T) string
		want   seen
		detail string
	}{
		{"a good one", "", serving(forward(registry, "")), complete, ""},
		{"a good one that wants credentials", user, serving(forward(registry, credential)), complete, ""},
		{"credentials are wanted and not known", "", serving(forward(registry, credential)), failed, "the proxy answered 407 Proxy Authentication Required"},
		{"the registry is refused", "", serving(forward(closedPort(t), "")), failed, "the proxy answered 503 Service Unavailable"},
		{"forbidden", "", serving(answerWith("HTTP/1.1 403 Forbidden\r\n\r\n")), failed, "the proxy answered 403 Forbidden"},
		{"no HTTP", "", serving(answerWith("SSH-2.0-OpenSSH_9.2\r\n")), failed, "reading the proxy's answer: malformed HTTP"},
		{"a header without end", "", serving(answerWith("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxAnswer))), failed, "reading the proxy's answer: unexpected EOF"},
		{"closed without a word", "", serving(answerWith("")), failed, "reading the proxy's answer: unexpected EOF"},
		{"connections reset", "", serving(func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.(*net.TCPConn).SetLinger(0)
		}), failed, "reading the proxy's answer: read: connection reset by peer"},
		{"refused", "", closedPort, failed, "connect: connection refused"},
		{
			"a tunnel that is cut", user, serving(func(conn net.Conn) {
				answerWith("HTTP/1.1 200 OK\r\n\r\n")(conn)
				readHello(conn)
			}),
			seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true},
			"EOF",
		},
		{
			"bytes that come along with the answer", "", serving(answerWith("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n")),
			seen{Scheme: "http", Cause: "http_not_https", Stage: "handshake", Reached: true},
			"plain HTTP",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			address := test.serve(t)
			document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{through("http://" + test.user + address)}, Options{Timeout: 5 * time.Second})
			if diff := cmp.Diff(test.want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
				t.Errorf("probe (-want +got):\n%s", diff)
			}
			probe := document.Endpoints[name+":443"].Probes["collector"]
			if probe.Proxy != address || probe.Address != "" {
				t.Errorf("proxy = %q, address = %q", probe.Proxy, probe.Address)
			}
			if test.detail != "" && !strings.Contains(probe.Failure.Detail, test.detail) {
				t.Errorf("detail = %q, want %q", probe.Failure.Detail, test.detail)
			}
			text, err := evidence.Encode(document)
			if err != nil || bytes.Contains(text, []byte("hunter2")) || bytes.Contains(text, []byte("robot")) || bytes.Contains(text, []byte(credential[6:])) {
				t.Errorf("credentials are in the document, or %v:\n%s", err, text)
			}
		})
	}
}

func answerWith(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = conn.Write([]byte(text))
		}
	}
}

func TestProxiesOverTLSAreVerified(t *testing.T) {
	ca := certtest.New(time.Now()).Root("Test Root")
	registry := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	heard := make(chan string, 2)
	proxyConfig := ca.Leaf("127.0.0.1").ServerConfig(ca)
	proxy := listen(t, func(conn net.Conn) {
		secure := tls.Server(conn, proxyConfig)
		defer secure.Close()
		if err := secure.Handshake(); err != nil {
			heard <- "refused"
			return
		}
		heard <- "accepted"
		forward(registry, credential)(secure)
	})
	trusting := through("https://robot:" + url.QueryEscape(secret) + "@" + proxy)
	trusting.ProxyRoots = x509.NewCertPool()
	trusting.ProxyRoots.AddCert(ca.Certificate)
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{trusting}, Options{})
	want := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Status: 401}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" || <-heard != "accepted" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}

	strange := trusting
	strange.ProxyRoots = x509.NewCertPool()
	document = collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{strange}, Options{})
	want = seen{Scheme: "unknown", Cause: "proxy", Stage: "proxy"}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" || <-heard != "refused" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	if got := document.Endpoints[name+":443"].Probes["collector"].Failure.Detail; !strings.Contains(got, "unknown authority") {
		t.Errorf("detail = %q", got)
	}
}

func TestProxiesThatAreNoFactAboutTheRegistry(t *testing.T) {
	silent := listen(t, swallow)
	broken := here()
	broken.Proxy = func(string) (*url.URL, error) { return nil, errors.New("invalid proxy http://robot:hunter2@proxy:x/") }
	for _, test := range []struct {
		name    string
		vantage Vantage
		reason  string
	}{
		{"silent", through("http://" + silent), "timeout_connect"},
		{"of a scheme that is not spoken", through("socks5://127.0.0.1:1080"), "internal"},
		{"without a host", through("http://:3128"), "internal"},
		{"wrongly set", broken, "internal"},
	} {
		t.Run(test.name, func(t *testing.T) {
			document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{test.vantage}, Options{Timeout: 300 * time.Millisecond})
			found := gaps(document)
			if len(found) != 1 || found[0].Reason != test.reason || strings.Contains(found[0].Detail, "hunter2") {
				t.Errorf("gaps = %+v, want reason %q", found, test.reason)
			}
		})
	}
}

func TestProxyIsAskedForWhatIsDialled(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	address := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	v := here()
	v.Proxy = func(hostport string) (*url.URL, error) {
		if hostport != address {
			t.Errorf("proxy is asked for %q, want %q", hostport, address)
		}
		return nil, nil
	}
	opt := Options{ConnectTo: map[string]string{name + ":443": address}}
	collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{v}, opt)
}
