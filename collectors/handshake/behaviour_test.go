package handshake

import (
	"bufio"
	"crypto/rsa"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// seen is what a test looks at of a probe.
type seen struct {
	Scheme, Cause, Stage, Version string
	Chain                         int // certificates recorded
	Reached, Requested, Required  bool
	Status                        int
}

func look(e evidence.Endpoint, vantage string) seen {
	p := e.Probes[vantage]
	s := seen{
		Scheme: p.Scheme, Reached: p.Reached, Chain: len(e.Chains[p.Chain].Certificates),
		Requested: p.ClientCertificateRequested, Required: p.ClientCertificateRequired,
	}
	if p.Failure != nil {
		s.Cause, s.Stage = p.Failure.Cause, p.Failure.Stage
	}
	if p.TLS != nil {
		s.Version = p.TLS.Version
	}
	if p.V2 != nil {
		s.Status = p.V2.Status
	}
	return s
}

func TestServersThatFail(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	modulus := new(big.Int).SetBit(big.NewInt(1), 16384-1, 1) // nobody has its factors
	oversized := ca.Intermediate("Oversized CA", certtest.PublicKey(&rsa.PublicKey{N: modulus, E: 65537}))
	pair, rsaPair := ca.Leaf(name).TLS(ca), ca.Leaf(name, certtest.RSA(2048)).TLS(ca)
	config := func(change func(*tls.Config)) func(*testing.T) string {
		return func(t *testing.T) string {
			c := &tls.Config{Certificates: []tls.Certificate{pair, rsaPair}}
			change(c)
			return listenTLS(t, c, says(registryAnswer))
		}
	}
	raw := func(handle func(net.Conn)) func(*testing.T) string {
		return func(t *testing.T) string { return listen(t, handle) }
	}
	afterHello := func(text string) func(*testing.T) string {
		return raw(func(conn net.Conn) {
			readHello(conn)
			_, _ = conn.Write([]byte(text))
		})
	}
	withChain := func(chain [][]byte, highest uint16) func(*testing.T) string {
		return config(func(c *tls.Config) {
			c.Certificates = []tls.Certificate{{Certificate: chain, PrivateKey: pair.PrivateKey}}
			c.MaxVersion = highest
		})
	}
	for _, test := range []struct {
		name  string
		serve func(*testing.T) string
		want  seen
	}{
		{"nothing listens", closedPort, seen{Scheme: "unknown", Cause: "refused", Stage: "dial"}},
		{
			"plain HTTP", func(t *testing.T) string {
				server := httptest.NewServer(http.NotFoundHandler())
				t.Cleanup(server.Close)
				return server.Listener.Addr().String()
			},
			seen{Scheme: "http", Cause: "http_not_https", Stage: "handshake", Reached: true},
		},
		{"an old web server's bare HTML", afterHello("<html>\r\n<head><title>400"), seen{Scheme: "http", Cause: "http_not_https", Stage: "handshake", Reached: true}},
		{"an SSH server", afterHello("SSH-2.0-OpenSSH_9.2\r\n"), seen{Scheme: "unknown", Cause: "tls_handshake", Stage: "handshake", Reached: true}},
		{"garbage", afterHello(strings.Repeat("\x00\xff\x17", 4096)), seen{Scheme: "unknown", Cause: "tls_handshake", Stage: "handshake", Reached: true}},
		{"a record that claims 64 KiB", afterHello("\x16\x03\x03\xff\xff" + strings.Repeat("x", 1<<16)), seen{Scheme: "unknown", Cause: "tls_handshake", Stage: "handshake", Reached: true}},
		{"connections reset", raw(func(conn net.Conn) {
			readHello(conn)
			_ = conn.(*net.TCPConn).SetLinger(0)
		}), seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true}},
		{"connections closed", raw(func(conn net.Conn) { readHello(conn) }), seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true}},
		{
			"TLS 1.0 only", config(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }),
			seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true, Version: "1.0", Chain: 2},
		},
		{
			"TLS 1.1 only", config(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }),
			seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true, Version: "1.1", Chain: 2},
		},
		{
			"a ServerHello of TLS 1.1", afterHello(serverHello(tls.VersionTLS11)),
			seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true},
		},
		{
			"RSA key exchange only", config(func(c *tls.Config) {
				c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
			}),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.2", Chain: 2},
		},
		{
			"an alert for the name", config(func(c *tls.Config) {
				c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errors.New("no such host") }
			}),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true},
		},
		{
			"client certificate required, TLS 1.2", config(func(c *tls.Config) { c.MaxVersion, c.ClientAuth = tls.VersionTLS12, tls.RequireAnyClientCert }),
			seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.2", Chain: 2, Requested: true, Required: true},
		},
		{
			"client certificate required, TLS 1.3", config(func(c *tls.Config) { c.MinVersion, c.ClientAuth = tls.VersionTLS13, tls.RequireAnyClientCert }),
			seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.3", Chain: 2, Requested: true, Required: true},
		},
		{
			"client certificate requested only", config(func(c *tls.Config) { c.ClientAuth = tls.RequestClientCert }),
			seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Requested: true, Status: 401},
		},
		{
			"client certificate required by nginx", func(t *testing.T) string {
				c := &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}
				return listenTLS(t, c, says("HTTP/1.1 400 Bad Request\r\nContent-Length: 61\r\n\r\n<center><h1>400 No required SSL certificate was sent</h1></cen"))
			},
			seen{Scheme: "https", Cause: "client_certificate_required", Stage: "handshake", Reached: true, Version: "1.3", Chain: 2, Requested: true, Required: true, Status: 400},
		},
		{
			"a CA of RSA 16384 in the chain, TLS 1.2", withChain([][]byte{pair.Certificate[0], oversized.Certificate.Raw}, tls.VersionTLS12),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.2", Chain: 2},
		},
		{
			"a CA of RSA 16384 in the chain, TLS 1.3 too", withChain([][]byte{pair.Certificate[0], oversized.Certificate.Raw}, 0),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.3", Chain: 2},
		},
		{
			"a certificate that is none", withChain([][]byte{[]byte("certificate")}, 0),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.3"},
		},
		{
			"10,000 certificates", withChain(repeat(pair.Certificate[0], 10000), 0),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.3"},
		},
		{
			"a handshake message of 1 MB", afterHello(serverHello(tls.VersionTLS12) + handshakeMessage(11, 1<<20)),
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.2"},
		},
		{
			"empty records without end", raw(func(conn net.Conn) {
				readHello(conn)
				for {
					if _, err := conn.Write([]byte("\x16\x03\x03\x00\x00")); err != nil {
						return
					}
				}
			}),
			seen{Scheme: "unknown", Cause: "tls_handshake", Stage: "handshake", Reached: true},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			document := probeOne(t, name, test.serve(t), Options{Timeout: 5 * time.Second})
			if diff := cmp.Diff(test.want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
				t.Errorf("probe (-want +got):\n%s", diff)
			}
			if found := gaps(document); len(found) > 0 {
				t.Errorf("gaps = %+v, want none: it is an answer", found)
			}
		})
	}
}

