package podevents

import (
	"fmt"
	"runtime"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func BenchmarkClassify(b *testing.B) {
	messages := map[string]string{
		"unknown authority": `Back-off pulling image "` + web + `": ErrImagePull: ` + unknownCA,
		"CRI-O, twice":      wrapperCases[11].before + transportErrors[1].text + wrapperCases[11].after,
		"nothing known":     `Failed to pull image "` + web + `": words: that: nobody: knows`,
	}
	for name, message := range messages {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(message)))
			for b.Loop() {
				Classify(message)
			}
		})
	}
}

// BenchmarkPods gathers 10,000 pods, one in a hundred of which fails.
func BenchmarkPods(b *testing.B) {
	pods := make([]*corev1.Pod, 10_000)
	for i := range pods {
		state := "Running"
		if i%100 == 0 {
			state = "ImagePullBackOff: " + backOff + ": ErrImagePull: " + unknownCA
		}
		pods[i] = pod("Running", "app "+web+" "+state, fmt.Sprintf("side harbor.corp.example/apps/side:%d Running", i%50))
		pods[i].Name = fmt.Sprint("web-", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		builder := evidence.NewBuilder(evidence.Tool{}, collectedAt)
		askAll(builder)
		c := New(builder)
		for _, p := range pods {
			c.AddPod(p, evidence.Provenance{})
		}
		c.Finish()
		if got := len(builder.Build("internal").PullFailures); got != 100 {
			b.Fatal(got)
		}
	}
}

// A cluster of 150,000 pods must fit in a small process.
func TestManyPodsTakeLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	const pods = 50_000
	b := evidence.NewBuilder(evidence.Tool{}, collectedAt)
	c := New(b)
	before := heap()
	for i := range pods {
		p := pod("Running", "app "+web+" Running", "side harbor.corp.example/apps/side:1 Running")
		p.Name, p.Spec.NodeName = fmt.Sprint("web-7f9c8d6b5-", i), fmt.Sprint("wk-", i%1000)
		p.UID = types.UID(fmt.Sprintf("f455519d-c934-426b-b3e8-%012d", i))
		c.AddPod(p, evidence.Provenance{})
	}
	if each := (heap() - before) / pods; each > 700 {
		t.Errorf("%d bytes a pod", each)
	} else {
		t.Logf("%d bytes a pod", each)
	}
	runtime.KeepAlive(c)
}

// Of the events of pods that have their images nothing is kept, before the pods come
// and after.
func TestEventsOfSettledPodsAreNotKept(t *testing.T) {
	c := New(evidence.NewBuilder(evidence.Tool{}, collectedAt))
	c.PodsComeOnce()
	const pods = 100
	uid := func(i, life int) types.UID { return types.UID(fmt.Sprintf("f455519d-c934-426b-%04d-%012d", life, i)) }
	add := func(i, life int, e *corev1.Event) {
		e.InvolvedObject.Name, e.InvolvedObject.UID = fmt.Sprint("web-", i), uid(i, life)
		c.AddEvent(e, evidence.Provenance{})
	}
	for i := range pods {
		add(i, 1, failedToPull(5, unknownCA))
		p := pod("Running", "app "+web+" Running")
		if i == 0 {
			p = pod("Pending", "app "+web+" ImagePullBackOff: "+backOff)
		}
		p.Name, p.UID = fmt.Sprint("web-", i), uid(i, 1)
		c.AddPod(p, evidence.Provenance{})
		add(i, 1, failedToPull(4, unknownCA))
	}
	if len(c.events) != 1 {
		t.Errorf("events of %d pods are kept", len(c.events))
	}
	add(1, 1, event(3, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed."))
	add(2, 2, failedToPull(3, unknownCA)) // of the pod of that name that comes next
	if len(c.events) != 3 {
		t.Errorf("events of %d pods are kept", len(c.events))
	}
}

// Events that say something of a settled pod count the same whether those of its images
// are kept or not: with its uid, without one, and of another life of that name.
func TestWhatIsNotKeptChangesNothing(t *testing.T) {
	const uid, other = types.UID("f455519d-c934-426b-b3e8-000000000001"), types.UID("f455519d-c934-426b-b3e8-000000000002")
	missing := func(uid types.UID, secret string) *corev1.Event {
		e := event(3, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets ("+secret+"); attempting to pull the image may not succeed.")
		e.InvolvedObject.UID = uid
		return e
	}
	failed := failedToPull(4, unknownCA)
	failed.InvolvedObject.UID = uid
	p := pod("Running", "app "+web+" Running")
	p.UID = uid
	for name, c := range map[string]struct {
		events []*corev1.Event
		want   []string
	}{
		"none of its own":    {[]*corev1.Event{missing("", "regcred")}, []string{"regcred"}},
		"one of its image":   {[]*corev1.Event{failed, missing("", "regcred")}, []string{"regcred"}},
		"both of the secret": {[]*corev1.Event{missing(uid, "regcred"), failed, missing("", "other")}, []string{"other", "regcred"}},
		"of another life":    {[]*corev1.Event{failed, missing(other, "regcred")}, nil},
	} {
		for _, once := range []bool{false, true} {
			for _, podFirst := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, once %v, pod first %v", name, once, podFirst), func(t *testing.T) {
					d := gather(t, collectedAt, func(b *evidence.Builder, k *Collector) {
						if askAll(b); once {
							k.PodsComeOnce()
						}
						if podFirst {
							k.AddPod(p, evidence.Provenance{})
						}
						for _, e := range c.events {
							k.AddEvent(e, evidence.Provenance{})
						}
						if !podFirst {
							k.AddPod(p, evidence.Provenance{})
						}
					})
					if got := d.Pods["default/web"].MissingPullSecrets; !slices.Equal(got, c.want) {
						t.Errorf("missing secrets %q, want %q", got, c.want)
					}
				})
			}
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
