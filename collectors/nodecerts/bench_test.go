package nodecerts_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// nodeStream is what a node with all public roots sends, 276 KB.
func nodeStream(b testing.TB) []byte {
	b.Helper()
	p := newPKI(b)
	p.public = publicRoots(b, 200)
	root := p.ubuntu(b).with(p.configured()).build(b)
	l, err := nodecerts.ReadHostRoot(b.Context(), os.DirFS(root), os.DirFS(root+"/proc"), testTime)
	if err != nil {
		b.Fatal(err)
	}
	return written(b, l)
}

func BenchmarkNode(b *testing.B) {
	stream := nodeStream(b)
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		l, err := nodecerts.ParseStream(bytes.NewReader(stream), 0)
		if err != nil {
			b.Fatal(err)
		}
		nodecerts.Record(evidence.NewBuilder(evidence.Tool{}, testTime), "wk-1", l, evidence.Access{}, evidence.Provenance{}, nodecerts.Clock{})
	}
}

// One node more beside others that share its bundle.
func BenchmarkNodeOfMany(b *testing.B) {
	stream := nodeStream(b)
	r := nodecerts.NewRecorder(evidence.NewBuilder(evidence.Tool{}, testTime))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		recordStream(b, r, n%1000, stream)
		n++
	}
}

func recordStream(tb testing.TB, r *nodecerts.Recorder, n int, stream []byte) {
	tb.Helper()
	l, err := nodecerts.ParseStream(bytes.NewReader(stream), 0)
	if err != nil {
		tb.Fatal(err)
	}
	r.Record(fmt.Sprintf("wk-%d", n), l, evidence.Access{}, evidence.Provenance{}, nodecerts.Clock{})
}

func BenchmarkReadTree(b *testing.B) {
	p := newPKI(b)
	p.public = publicRoots(b, 200)
	root := os.DirFS(p.ubuntu(b).build(b))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := nodecerts.ReadTree(b.Context(), root); err != nil {
			b.Fatal(err)
		}
	}
}

// A thousand nodes with one bundle: a node more costs its own facts only, not the
// bundle's 220 KB, and the document names the store once.
func TestManyNodesShareABundle(t *testing.T) {
	t.Parallel()
	stream := nodeStream(t)
	if size := len(stream); size < 200_000 || size > 300_000 {
		t.Errorf("a node sends %d bytes", size)
	}
	b := evidence.NewBuilder(evidence.Tool{}, testTime)
	r := nodecerts.NewRecorder(b)
	recordStream(t, r, 0, stream)
	before := heap()
	const nodes = 1000
	for n := 1; n < nodes; n++ {
		recordStream(t, r, n, stream)
	}
	perNode := (int64(heap()) - int64(before)) / nodes
	if perNode > 64<<10 {
		t.Errorf("a node more takes %d bytes", perNode)
	}
	doc := b.Build("internal")
	runtime.KeepAlive(r)
	if len(doc.Nodes) != nodes {
		t.Errorf("%d nodes", len(doc.Nodes))
	}
	stores := 0
	for key := range doc.TrustStores {
		if strings.HasPrefix(key, evidence.VerifierGo) {
			stores++
		}
	}
	if stores > 5 {
		t.Errorf("%d stores of nodes that are equal", stores)
	}
	t.Logf("%d bytes a node, a stream of %d", perNode, len(stream))
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
