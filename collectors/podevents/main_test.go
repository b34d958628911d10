package podevents

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// collectedAt is a moment after all samples.
var collectedAt = time.Date(2026, 11, 23, 4, 50, 0, 0, time.UTC)

// gather runs a collector over a whole list of objects and returns the document.
func gather(t testing.TB, at time.Time, add func(b *evidence.Builder, c *Collector)) *evidence.Document {
	t.Helper()
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, at)
	c := New(b)
	add(b, c)
	c.Finish()
	d := b.Build("internal")
	if _, err := evidence.Encode(d); err != nil {
		t.Fatalf("encoding: %v", err)
	}
	return d
}

func askAll(b *evidence.Builder) {
	for _, name := range []string{evidence.Pods, evidence.Events, evidence.Images} {
		b.Ask(name, evidence.Section(name)).Answer()
	}
}

// readList reads one object or a list of them.
func readList[T any](t testing.TB, path string) []T {
	t.Helper()
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var list struct{ Items []T }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if list.Items != nil {
		return list.Items
	}
	var one T
	if err := json.Unmarshal(data, &one); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return []T{one}
}

func addSample(t testing.TB, c *Collector, dir string) {
	t.Helper()
	prov := evidence.Provenance{Source: "test"}
	for _, name := range []string{"/pod.json", "/pods.json"} {
		for _, p := range readList[corev1.Pod](t, dir+name) {
			c.AddPod(&p, prov)
		}
	}
	for _, e := range readList[corev1.Event](t, dir+"/events.json") {
		c.AddEvent(&e, prov)
	}
}
