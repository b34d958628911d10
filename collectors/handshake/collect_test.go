package handshake

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const name = "registry.corp.example"

func TestCollectRecordsWhatAServerPresents(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	pair := ca.Leaf(name).TLS(ca)
	seen := make(chan *http.Request, 1)
	sni := make(chan string, 1)
	config := &tls.Config{Certificates: []tls.Certificate{pair}, GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		sni <- hello.ServerName
		return nil, nil
	}}
	address := listenTLS(t, config, func(conn net.Conn, request *http.Request) {
		seen <- request
		says(registryAnswer)(conn, request)
	})
	document := probeOne(t, name, address, Options{})

	endpoint := document.Endpoints[name+":443"]
	prints := []string{fingerprint(t, pair.Certificate[0]), fingerprint(t, pair.Certificate[1])}
	key := evidence.ChainKey(prints)
	at := evidence.At(testTime)
	want := evidence.Probe{
		Address: address, SNI: name, Reached: true, Scheme: "https", Chain: key,
		TLS: &evidence.TLS{Version: "1.3", Cipher: endpoint.Probes["collector"].TLS.Cipher},
		V2:  &evidence.V2{Status: 401, APIVersion: "registry/2.0", AuthScheme: "basic"}, ProbedAt: &at,
		Provenance: evidence.Provenance{Source: "probe", Method: "handshake"},
	}
	if diff := cmp.Diff(want, endpoint.Probes["collector"], cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("probe (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(want.TLS.Cipher, "TLS_") {
		t.Errorf("cipher = %q", want.TLS.Cipher)
	}
	if diff := cmp.Diff(prints, endpoint.Chains[key].Certificates); diff != "" {
		t.Errorf("chain (-want +got):\n%s", diff)
	}
	if !endpoint.Chains[key].Name.OK {
		t.Errorf("name = %+v, want OK", endpoint.Chains[key].Name)
	}
	for _, fp := range prints {
		if _, ok := document.Certificates[fp]; !ok {
			t.Errorf("certificate %s is not recorded", fp)
		}
	}
	if got := <-sni; got != name {
		t.Errorf("SNI = %q, want %q", got, name)
	}
	request := <-seen
	if request.Host != name || request.URL.Path != "/v2/" || request.UserAgent() != "regpolicy/test" || request.Header.Get("Authorization") != "" {
		t.Errorf("request = %s %q, User-Agent %q", request.URL, request.Host, request.UserAgent())
	}
}

func fingerprint(t testing.TB, der []byte) string {
	t.Helper()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Fingerprint(parsed)
}

func TestCollectSendsNoServerNameToAnIPAddress(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf("127.0.0.1").ServerConfig(ca)
	sni := make(chan string, 1)
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		sni <- hello.ServerName
		return nil, nil
	}
	address := listenTLS(t, config, says(registryAnswer))
	document := collect(t, t.Context(), []Target{mustTarget(t, address)}, []Vantage{here()}, Options{})
	endpoint := document.Endpoints[address]
	probe := endpoint.Probes["collector"]
	if probe.SNI != "" || <-sni != "" || probe.Failure != nil {
		t.Errorf("probe = %+v", probe)
	}
	if !endpoint.Chains[probe.Chain].Name.OK {
		t.Errorf("name = %+v, want OK", endpoint.Chains[probe.Chain].Name)
	}
}

func TestCollectFollowsTheRealm(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	token := listenTLS(t, ca.Leaf("auth.corp.example").ServerConfig(ca), says("HTTP/1.1 404 Not Found\r\nWWW-Authenticate: Bearer realm=\"https://elsewhere.corp.example/\"\r\n\r\n"))
	registry := listenTLS(t, ca.Leaf(name).ServerConfig(ca),
		says("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://user:hunter2@auth.corp.example/token\",service=\"s\"\r\n\r\n"))
	opt := Options{FollowRealm: true, ConnectTo: map[string]string{name + ":443": registry, "auth.corp.example:443": token}}
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{here()}, opt)

	v2 := document.Endpoints[name+":443"].Probes["collector"].V2
	if diff := cmp.Diff(&evidence.V2{Status: 401, AuthScheme: "bearer", RealmHost: "auth.corp.example:443"}, v2); diff != "" {
		t.Errorf("v2 (-want +got):\n%s", diff)
	}
	endpoint := document.Endpoints["auth.corp.example:443"]
	if diff := cmp.Diff([]string{RoleToken}, endpoint.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if endpoint.Probes["collector"].Chain == "" {
		t.Errorf("probe = %+v, want a chain", endpoint.Probes["collector"])
	}
	if len(document.Endpoints) != 2 {
		t.Errorf("%d endpoints, want 2: a token service's own realm is not followed", len(document.Endpoints))
	}

	opt.FollowRealm = false
	if got := len(collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{here()}, opt).Endpoints); got != 1 {
		t.Errorf("%d endpoints without FollowRealm, want 1", got)
	}
}

