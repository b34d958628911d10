package nodecerts_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

func TestFactsOfTheAPIStay(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	l, err := nodecerts.ReadTree(t.Context(), os.DirFS(p.photon(t).build(t)))
	if err != nil {
		t.Fatal(err)
	}
	doc := recordListing(t, l, func(d *evidence.Document) {
		d.Nodes["wk-1"] = evidence.Node{
			Role: "worker", Address: "10.0.0.1", OS: "as the API has it", Cluster: "demo",
			Runtime: &evidence.Runtime{Name: "containerd", Version: "1.7.35"},
		}
	})
	n := doc.Nodes["wk-1"]
	if n.Role != "worker" || n.Address != "10.0.0.1" || n.Cluster != "demo" || n.Runtime.Version != "1.7.35" || n.OS != "VMware Photon OS/Linux" {
		t.Errorf("the node is %+v with runtime %+v", n, n.Runtime)
	}
}

func TestRuntimeStart(t *testing.T) {
	t.Parallel()
	stat := func(text string) fstest.MapFS {
		fsys := fstest.MapFS{"stat": {Data: []byte("btime 1795400000\n")}, "1/stat": {Data: []byte("1 (systemd) S 0 0")}}
		for i, line := range strings.Split(text, "\n") {
			fsys[string(rune('2'+i))+"00/stat"] = &fstest.MapFile{Data: []byte(line + "\n")}
		}
		return fsys
	}
	process := func(pid, name, parent, ticks string) string {
		return pid + " (" + name + ") S " + parent + strings.Repeat(" 0", 17) + " " + ticks + " 0 0"
	}
	started := func(seconds int64) *evidence.Time { return evidence.MaybeAt(time.Unix(1795400000+seconds, 0)) }
	for name, test := range map[string]struct {
		proc    fs.FS
		runtime string // as the API has it
		want    evidence.Runtime
		gaps    []string
	}{
		"containerd":              {proc: stat(process("412", "containerd", "1", "360050")), want: evidence.Runtime{Name: "containerd", StartedAt: started(3600)}},
		"one in a container, too": {proc: stat(process("300", "containerd", "299", "100") + "\n" + process("412", "containerd", "1", "90000")), want: evidence.Runtime{Name: "containerd", StartedAt: started(900)}},
		"two of init":             {proc: stat(process("300", "containerd", "1", "90000") + "\n" + process("412", "containerd", "1", "10000")), want: evidence.Runtime{Name: "containerd", StartedAt: started(100)}},
		"CRI-O":                   {proc: stat(process("412", "crio", "1", "500")), want: evidence.Runtime{Name: "cri-o", StartedAt: started(5)}},
		"docker by the API":       {proc: stat(process("412", "containerd", "1", "100") + "\n" + process("413", "dockerd", "1", "200")), runtime: "docker", want: evidence.Runtime{Name: "docker", StartedAt: started(2)}},
		"shim only":               {proc: stat(process("412", "containerd-shim", "1", "100")), want: evidence.Runtime{Name: "containerd"}, gaps: []string{"runtime: not_found"}},
		"name with parentheses":   {proc: stat(process("412", "x) (containerd", "1", "100")), want: evidence.Runtime{Name: "containerd"}, gaps: []string{"runtime: not_found"}},
		"processes hidden":        {proc: fstest.MapFS{"stat": {Data: []byte("btime 1\n")}}, want: evidence.Runtime{Name: "containerd"}, gaps: []string{"runtime: permission_denied"}},
		"no /proc":                {want: evidence.Runtime{Name: "containerd"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := fstest.MapFS{"etc/containerd/config.toml": {Data: []byte(containerdV2)}}
			l, err := nodecerts.ReadHostRoot(t.Context(), root, test.proc, testTime)
			if err != nil {
				t.Fatal(err)
			}
			doc := recordListing(t, l, func(d *evidence.Document) {
				if test.runtime != "" {
					d.Nodes["wk-1"] = evidence.Node{Runtime: &evidence.Runtime{Name: test.runtime}}
				}
			})
			if diff := cmp.Diff(&test.want, doc.Nodes["wk-1"].Runtime); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
			if got := gapsOf(doc); !slices.Equal(got, test.gaps) {
				t.Errorf("gaps %q, want %q", got, test.gaps)
			}
		})
	}
}

func TestClockIsComparedByTheMiddle(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return testTime.Add(time.Duration(seconds) * time.Second) }
	for name, test := range map[string]struct {
		began, ended time.Time
		clock        nodecerts.Clock
		want         *int
	}{
		"equal":              {began: at(1), ended: at(3), clock: nodecerts.Clock{Sent: at(0), Received: at(4)}, want: new(0)},
		"node ahead":         {began: at(301), ended: at(303), clock: nodecerts.Clock{Sent: at(0), Received: at(4)}, want: new(300)},
		"node behind":        {began: at(-61), ended: at(-57), clock: nodecerts.Clock{Sent: at(0), Received: at(2)}, want: new(-60)},
		"nothing to compare": {began: at(1), ended: at(3)},
		"no end":             {began: at(10), clock: nodecerts.Clock{Sent: at(0), Received: at(0)}, want: new(10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := evidence.NewBuilder(evidence.Tool{}, testTime)
			l := &nodecerts.Listing{Began: test.began, Ended: test.ended, Files: map[string]*nodecerts.File{}}
			nodecerts.Record(b, "wk-1", l, evidence.Access{}, evidence.Provenance{}, test.clock)
			clock := b.Build("internal").Nodes["wk-1"].Clock
			if diff := cmp.Diff(test.want, clock.SkewSeconds); diff != "" || !clock.NodeTime.Equal(test.began) {
				t.Errorf("clock %+v: %s", clock, diff)
			}
		})
	}
}

func TestACancelledReadingSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l, err := nodecerts.ReadTree(ctx, fstest.MapFS{})
	if !errors.Is(err, context.Canceled) || l == nil {
		t.Fatalf("listing %v, error %v", l, err)
	}
	if got := gapsOf(recordListing(t, l, nil)); !slices.Contains(got, "trust_store: cancelled") {
		t.Errorf("gaps %q", got)
	}
}

func TestSameListingGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	root := p.odd().with(p.configured()).with(p.ubuntu(t)).build(t)
	encode := func() string {
		out, err := evidence.Encode(recordTree(t, root))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	first := encode()
	for range 5 {
		if diff := cmp.Diff(first, encode()); diff != "" {
			t.Fatalf("not the same:\n%s", diff)
		}
	}
}
