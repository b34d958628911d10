package collectors_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/ssh"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/handshake"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testTime = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// writeKey makes a login key.
func writeKey(t testing.TB, file string) ssh.PublicKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer.PublicKey()
}

// gather runs the collectors over the zoo, all of it.
func (z *zoo) gather(ctx context.Context, t *testing.T, withInput bool) *evidence.Document {
	t.Helper()
	cluster, pool := z.cluster(t), z.pool(t)
	defer cluster.Close()
	defer pool.Close()
	cfg := collectors.Config{
		Tool: evidence.Tool{Name: "regpolicy", Version: "test"}, Now: z.now,
		Cluster: cluster, ClusterName: "zoo", Supervisor: cluster,
		SSH: pool, SSHInfo: evidence.Access{Method: "ssh", HostKeyPolicy: "strict"},
		Probe: true, FromCollector: true, FromNodes: true, ProbeTimeout: z.limit,
		Registries: []handshake.Target{{Host: "harbor.corp.example", Port: 443}, {Host: "127.0.0.1", Port: 1}},
		ConnectTo:  map[string]string{"harbor.corp.example:443": z.registry, "token.corp.example:443": z.registry},
	}
	for _, name := range slices.Sorted(maps.Keys(z.nodes)) {
		cfg.Nodes = append(cfg.Nodes, collectors.Node{Name: name, Address: z.nodes[name].Addr()})
	}
	cfg.Nodes = append(cfg.Nodes, collectors.Node{Name: "down", Address: "127.0.0.1:1"})
	if withInput {
		cfg.Input = z.input
	}
	return collectors.Run(ctx, cfg)
}

// checkDocument holds what is true of every document, whatever went wrong.
func checkDocument(t *testing.T, doc *evidence.Document) {
	t.Helper()
	for _, name := range evidence.Collectors {
		c, ok := doc.Coverage[name]
		if !ok {
			t.Errorf("no coverage of %s", name)
		}
		if c.Asked != c.Answered+len(c.Gaps)+c.Skipped {
			t.Errorf("%s: %d asked, %d answered, %d gaps, %d skipped", name, c.Asked, c.Answered, len(c.Gaps), c.Skipped)
		}
		if c.Requested == (c.Hint != "") {
			t.Errorf("%s: requested is %t with the hint %q", name, c.Requested, c.Hint)
		}
		if !c.Requested && c.Asked > 0 {
			t.Errorf("%s: not requested, yet %d asked", name, c.Asked)
		}
		for _, g := range c.Gaps {
			if !slices.Contains(evidence.Reasons, g.Reason) || g.Subject["kind"] == "" {
				t.Errorf("%s: gap %+v", name, g)
			}
			if strings.Contains(g.Detail, "panic") || strings.Contains(g.Detail, "not in the list") {
				t.Errorf("%s: our own fault: %+v", name, g)
			}
		}
	}
	encoded, err := evidence.Encode(doc)
	if err != nil {
		t.Fatalf("the document cannot be written: %v", err)
	}
	again, err := evidence.Decode(encoded)
	if err != nil {
		t.Fatalf("the document cannot be read: %v", err)
	}
	twice, err := evidence.Encode(again)
	if err != nil || !bytes.Equal(encoded, twice) {
		t.Errorf("read and written again it is another document (%v)", err)
	}
}

// accounted tells whether a node or endpoint is in the document or a gap names it.
func accounted(t *testing.T, doc *evidence.Document, z *zoo) {
	t.Helper()
	named := map[string]bool{}
	for _, g := range doc.Coverage[evidence.Nodes].Gaps {
		named[g.Subject["name"]] = true
	}
	for _, name := range append(slices.Sorted(maps.Keys(z.nodes)), "down") {
		if node, ok := doc.Nodes[name]; (!ok || node.Access == nil) && !named[name] {
			t.Errorf("node %s was asked for, and is neither there nor a gap", name)
		}
	}
	probed := map[string]bool{}
	for _, g := range doc.Coverage[evidence.Handshakes].Gaps {
		probed[g.Subject["name"]+" "+g.Subject["vantage"]] = true
	}
	for key, e := range doc.Endpoints {
		for vantage := range e.Probes {
			probed[key+" "+vantage] = true
		}
	}
	for _, endpoint := range []string{"harbor.corp.example:443", "127.0.0.1:1"} {
		for _, vantage := range append(slices.Sorted(maps.Keys(z.nodes)), "down") {
			if !probed[endpoint+" node/"+vantage] {
				t.Errorf("%s from node %s was asked for, and is neither there nor a gap", endpoint, vantage)
			}
		}
		if !probed[endpoint+" collector"] {
			t.Errorf("%s from the collector was asked for, and is neither there nor a gap", endpoint)
		}
	}
}

// TestNothingWrong is the zoo without faults: all but the node that is down is
// had.
func TestNothingWrong(t *testing.T) {
	z := newZoo(t)
	doc := z.gather(t.Context(), t, false)
	checkDocument(t, doc)
	accounted(t, doc, z)
	for _, name := range evidence.Collectors {
		for _, g := range doc.Coverage[name].Gaps {
			if g.Field == "runtime" {
				continue // a copied tree has no processes
			}
			if g.Subject["name"] != "down" && g.Subject["vantage"] != "node/down" {
				t.Errorf("%s: gap %+v", name, g)
			}
		}
	}
	if len(doc.Pods) == 0 || len(doc.PullFailures) == 0 || len(doc.Trust) == 0 {
		t.Errorf("%d pods, %d failures, %d trust entries", len(doc.Pods), len(doc.PullFailures), len(doc.Trust))
	}
}

// TestCoverageAddsUp injects failures at random steps: whatever fails, all that
// was asked for is answered, skipped or named as a gap.
func TestCoverageAddsUp(t *testing.T) {
	z := newZoo(t)
	runs := 40
	if testing.Short() {
		runs = 8
	}
	for seed := range uint64(runs) { //nolint:gosec // small
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			z.reset(seed, []int{10, 30, 60, 100}[seed%4])
			began := time.Now()
			doc := z.gather(t.Context(), t, seed%3 == 0)
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			checkDocument(t, doc)
			if seed%3 != 0 { // else the capture's copies stand for the nodes
				accounted(t, doc, z)
			}
		})
	}
}

// TestInterruptedRunLeavesADocument cancels at random moments.
func TestInterruptedRunLeavesADocument(t *testing.T) {
	z := newZoo(t)
	runs := 40
	if testing.Short() {
		runs = 8
	}
	for seed := range uint64(runs) { //nolint:gosec // small
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			z.reset(seed, []int{0, 0, 30}[seed%3])
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			after := time.Duration(z.draw(200)) * time.Millisecond
			if seed == 0 {
				cancel()
			}
			timer := time.AfterFunc(after, cancel)
			defer timer.Stop()
			doc := z.gather(ctx, t, seed%2 == 0)
			if !errors.Is(ctx.Err(), context.Canceled) {
				t.Logf("it ended before %s", after)
			}
			checkDocument(t, doc)
			if seed%2 != 0 {
				accounted(t, doc, z)
			}
			if seed == 0 {
				for _, name := range []string{evidence.Pods, evidence.Events, evidence.Nodes, evidence.Handshakes} {
					for _, g := range doc.Coverage[name].Gaps {
						if g.Reason != "cancelled" {
							t.Errorf("%s: gap %+v of a run that was cancelled before it began", name, g)
						}
					}
				}
			}
		})
	}
}