func TestCollectGivesARealmOnItsOwnHostTheTokenRole(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	var connections atomic.Int32
	address := listenTLS(t, ca.Leaf(name).ServerConfig(ca), func(conn net.Conn, r *http.Request) {
		connections.Add(1)
		says("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"https://"+name+"/service/token\"\r\n\r\n")(conn, r)
	})
	document := probeOne(t, name, address, Options{FollowRealm: true})
	if diff := cmp.Diff([]string{RoleRegistry, RoleToken}, document.Endpoints[name+":443"].Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("%d connections, want 1", got)
	}
}

func TestCollectMergesTargetsAndVantages(t *testing.T) {
	ca := certtest.New(testTime).Root("Test Root")
	address := listenTLS(t, ca.Leaf(name).ServerConfig(ca), says(registryAnswer))
	node := here()
	node.Name = "node/wk-1"
	twice := []Target{
		{Host: name, Port: 443, Roles: []string{RoleRequested}},
		{Host: name, Port: 443, Roles: []string{RoleRegistry, RoleRequested}},
	}
	var last atomic.Int32
	opt := Options{ConnectTo: map[string]string{name + ":443": address}, Progress: func(done, total int) {
		last.Store(int32(done))
		if total != 2 {
			t.Errorf("total = %d, want 2", total)
		}
	}}
	document := collect(t, t.Context(), twice, []Vantage{here(), node}, opt)
	endpoint := document.Endpoints[name+":443"]
	if diff := cmp.Diff([]string{RoleRegistry, RoleRequested}, endpoint.Roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
	if len(endpoint.Probes) != 2 || len(endpoint.Chains) != 1 {
		t.Errorf("%d probes and %d chains, want 2 and 1", len(endpoint.Probes), len(endpoint.Chains))
	}
	if last.Load() != 2 {
		t.Errorf("progress ended at %d, want 2", last.Load())
	}
}

func TestCollectWithoutTargetsWasAskedForAllTheSame(t *testing.T) {
	document := collect(t, t.Context(), nil, []Vantage{here()}, Options{})
	if c := document.Coverage[evidence.Handshakes]; !c.Requested || c.Asked != 0 {
		t.Errorf("coverage = %+v", c)
	}
}

func TestCollectKeepsItsLimits(t *testing.T) {
	var now, most [2]atomic.Int32
	hold := func(i int) string {
		return listen(t, func(conn net.Conn) {
			n := now[i].Add(1)
			for {
				m := most[i].Load()
				if n <= m || most[i].CompareAndSwap(m, n) {
					break
				}
			}
			time.Sleep(20 * time.Millisecond)
			now[i].Add(-1)
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
		})
	}
	first, second := hold(0), hold(1)
	var vantages []Vantage
	for i := range 12 {
		v := here()
		v.Name = fmt.Sprintf("node/wk-%d", i)
		vantages = append(vantages, v)
	}
	targets := []Target{mustTarget(t, first), mustTarget(t, second)}
	document := collect(t, t.Context(), targets, vantages, Options{PerHost: 2, Total: 3})
	if got := document.Coverage[evidence.Handshakes].Answered; got != 24 {
		t.Errorf("%d answered, want 24", got)
	}
	for i := range most {
		if got := most[i].Load(); got > 2 {
			t.Errorf("server %d had %d connections at once, want at most 2", i, got)
		}
	}
}

func TestCollectTurnsACancelledRunIntoGaps(t *testing.T) {
	silent := listen(t, swallow)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	var vantages []Vantage
	for i := range 6 {
		v := here()
		v.Name = fmt.Sprintf("node/wk-%d", i)
		vantages = append(vantages, v)
	}
	document := collect(t, ctx, []Target{mustTarget(t, silent)}, vantages, Options{PerHost: 2})
	found := gaps(document)
	if len(found) != 6 {
		t.Fatalf("%d gaps, want 6: %+v", len(found), found)
	}
	for _, gap := range found {
		if gap.Reason != "cancelled" {
			t.Errorf("gap = %+v, want reason cancelled", gap)
		}
	}
	if probes := document.Endpoints[silent].Probes; len(probes) != 0 {
		t.Errorf("probes = %+v, want none", probes)
	}
}

func TestCollectSurvivesAPanic(t *testing.T) {
	v := here()
	v.Dial = func(context.Context, string, string) (net.Conn, error) { panic("password=hunter2") }
	document := collect(t, t.Context(), []Target{mustTarget(t, name)}, []Vantage{v}, Options{})
	found := gaps(document)
	if len(found) != 1 || found[0].Reason != "internal" || strings.Contains(found[0].Detail, "hunter2") {
		t.Errorf("gaps = %+v", found)
	}
}

// swallow reads for ever and answers nothing.
func swallow(conn net.Conn) {
	buffer := make([]byte, 4096)
	for {
		if _, err := conn.Read(buffer); err != nil {
			return
		}
	}
}

// BenchmarkTranscript reads what s_client said of a chain.
func BenchmarkTranscript(b *testing.B) {
	text := saved(b, "cbc")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if o := readTranscript(text); o.gap != nil || len(o.chain) != 2 {
			b.Fatalf("outcome = %+v", o)
		}
	}
}

// BenchmarkProbe is a whole probe of a registry, the server's work included; nobody waits.
func BenchmarkProbe(b *testing.B) {
	ca := certtest.New(testTime).Root("Test Root")
	config := ca.Leaf(name).ServerConfig(ca)
	address := listenTLS(b, config, says(registryAnswer))
	v := here()
	d := &dialer{target: mustTarget(b, name), address: address, vantage: &v, agent: "regpolicy/test"}
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
		if o := d.probe(ctx, ctx); o.gap != nil || o.probe.Failure != nil {
			b.Fatalf("outcome = %+v", o)
		}
		cancel()
	}
}
