package handshake

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// collectorHere is the vantage that versions are tried from.
func collectorHere() Vantage {
	v := here()
	v.Versions = true
	return v
}

// versionsOf are a probe's, written "accepted 1.2 1.3, refused 1.0 1.1".
func versionsOf(p evidence.Probe) string {
	return "accepted " + strings.Join(p.VersionsAccepted, " ") + ", refused " + strings.Join(p.VersionsRefused, " ")
}

func surveyed(t *testing.T, address string, v Vantage, opt Options) *evidence.Document {
	t.Helper()
	target := mustTarget(t, name)
	opt.ConnectTo = map[string]string{target.Key(): address}
	return collect(t, t.Context(), []Target{target}, []Vantage{v}, opt)
}

func isOld(hello *tls.ClientHelloInfo) bool {
	return !slices.ContainsFunc(hello.SupportedVersions, func(v uint16) bool { return v >= tls.VersionTLS12 })
}

// serveCounting answers as a registry and counts the connections.
func serveCounting(t *testing.T, config *tls.Config) (address string, connections *atomic.Int32) {
	t.Helper()
	connections = new(atomic.Int32)
	return listen(t, func(conn net.Conn) {
		connections.Add(1)
		server := tls.Server(conn, config)
		defer server.Close()
		if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
			_, _ = server.Write([]byte(registryAnswer))
		}
	}), connections
}

func TestVersionsAreTriedOneByOne(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	pair, rsaPair := ca.Leaf(name).TLS(ca), ca.Leaf(name, certtest.RSA(2048)).TLS(ca)
	between := func(lowest, highest uint16) *tls.Config { return &tls.Config{MinVersion: lowest, MaxVersion: highest} }
	for _, test := range []struct {
		name        string
		config      *tls.Config
		want        string
		connections int32
	}{
		{"as they should be", between(tls.VersionTLS12, tls.VersionTLS13), "accepted 1.2 1.3, refused 1.0 1.1", 3},
		{"all", between(tls.VersionTLS10, tls.VersionTLS13), "accepted 1.0 1.1 1.2 1.3, refused ", 4},
		{"all but the oldest", between(tls.VersionTLS11, tls.VersionTLS13), "accepted 1.1 1.2 1.3, refused 1.0", 4},
		{"all but the newest", between(tls.VersionTLS10, tls.VersionTLS12), "accepted 1.0 1.1 1.2, refused 1.3", 4},
		{"TLS 1.2 alone", between(tls.VersionTLS12, tls.VersionTLS12), "accepted 1.2, refused 1.0 1.1 1.3", 3},
		{"TLS 1.3 alone", between(tls.VersionTLS13, tls.VersionTLS13), "accepted 1.3, refused 1.0 1.1 1.2", 3},
		{"TLS 1.0 that clients of today may not see", &tls.Config{MinVersion: tls.VersionTLS10, GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if isOld(h) {
				return &tls.Config{Certificates: []tls.Certificate{rsaPair}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, nil
			}
			return nil, nil
		}}, "accepted 1.0 1.2 1.3, refused 1.1", 4},
		{"TLS 1.2 with an old cipher suite beside TLS 1.3", &tls.Config{CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, "accepted 1.2 1.3, refused 1.0 1.1", 3},
		{"a client certificate required", &tls.Config{MinVersion: tls.VersionTLS11, ClientAuth: tls.RequireAnyClientCert}, "accepted 1.1 1.2 1.3, refused 1.0", 4},
		{"old clients dropped", &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
			if isOld(h) {
				h.Conn.Close()
			}
			return nil, nil
		}}, "accepted 1.2 1.3, refused 1.0 1.1", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.config.Certificates = []tls.Certificate{pair, rsaPair}
			address, connections := serveCounting(t, test.config)
			document := surveyed(t, address, collectorHere(), Options{})
			if got := versionsOf(document.Endpoints[name+":443"].Probes["collector"]); got != test.want {
				t.Errorf("versions %q, want %q", got, test.want)
			}
			if got := connections.Load(); got != test.connections {
				t.Errorf("%d connections, want %d", got, test.connections)
			}
			if found := gaps(document); len(found) > 0 {
				t.Errorf("gaps = %+v", found)
			}
		})
	}
}