func TestDroppedConnectionsAreTriedOnceMore(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf(name).ServerConfig(ca)
	drop := make(chan bool, 1)
	drop <- true
	address := listen(t, func(conn net.Conn) {
		select {
		case <-drop:
			readHello(conn)
		default:
			server := tls.Server(conn, config)
			defer server.Close()
			if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				_, _ = server.Write([]byte(registryAnswer))
			}
		}
	})
	document := probeOne(t, name, address, Options{})
	want := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: 2, Status: 401}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
}

func TestOldServersThatDropNewClients(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	pair := ca.Leaf(name, certtest.RSA(2048)).TLS(ca)
	for _, test := range []struct {
		name   string
		config *tls.Config
		want   seen
	}{
		{
			"TLS 1.0", &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10},
			seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true, Version: "1.0", Chain: 2},
		},
		{
			"an insecure cipher suite", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}},
			seen{Scheme: "https", Cause: "tls_handshake", Stage: "handshake", Reached: true, Version: "1.2", Chain: 2},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.config.Certificates = []tls.Certificate{pair}
			first := make(chan bool, 1)
			first <- true
			address := listen(t, func(conn net.Conn) {
				select {
				case <-first:
					readHello(conn)
				default:
					_ = tls.Server(conn, test.config).Handshake()
				}
			})
			document := probeOne(t, name, address, Options{})
			if diff := cmp.Diff(test.want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
				t.Errorf("probe (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongChainsAreCut(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	pair := ca.Leaf(name).TLS(ca)
	pair.Certificate = repeat(pair.Certificate[0], maxCertificates+8)
	address := listenTLS(t, &tls.Config{Certificates: []tls.Certificate{pair}}, says(registryAnswer))
	document := probeOne(t, name, address, Options{})
	want := seen{Scheme: "https", Reached: true, Version: "1.3", Chain: maxCertificates, Status: 401}
	if diff := cmp.Diff(want, look(document.Endpoints[name+":443"], "collector")); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	found := gaps(document)
	if len(found) != 1 || found[0].Field != "chain" || found[0].Reason != "truncated" {
		t.Errorf("gaps = %+v", found)
	}
}

func TestServersThatCostTheDeadline(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf(name).ServerConfig(ca)
	drip := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			for _, b := range []byte(text) {
				if _, err := conn.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
	}
	answering := func(write func(net.Conn)) func(*testing.T) string {
		return func(t *testing.T) string {
			return listenTLS(t, config, func(conn net.Conn, _ *http.Request) { write(conn) })
		}
	}
	for _, test := range []struct {
		name     string
		serve    func(*testing.T) string
		field    string // of the gap; "" when nothing is known
		answered bool
	}{
		{name: "silent", serve: func(t *testing.T) string { return listen(t, swallow) }},
		{name: "a slow drip in the handshake", serve: func(t *testing.T) string {
			return listen(t, drip(serverHello(tls.VersionTLS12)+handshakeMessage(11, 200<<10)))
		}},
		{name: "never answers /v2/", serve: answering(swallow), field: "v2", answered: true},
		{name: "a slow drip in the answer", serve: answering(drip("HTTP/1.1 200 OK\r\nX-Drip: " + strings.Repeat("x", 500))), field: "v2", answered: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address := test.serve(t)
			start := time.Now()
			document := probeOne(t, name, address, Options{Timeout: 400 * time.Millisecond})
			if took := time.Since(start); took > 1500*time.Millisecond {
				t.Errorf("it took %s, the deadline is 400 ms", took)
			}
			found := gaps(document)
			if len(found) != 1 || found[0].Reason != "timeout_handshake" || found[0].Field != test.field {
				t.Errorf("gaps = %+v", found)
			}
			probe, observed := document.Endpoints[name+":443"].Probes["collector"]
			if observed != test.answered || probe.Failure != nil || probe.V2 != nil {
				t.Errorf("probe = %+v, observed %v", probe, observed)
			}
		})
	}
}

