package collectors_test

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	mozilla "golang.org/x/crypto/x509roots/fallback/bundle"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/farend"
	"github.com/regpolicy/regpolicy/collectors/handshake"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// roundTrip is how far away the servers of the benchmarks are.
const roundTrip = 50 * time.Millisecond

// far gives so many addresses that lead to one, a round trip away.
func far(tb testing.TB, address string, many int) []string {
	tb.Helper()
	var addresses []string
	for range many {
		l, err := farend.NewLink(address, roundTrip, time.Now)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(l.Close)
		addresses = append(addresses, l.Addr())
	}
	return addresses
}

// peakHeap is the most that is live or not yet collected at once while f runs, in
// bytes, servers included.
func peakHeap(f func()) uint64 {
	runtime.GC()
	var peak uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				metrics.Read(heap)
				peak = max(peak, heap[0].Value.Uint64())
			}
		}
	}()
	f()
	close(done)
	<-ended
	return peak
}

// BenchmarkThousandNodes reads a thousand nodes with 140 public roots and a CA of
// their own each over SSH, 50 ms away.
func BenchmarkThousandNodes(b *testing.B) {
	const nodes = 1000
	var roots bytes.Buffer
	n := 0
	for root := range mozilla.Roots() {
		if n++; n <= 140 {
			_ = pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // into memory
		}
	}
	tree := b.TempDir()
	certs := filepath.Join(tree, "etc/ssl/certs")
	if err := os.MkdirAll(certs, 0o755); err != nil {
		b.Fatal(err)
	}
	for name, content := range map[string][]byte{"ca-certificates.crt": roots.Bytes(), "tkg-corp.pem": certtest.New(testTime).Root("Corp").PEM()} {
		if err := os.WriteFile(filepath.Join(certs, name), content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	listing, err := nodecerts.ReadTree(b.Context(), os.DirFS(tree))
	if err != nil {
		b.Fatal(err)
	}
	listing.Began, listing.Ended = testTime, testTime
	var stream bytes.Buffer
	if err := nodecerts.WriteStream(&stream, listing); err != nil {
		b.Fatal(err)
	}
	var executed atomic.Int64
	dir := b.TempDir()
	key, known := filepath.Join(dir, "key"), filepath.Join(dir, "known_hosts")
	server := sshtest.Start(b, sshtest.Options{Authorized: []ssh.PublicKey{writeKey(b, key)}, Exec: func(_ string, stdout, _ io.Writer) int {
		executed.Add(1)
		_, err := stdout.Write(stream.Bytes())
		return map[bool]int{true: 0, false: 1}[err == nil]
	}})
	var targets []collectors.Node
	var lines strings.Builder
	_, hostKey, _ := strings.Cut(server.KnownHosts(), " ")
	for i, address := range far(b, server.Addr(), nodes) {
		targets = append(targets, collectors.Node{Name: fmt.Sprintf("wk-%04d", i), Address: address})
		host, port, _ := net.SplitHostPort(address)
		fmt.Fprintf(&lines, "[%s]:%s %s", host, port, hostKey)
	}
	if err := os.WriteFile(known, []byte(lines.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		pool, err := remote.NewPool(remote.Config{User: "core", KeyFiles: []string{key}, KnownHosts: []string{known}})
		if err != nil {
			b.Fatal(err)
		}
		executed.Store(0)
		peak := peakHeap(func() {
			doc := collectors.Run(b.Context(), collectors.Config{Now: time.Now, SSH: pool, SSHInfo: evidence.Access{Method: "ssh"}, Nodes: targets})
			if c := doc.Coverage[evidence.Nodes]; c.Answered != nodes || executed.Load() != nodes {
				b.Fatalf("%d commands, coverage %+v", executed.Load(), c)
			}
		})
		pool.Close()
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
		b.ReportMetric(float64(stream.Len())/1024, "KiB/node")
	}
}

// BenchmarkRegistries probes five hundred registries that are 50 ms away.
func BenchmarkRegistries(b *testing.B) {
	const many = 500
	ca := certtest.New(testTime).Root("Corp")
	var targets []handshake.Target
	names := make([]string, many)
	for i := range many {
		names[i] = fmt.Sprintf("registry-%03d.corp.example", i)
		target, err := handshake.ParseTarget(names[i])
		if err != nil {
			b.Fatal(err)
		}
		targets = append(targets, target)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", ca.Leaf(names[0], certtest.Names("*.corp.example")).ServerConfig(ca))
	if err != nil {
		b.Fatal(err)
	}
	var requests atomic.Int64
	server := &http.Server{ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(listener) }()
	b.Cleanup(func() { server.Close(); <-ended })
	address := far(b, listener.Addr().String(), 1)[0]
	to := map[string]string{}
	for _, target := range targets {
		to[target.Key()] = address
	}
	for b.Loop() {
		requests.Store(0)
		doc := collectors.Run(b.Context(), collectors.Config{Now: time.Now, Registries: targets, FromCollector: true, ConnectTo: to})
		if c := doc.Coverage[evidence.Handshakes]; len(c.Gaps) > 0 || len(doc.Endpoints) != many {
			b.Fatalf("%d endpoints, coverage %+v", len(doc.Endpoints), c)
		}
		b.ReportMetric(float64(requests.Load())/many, "requests/registry")
	}
}
