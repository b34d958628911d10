package kube

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// servePods answers with count copies of a real pod and holds one page at a
// time, so that the memory measured is the client's.
func servePods(tb testing.TB, a *api, count int) {
	tb.Helper()
	raw, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		tb.Fatal(err)
	}
	var pod corev1.Pod
	if err := json.Unmarshal(raw, &pod); err != nil {
		tb.Fatal(err)
	}
	const size = 500
	a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		at := readToken(r.URL.Query().Get("continue")).Start
		list := &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "1000"}}
		for i := at; i < min(at+size, count); i++ {
			pod.UID = types.UID(fmt.Sprintf("%08x-9f3a-4c55-8a54-2f0e6f1f6b7d", i))
			list.Items = append(list.Items, pod)
		}
		if at+size < count {
			list.Continue = token{1000, at + size}.String()
		}
		a.write(w, r, http.StatusOK, list)
		return true
	}
}

func liveHeap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestMemoryStaysAtOnePage(t *testing.T) {
	const count = 5000
	a := newAPI(t)
	servePods(t, a, count)
	var got, pages int
	var second, last uint64
	err := connect(t, a.config(), Options{}).Pods(t.Context(), func(items []corev1.Pod, _ string) error {
		got += len(items)
		if pages++; pages == 2 {
			second = liveHeap()
		}
		last = liveHeap()
		return nil
	})
	if err != nil || got != count {
		t.Fatalf("got %d pods, %v", got, err)
	}
	// Eight more pages, were they kept, would be about 40 MB.
	if grown := int64(last) - int64(second); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes from the second page to the last", grown)
	}
}

// BenchmarkPods reads the largest cluster that Kubernetes supports. Its metric
// is the heap that is live while the last page is handed over, the server's
// copy of that page included.
func BenchmarkPods(b *testing.B) {
	for _, encoding := range []string{"protobuf", "JSON"} {
		b.Run(encoding, func(b *testing.B) {
			const count = 150_000
			a := newAPI(b)
			a.jsonOnly = encoding == "JSON"
			servePods(b, a, count)
			c := connect(b, a.config(), Options{})
			for b.Loop() {
				got := 0
				err := c.Pods(b.Context(), func(items []corev1.Pod, _ string) error {
					if got += len(items); got == count {
						b.ReportMetric(float64(liveHeap())/(1<<20), "live-MiB")
					}
					return nil
				})
				if err != nil || got != count {
					b.Fatalf("got %d pods, %v", got, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/(count/1000), "ms/1000pods")
		})
	}
}
