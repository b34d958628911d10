package handshake

import (
	"crypto/rsa"
	"crypto/tls"
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
				return listenTLS(t, c, says("HTTP/1.1 400 Bad Request\r\nContent-Length: 49\r\n\r\n<h1>400 No required SSL certificate was sent</h1>"))
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
	if len(found) != 1 || found[0].Field != "certificates" || found[0].Reason != "truncated" {
		t.Errorf("gaps = %+v", found)
	}
}
