package collectors_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// busyRegistry is a registry at a listener of its own that takes its time, and counts
// the connections that wait for it: from the moment the system has one until the
// registry answers its greeting, and from its request until the answer. What a
// client has done with, and the registry has not seen end, does not count.
type busyRegistry struct {
	net.Listener
	mu                    sync.Mutex
	connected, busy, most int
}

const registryTakes = 5 * time.Millisecond

func (r *busyRegistry) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err == nil {
		r.count(1)
		r.mu.Lock()
		r.connected++
		r.mu.Unlock()
	}
	return c, err
}

func (r *busyRegistry) count(change int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy += change
	r.most = max(r.most, r.busy)
}

func (r *busyRegistry) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	r.count(1)
	time.Sleep(registryTakes)
	r.count(-1)
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
}

func startBusyRegistry(t *testing.T, leaf, ca *certtest.Pair) *busyRegistry {
	t.Helper()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &busyRegistry{Listener: plain}
	settings := leaf.ServerConfig(ca)
	settings.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		time.Sleep(registryTakes)
		r.count(-1)
		return nil, nil
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Handler: r}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(tls.NewListener(r, settings)) }()
	t.Cleanup(func() { server.Close(); <-ended })
	return r
}

// A thousand nodes and five registries are five thousand pairs. Sixteen nodes look at
// each registry, once each, and the collector, which tries the versions too; no
// registry has more than four at once.
func TestAThousandNodesDoNotOverloadARegistry(t *testing.T) {
	const nodes, registries, atOnce = 1000, 5, 4
	ca := certtest.New(testTime).Root("Corp")
	listing, err := nodecerts.ReadTree(t.Context(), fstest.MapFS{
		"etc/ssl/certs/ca-certificates.crt": {Data: ca.PEM(), Mode: 0o644, ModTime: testTime},
	})
	if err != nil {
		t.Fatal(err)
	}
	listing.Began, listing.Ended = testTime, testTime
	dir := t.TempDir()
	key, known := filepath.Join(dir, "key"), filepath.Join(dir, "known_hosts")
	// One server is all nodes: what is counted is at the registries.
	server := sshtest.Start(t, sshtest.Options{Authorized: []ssh.PublicKey{writeKey(t, key)}, Exec: func(_ string, stdout, _ io.Writer) int {
		return map[bool]int{true: 0, false: 1}[nodecerts.WriteStream(stdout, listing) == nil]
	}})
	if err := os.WriteFile(known, []byte(server.KnownHosts()), 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := remote.NewPool(remote.Config{User: "core", KeyFiles: []string{key}, KnownHosts: []string{known}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	var busy []*busyRegistry
	var targets []handshake.Target
	for range registries {
		r := startBusyRegistry(t, ca.Leaf("127.0.0.1"), ca)
		target, err := handshake.ParseTarget(r.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		busy, targets = append(busy, r), append(targets, target)
	}
	var workers []collectors.Node
	for i := range nodes {
		workers = append(workers, collectors.Node{Name: fmt.Sprintf("wk-%04d", i), Address: server.Addr()})
	}
	doc := collectors.Run(t.Context(), collectors.Config{
		Now: time.Now, SSH: pool, SSHInfo: evidence.Access{Method: "ssh"}, Nodes: workers,
		Registries: targets, FromCollector: true, FromNodes: true,
	})
	if c := doc.Coverage[evidence.Nodes]; c.Answered != nodes {
		t.Fatalf("coverage of nodes %+v", c)
	}
	const vantages = 16 + 1
	if c := doc.Coverage[evidence.Handshakes]; c.Answered != registries*vantages || len(c.Gaps) > 0 {
		t.Errorf("coverage of handshakes %+v", c)
	}
	const versions = 3 // that the first handshake did not show
	for i, r := range busy {
		t.Logf("registry %d: %d connections, %d at once", i, r.connected, r.most)
		if r.most > atOnce || r.most < 2 {
			t.Errorf("registry %d had %d connections at once, want at most %d", i, r.most, atOnce)
		}
		if r.connected > vantages+versions {
			t.Errorf("registry %d had %d connections, want at most %d", i, r.connected, vantages+versions)
		}
	}
}
