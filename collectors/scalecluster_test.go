package collectors_test

import (
	"encoding/pem"
	"maps"
	"net/http/httptest"
	"runtime/debug"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/farend"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

const pageSize = 500

// readLarge reads a whole cluster from an API server and holds what came against
// what there is: each object once, with no more requests than there are pages. It
// returns the peak of the heap, in bytes.
func readLarge(tb testing.TB, s farend.Sizes) uint64 {
	tb.Helper()
	api, err := farend.NewAPI(s)
	if err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewUnstartedServer(api)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	cluster, err := kube.Connect(&rest.Config{Host: server.URL, BearerToken: "t", TLSClientConfig: rest.TLSClientConfig{
		CAData: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}),
	}}, kube.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	defer cluster.Close()
	defer debug.SetGCPercent(debug.SetGCPercent(40)) // as regpolicy collect does
	var doc *evidence.Document
	peak := peakHeap(func() {
		doc = collectors.Run(tb.Context(), collectors.Config{Now: time.Now, Cluster: cluster})
	})
	for _, name := range []string{evidence.Pods, evidence.Events, evidence.Images} {
		if c := doc.Coverage[name]; c.Answered != 1 || len(c.Gaps) > 0 {
			tb.Errorf("coverage of %s: %+v", name, c)
		}
	}
	events := 0
	for _, w := range doc.EventWindows {
		events += w.Count
	}
	if len(doc.Pods) != s.Pods || events != s.Events || len(doc.Nodes) != s.Nodes {
		tb.Errorf("%d pods, %d events, %d nodes of %+v", len(doc.Pods), events, len(doc.Nodes), s)
	}
	if len(doc.PullFailures) != s.Pods/100 {
		tb.Errorf("%d failed pulls", len(doc.PullFailures))
	}
	pages := func(n int) int { return (n + pageSize - 1) / pageSize }
	asked := api.Take()
	want := map[string]int{"pods": pages(s.Pods), "events": pages(s.Events), "nodes": pages(s.Nodes)}
	if !maps.Equal(asked.Pages, want) {
		tb.Errorf("pages asked for: %v, want %v", asked.Pages, want)
	}
	if asked.Other > 2 { // which kinds of TKG and Cluster API are served
		tb.Errorf("%d other requests", asked.Other)
	}
	tb.Logf("%.0f MiB over the wire, %.0f MiB of heap at most", float64(asked.Bytes)/(1<<20), float64(peak)/(1<<20))
	return peak
}

func TestAClusterIsReadInAsManyRequestsAsPages(t *testing.T) {
	// Fifteen thousand pods as JSON are 110 MB; the heap holds 55 to 85 at most, by how
	// busy the garbage collector's machine is.
	if peak := readLarge(t, farend.Sizes{Pods: 15_000, Events: 6_000, Nodes: 600}); peak > 110<<20 {
		t.Errorf("the heap had %d MiB", peak>>20)
	}
}

// BenchmarkLargeCluster reads the largest cluster that Kubernetes supports.
func BenchmarkLargeCluster(b *testing.B) {
	for b.Loop() {
		peak := readLarge(b, farend.Sizes{Pods: 150_000, Events: 60_000, Nodes: 5_000})
		if peak > 200<<20 {
			b.Errorf("the heap had %d MiB", peak>>20)
		}
		b.ReportMetric(float64(peak)/(1<<20), "peak-MiB")
	}
}
