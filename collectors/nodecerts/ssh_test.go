package nodecerts_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
	"github.com/regpolicy/regpolicy/collectors/source/remote/sshtest"
)

// answer is a server that answers Command, and nothing else, with a stream.
func answer(t testing.TB, stream []byte, status int) *sshtest.Server {
	t.Helper()
	return sshtest.Start(t, sshtest.Options{Exec: func(command string, stdout, _ io.Writer) int {
		if command != nodecerts.Command() {
			return 127
		}
		if _, err := stdout.Write(stream); err != nil {
			return 1
		}
		return status
	}})
}

// pool knows the keys of servers.
func pool(t testing.TB, servers ...*sshtest.Server) func(ctx context.Context, address string) (nodecerts.Session, error) {
	t.Helper()
	known := ""
	for _, s := range servers {
		known += s.KnownHosts()
	}
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte(known), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := remote.NewPool(remote.Config{User: "capv", KnownHosts: []string{file}, ConnectTimeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return func(ctx context.Context, address string) (nodecerts.Session, error) { return p.Connect(ctx, address) }
}

func TestNodesOverSSH(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	listing := parse(t, written(t, photonListing(t, p)))
	stream := written(t, listing)
	late := *listing
	late.Began, late.Ended = listing.Began.Add(5*time.Minute), listing.Ended.Add(5*time.Minute)

	good, ahead := answer(t, stream, 0), answer(t, written(t, &late), 0)
	failed := answer(t, stream, 3)
	changed := answer(t, stream, 0)
	stalled := sshtest.Start(t, sshtest.Options{Fault: sshtest.NeverClose})
	silent := sshtest.Start(t, sshtest.Options{Fault: sshtest.Silent})
	flood := sshtest.Start(t, sshtest.Options{Fault: sshtest.Flood})
	foreign := answer(t, []byte("This account is currently not available.\n"), 1)
	greeting := answer(t, []byte("hello\n"), 0)
	half := answer(t, stream[:bytes.Index(stream, []byte(" bundle "))], 1)
	connect := pool(t, good, ahead, failed, changed, stalled, silent, flood, foreign, greeting, half)
	changed.SetHostKeys(sshtest.NewKey(t))
	down := closedPort(t)

	want := map[string]string{ // node: reason, "" where it was listed
		"good": "", "ahead": "", "failed": "", "half": "",
		"changed": "host_key_changed", "stalled": "timeout_exec", "silent": "timeout_handshake", "flood": "truncated",
		"foreign": "internal", "greeting": "parse_error", "down": "refused",
	}
	addresses := map[string]string{
		"good": good.Addr(), "ahead": ahead.Addr(), "failed": failed.Addr(), "half": half.Addr(), "changed": changed.Addr(), "stalled": stalled.Addr(),
		"silent": silent.Addr(), "flood": flood.Addr(), "foreign": foreign.Addr(), "greeting": greeting.Addr(), "down": down,
	}
	var targets []nodecerts.Target
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		targets = append(targets, nodecerts.Target{Name: name, Address: addresses[name]})
	}
	b := evidence.NewBuilder(evidence.Tool{}, testTime)
	var mu sync.Mutex
	told := 0
	begun := time.Now()
	nodecerts.CollectSSH(t.Context(), b, targets, connect, remote.Reason, nodecerts.Options{
		Timeout: 4 * time.Second, Now: func() time.Time { return testTime },
		Access: evidence.Access{HostKeyPolicy: "strict"},
		Progress: func(done, total int) {
			mu.Lock()
			defer mu.Unlock()
			if told++; done != told || total != len(targets) {
				t.Errorf("progress %d of %d, want %d of %d", done, total, told, len(targets))
			}
		},
	})
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
	doc := b.Build("internal")
	c := doc.Coverage[evidence.Nodes]
	if c.Asked != c.Answered+len(c.Gaps)+c.Skipped || c.Answered != 4 || told != len(targets) {
		t.Errorf("asked %d, answered %d, %d gaps", c.Asked, c.Answered, len(c.Gaps))
	}
	got := map[string]string{}
	for _, g := range c.Gaps {
		if g.Field == "" {
			got[g.Subject["name"]] = g.Reason
		}
	}
	for name, reason := range want {
		if got[name] != reason || doc.Nodes[name].Read != (reason == "") {
			t.Errorf("%s: reason %q, read %v, want %q", name, got[name], doc.Nodes[name].Read, reason)
		}
	}
	access := doc.Nodes["good"].Access
	if access == nil || access.Method != "ssh" || access.User != "capv" || access.HostKeyVerified == nil || !*access.HostKeyVerified ||
		!strings.HasPrefix(access.HostKey, "SHA256:") || access.HostKeyPolicy != "strict" {
		t.Errorf("access %+v", access)
	}
	if n := doc.Nodes["good"]; n.Clock.SkewSeconds == nil || *n.Clock.SkewSeconds != 0 || n.Address != "127.0.0.1" || n.TrustStore == "" || n.Provenance.Source != "ssh" {
		t.Errorf("good: %+v, clock %+v", n, n.Clock)
	}
	if skew := doc.Nodes["ahead"].Clock.SkewSeconds; skew == nil || *skew != 300 {
		t.Errorf("the skew of the node ahead is %v", skew)
	}
	if n := doc.Nodes["half"]; n.TrustStore != "" || len(n.TrustFiles) != 1 {
		t.Errorf("half: store %q, %d trust files", n.TrustStore, len(n.TrustFiles))
	}
	if n := doc.Nodes["good"]; doc.Nodes["failed"].TrustStore != n.TrustStore {
		t.Error("a listing that is whole is not taken because of the command's status")
	}
}

func photonListing(t testing.TB, p pki) *nodecerts.Listing {
	t.Helper()
	root := p.photon(t).build(t)
	kernelFiles().buildIn(t, root)
	l, err := nodecerts.ReadHostRoot(t.Context(), os.DirFS(root), os.DirFS(root+"/proc"), testTime)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCancelledFanOutLeavesGaps(t *testing.T) {
	t.Parallel()
	stalled := sshtest.Start(t, sshtest.Options{Fault: sshtest.NeverClose})
	var targets []nodecerts.Target
	for i := range 50 {
		targets = append(targets, nodecerts.Target{Name: fmt.Sprintf("wk-%d", i), Address: stalled.Addr()})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := evidence.NewBuilder(evidence.Tool{}, testTime)
	connect := pool(t, stalled)
	begun := time.Now()
	go func() {
		time.Sleep(300 * time.Millisecond)
		cancel()
	}()
	nodecerts.CollectSSH(ctx, b, targets, connect, remote.Reason, nodecerts.Options{Jobs: 4})
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	c := b.Build("cancelled").Coverage[evidence.Nodes]
	if c.Asked != 50 || len(c.Gaps) != 50 {
		t.Fatalf("asked %d, %d gaps", c.Asked, len(c.Gaps))
	}
	for _, g := range c.Gaps {
		if g.Reason != "cancelled" {
			t.Errorf("%s: %s", g.Subject, g.Reason)
		}
	}
}

// broken is a session that a bug in reading makes us panic over.
type broken struct{ nodecerts.Session }

func (broken) Exec(context.Context, string, int64) ([]byte, error) { panic("a bug") }
func (broken) Close()                                              {}

func TestAPanicCostsOneNode(t *testing.T) {
	t.Parallel()
	good := answer(t, written(t, photonListing(t, newPKI(t))), 0)
	connectGood := pool(t, good)
	connect := func(ctx context.Context, address string) (nodecerts.Session, error) {
		if address == "bug" {
			return broken{}, nil
		}
		return connectGood(ctx, address)
	}
	b := evidence.NewBuilder(evidence.Tool{}, testTime)
	nodecerts.CollectSSH(t.Context(), b, []nodecerts.Target{{Name: "bug", Address: "bug"}, {Name: "good", Address: good.Addr()}}, connect,
		func(error) string { return "no such reason" }, nodecerts.Options{Jobs: 1})
	doc := b.Build("internal")
	if c := doc.Coverage[evidence.Nodes]; c.Answered != 1 || len(c.Gaps) != 1 || c.Gaps[0].Reason != "internal" || !doc.Nodes["good"].Read {
		t.Errorf("coverage %+v", c)
	}
}

func TestNoTargets(t *testing.T) {
	t.Parallel()
	b := evidence.NewBuilder(evidence.Tool{}, testTime)
	nodecerts.CollectSSH(t.Context(), b, nil, nil, nil, nodecerts.Options{})
	if c := b.Build("internal").Coverage[evidence.Nodes]; !c.Requested || c.Asked != 0 {
		t.Errorf("coverage %+v", c)
	}
}

// closedPort is an address that refuses connections.
func closedPort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