func TestVersionsAreNotTriedOfAServerThatFailed(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	old := &tls.Config{Certificates: []tls.Certificate{ca.Leaf(name, certtest.RSA(2048)).TLS(ca)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	oldAddress, _ := serveCounting(t, old)
	for what, address := range map[string]string{
		"nothing listens": closedPort(t), "plain HTTP": listen(t, func(conn net.Conn) { _, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }),
		"TLS 1.1 at most": oldAddress,
	} {
		document := surveyed(t, address, collectorHere(), Options{})
		if got := versionsOf(document.Endpoints[name+":443"].Probes["collector"]); got != "accepted , refused " || len(gaps(document)) > 0 {
			t.Errorf("%s: versions %q, gaps %+v", what, got, gaps(document))
		}
	}
}

func TestVersionsAreTriedFromOneVantageAlone(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	address, connections := serveCounting(t, ca.Leaf(name).ServerConfig(ca))
	node := here()
	node.Name = "node/wk-1"
	target := mustTarget(t, name)
	document := collect(t, t.Context(), []Target{target}, []Vantage{collectorHere(), node}, Options{ConnectTo: map[string]string{target.Key(): address}})
	probes := document.Endpoints[target.Key()].Probes
	if got := versionsOf(probes["node/wk-1"]); got != "accepted , refused " {
		t.Errorf("the node's versions %q", got)
	}
	if got := versionsOf(probes["collector"]); got != "accepted 1.2 1.3, refused 1.0 1.1" {
		t.Errorf("the collector's versions %q", got)
	}
	if got := connections.Load(); got != 4 {
		t.Errorf("%d connections, want 4", got)
	}
}

func TestVersionsAreTriedThroughTheProxy(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	registry, connections := serveCounting(t, ca.Leaf(name).ServerConfig(ca))
	v := through("http://" + listen(t, forward(registry, "")))
	v.Versions = true
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{v}, Options{})
	probe := document.Endpoints[name+":443"].Probes["collector"]
	if got := versionsOf(probe); got != "accepted 1.2 1.3, refused 1.0 1.1" || probe.Proxy == "" || connections.Load() != 3 {
		t.Errorf("versions %q of %+v, %d connections", got, probe, connections.Load())
	}
}

func TestAVersionThatGetsNoAnswerIsInNeitherList(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf(name).ServerConfig(ca)
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	config.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if isOld(h) {
			<-silent
		}
		return nil, nil
	}
	// Cleanups run last first: the handler must be let go before it is waited for.
	release := make(chan struct{})
	address := listen(t, func(conn net.Conn) {
		server := tls.Server(conn, config)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if _, err := http.ReadRequest(bufio.NewReader(server)); err == nil {
				_, _ = server.Write([]byte(registryAnswer))
				server.Close()
			}
		}()
		select {
		case <-done:
		case <-release:
		}
	})
	t.Cleanup(func() { close(release) })
	document := surveyed(t, address, collectorHere(), Options{Timeout: 3 * time.Second})
	if got := versionsOf(document.Endpoints[name+":443"].Probes["collector"]); got != "accepted 1.2 1.3, refused " || len(gaps(document)) > 0 {
		t.Errorf("versions %q, gaps %+v", got, gaps(document))
	}
}

func TestVersionsThatCouldNotBeTriedAreAGap(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	address, _ := serveCounting(t, ca.Leaf(name).ServerConfig(ca))
	for _, test := range []struct {
		err    error
		reason string
	}{
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, "refused"},
		{&net.DNSError{Err: "no such host", Name: name, IsNotFound: true}, "dns"},
		{&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNRESET}, "unreachable"},
		{errors.New("something else"), "unreachable"},
	} {
		v := collectorHere()
		dial := v.Dial
		var dials atomic.Int32
		v.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			if dials.Add(1) > 1 {
				return nil, test.err
			}
			return dial(ctx, network, address)
		}
		document := surveyed(t, address, v, Options{})
		endpoint := document.Endpoints[name+":443"]
		if got := versionsOf(endpoint.Probes["collector"]); got != "accepted , refused " || endpoint.Probes["collector"].Chain == "" {
			t.Errorf("%v: probe %+v", test.err, endpoint.Probes["collector"])
		}
		found := gaps(document)
		if len(found) != 1 {
			t.Fatalf("%v: gaps %+v, want 1", test.err, found)
		}
		want := evidence.Gap{Subject: evidence.Subject{"kind": "endpoint", "name": name + ":443"}, Field: "versions_accepted", Reason: test.reason, Detail: found[0].Detail}
		if diff := cmp.Diff(want, found[0]); diff != "" {
			t.Errorf("%v: gap (-want +got):\n%s", test.err, diff)
		}
	}
}

func TestVersionsThatTheRunsEndCutsOffAreAGap(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	address := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	v := collectorHere()
	dial := v.Dial
	var dials atomic.Int32
	v.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) > 1 {
			cancel()
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return dial(ctx, network, address)
	}
	target := mustTarget(t, name)
	document := collect(t, ctx, []Target{target}, []Vantage{v}, Options{ConnectTo: map[string]string{target.Key(): address}})
	found := gaps(document)
	if len(found) != 1 || found[0].Reason != "cancelled" || found[0].Field != "versions_accepted" {
		t.Errorf("gaps %+v", found)
	}
}
