package handshake

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

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
		{name: "a slow drip in the answer", serve: answering(drip("HTTP/1.1 200 OK\r\nX-Drip: " + strings.Repeat("x", 5000))), field: "v2", answered: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			address := test.serve(t)
			start := time.Now()
			document := probeOne(t, name, address, Options{Timeout: time.Second})
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %s, the deadline is 1 s", took)
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
