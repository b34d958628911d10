package podevents

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func ago(minutes int) time.Time { return collectedAt.Add(-time.Duration(minutes) * time.Minute) }

func windowOf(count, oldest, newest int) evidence.EventWindow {
	return evidence.EventWindow{Count: count, Oldest: evidence.MaybeAt(ago(oldest)), Newest: evidence.MaybeAt(ago(newest))}
}

func TestEventsOfAllKindsMakeTheWindowOfTheirNamespace(t *testing.T) {
	normal := event(7, "Scheduled", "", "Successfully assigned default/web to wk-1")
	other := event(55, "ScalingReplicaSet", "", "Scaled up")
	other.InvolvedObject.Kind = "Deployment"
	node := event(3, "NodeReady", "", "Node wk-1 status is now: NodeReady")
	node.InvolvedObject = corev1.ObjectReference{Kind: "Node", Name: "wk-1"}
	shop := failedToPull(20, unknownCA)
	shop.Namespace, shop.InvolvedObject.Namespace = "shop", "shop"
	bare := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "bare"}}

	d := joined(t, nil, normal, other, node, shop, bare)
	want := map[string]evidence.EventWindow{"default": windowOf(3, 55, 3), "shop": windowOf(1, 20, 20), "bare": {Count: 1}}
	if diff := cmp.Diff(want, d.EventWindows); diff != "" {
		t.Errorf("windows (-want +got):\n%s", diff)
	}
}

func TestTheWindowReachesFromASeriesFirstEventToItsLast(t *testing.T) {
	series := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "default", CreationTimestamp: metav1.NewTime(ago(40))}}
	series.EventTime = metav1.NewMicroTime(ago(45))
	series.Series = &corev1.EventSeries{Count: 9, LastObservedTime: metav1.NewMicroTime(ago(2))}
	d := joined(t, nil, event(30, "BackOff", "app", backOff), series)
	if diff := cmp.Diff(windowOf(2, 45, 2), d.EventWindows["default"]); diff != "" {
		t.Errorf("window (-want +got):\n%s", diff)
	}
}

func TestAnEventOfBothGroupsCountsOnceInTheWindow(t *testing.T) {
	at := func(minutes int) string { return ago(minutes).Format(metav1.RFC3339Micro) }
	read := func(text string) map[string]any {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			t.Fatal(err)
		}
		return object
	}
	core := read(`{"apiVersion":"v1","kind":"Event","metadata":{"namespace":"shop","name":"a","uid":"u1"},"reason":"Pulled",
		"involvedObject":{"kind":"Pod","namespace":"shop","name":"web"},"firstTimestamp":"` + at(50) + `","lastTimestamp":"` + at(10) + `","count":4}`)
	group := read(`{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"namespace":"shop","name":"a","uid":"u1"},"reason":"Pulled","note":"",
		"regarding":{"kind":"Pod","namespace":"shop","name":"web"},"eventTime":"` + at(50) + `","series":{"count":4,"lastObservedTime":"` + at(5) + `"}}`)
	for _, order := range [][]map[string]any{{core, group}, {group, core}} {
		d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
			askAll(b)
			for _, object := range order {
				if err := c.AddEventObject(object, evidence.Provenance{}); err != nil {
					t.Fatal(err)
				}
			}
		})
		if diff := cmp.Diff(map[string]evidence.EventWindow{"shop": windowOf(1, 50, 5)}, d.EventWindows); diff != "" {
			t.Errorf("windows (-want +got):\n%s", diff)
		}
	}
}

func TestAnEmptyListOfEventsHasNoWindow(t *testing.T) {
	if d := joined(t, pod("Running", "app "+web+" Running")); len(d.EventWindows) > 0 {
		t.Errorf("windows %v", d.EventWindows)
	}
}
