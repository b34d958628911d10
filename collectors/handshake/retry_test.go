package handshake

import (
	"bufio"
	"crypto/tls"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

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

func TestTheSecondTryKeepsTheDeadline(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	for _, test := range []struct {
		name  string
		first func(net.Conn)
		want  seen
	}{
		{"after a dropped connection", readHello, seen{Scheme: "unknown", Cause: "reset", Stage: "handshake", Reached: true}},
		{"after a refusal", func(conn net.Conn) {
			config := ca.Leaf(name).ServerConfig(ca)
			config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
			_ = tls.Server(conn, config).Handshake()
		}, seen{Scheme: "https", Cause: "tls_version", Stage: "handshake", Reached: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			first := make(chan bool, 1)
			first <- true
			address := listen(t, func(conn net.Conn) {
				select {
				case <-first:
					test.first(conn)
				default:
					swallow(conn)
				}
			})
			document := probeOne(t, name, address, Options{Timeout: time.Second})
			if diff := cmp.Diff(test.want, look(document.Endpoints[name+":443"], "collector")); diff != "" || len(gaps(document)) > 0 {
				t.Errorf("gaps %+v, probe (-want +got):\n%s", gaps(document), diff)
			}
		})
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