func TestAnswersToV2(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf(name).ServerConfig(ca)
	endless := func(head string) func(net.Conn, *http.Request) {
		return func(conn net.Conn, _ *http.Request) {
			_, err := conn.Write([]byte(head))
			for err == nil {
				_, err = conn.Write([]byte(strings.Repeat("x", 1<<10)))
			}
		}
	}
	for _, test := range []struct {
		name    string
		respond func(net.Conn, *http.Request)
		want    *evidence.V2
	}{
		{"a registry without authentication", says("HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\n\r\n"), &evidence.V2{Status: 200, APIVersion: "registry/2.0"}},
		{"a redirect, not followed", says("HTTP/1.1 302 Found\r\nLocation: https://other.corp.example/\r\n\r\n"), &evidence.V2{Status: 302}},
		{"early hints first", says("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n"), &evidence.V2{Status: 404}},
		{"interim answers without end", says(strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 100)), &evidence.V2{Error: "nothing but interim answers"}},
		{"a body without end", endless("HTTP/1.1 200 OK\r\n\r\n"), &evidence.V2{Status: 200}},
		{"a body that is never finished", func(conn net.Conn, r *http.Request) {
			says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")(conn, r)
			swallow(conn)
		}, &evidence.V2{Status: 200}},
		{"a header without end", endless("HTTP/1.1 200 OK\r\nX-Endless: "), &evidence.V2{Error: "the header of the answer has no end"}},
		{"no HTTP", says("220 smtp ready\r\n"), &evidence.V2{Error: `malformed HTTP status code "smtp"`}},
		{"closed without a word", says(""), &evidence.V2{Error: "unexpected EOF"}},
		{"a header as long as a page", says("HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: " + strings.Repeat("r", 1000) + "\r\n\r\n"), &evidence.V2{Status: 200, APIVersion: strings.Repeat("r", maxAPIVersion)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address, start := listenTLS(t, config, test.respond), time.Now()
			document := probeOne(t, name, address, Options{Timeout: 10 * time.Second})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			probe := document.Endpoints[name+":443"].Probes["collector"]
			if diff := cmp.Diff(test.want, probe.V2); diff != "" {
				t.Errorf("v2 (-want +got):\n%s", diff)
			}
			if probe.Failure != nil || probe.Chain == "" || len(gaps(document)) > 0 {
				t.Errorf("probe = %+v, gaps = %+v", probe, gaps(document))
			}
		})
	}
}

func closedPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// readHello reads one TLS record.
func readHello(conn net.Conn) {
	header := make([]byte, 5)
	if _, err := conn.Read(header); err == nil {
		_, _ = conn.Read(make([]byte, binary.BigEndian.Uint16(header[3:])))
	}
}

// serverHello is the record of a ServerHello up to TLS 1.2 for a suite that
// every client offers.
func serverHello(version uint16) string {
	body := binary.BigEndian.AppendUint16(nil, version)
	body = append(body, make([]byte, 32)...) // random
	body = append(body, 0)                   // no session id
	body = binary.BigEndian.AppendUint16(body, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)
	body = append(body, 0) // no compression
	message := append([]byte{2, 0, 0, byte(len(body))}, body...)
	return string(append([]byte{22, 3, 3, 0, byte(len(message))}, message...))
}

// handshakeMessage is a message of that type and size, in records.
func handshakeMessage(kind byte, size int) string {
	message := append([]byte{kind, byte(size >> 16), byte(size >> 8), byte(size)}, make([]byte, size)...)
	var out []byte
	for len(message) > 0 {
		n := min(len(message), 1<<14)
		out = append(binary.BigEndian.AppendUint16(append(out, 22, 3, 3), uint16(n)), message[:n]...)
		message = message[n:]
	}
	return string(out)
}

func repeat(der []byte, times int) [][]byte {
	chain := make([][]byte, times)
	for i := range chain {
		chain[i] = der
	}
	return chain
}
