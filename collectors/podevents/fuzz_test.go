package podevents

import (
	"encoding/json"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func FuzzClassify(f *testing.F) {
	for _, a := range answers {
		f.Add(a.message)
	}
	for i, e := range transportErrors {
		w := wrapperCases[i%len(wrapperCases)]
		f.Add(w.before + e.text + w.after)
	}
	f.Fuzz(func(t *testing.T, message string) {
		start := time.Now()
		p := Classify(message)
		if took := time.Since(start); took > time.Second {
			t.Fatalf("%d bytes took %v", len(message), took)
		}
		if !slices.Contains(evidence.Causes, p.Cause) || !slices.Contains(evidence.Stages, p.Stage) {
			t.Fatalf("cause %q, stage %q of %q", p.Cause, p.Stage, message)
		}
		if p.Runtime == "" || p.Origin == "" {
			t.Fatalf("runtime %q, origin %q", p.Runtime, p.Origin)
		}
		if p.Host != "" && p.Cause != "proxy" {
			if _, _, err := net.SplitHostPort(p.Host); err != nil {
				t.Fatalf("host %q of %q", p.Host, message)
			}
		}
		if Classify(message).Cause != p.Cause {
			t.Fatal("the same message gives two causes")
		}
	})
}

// Texts made to be slow: nothing but separators, quotes, escapes, URLs.
func TestClassifyTakesTimeInProportion(t *testing.T) {
	for _, piece := range []string{
		`: `, `"`, `\"`, `"\`, "\n", `https://`, `"": `, `(possibly because of "" `, `Get "": `, `lookup `, `: x509: `, `[`, `... `,
		`(Mirrors also failed: [`, `dial tcp `, `"" with `, `manifest `, `code = X desc = `, `h`, `: "a: b"`, `image "x" `, `remote error: `,
		`unknown: `, `StatusCode: 404, `, `error parsing HTTP 404 `, `certificate is valid for `,
	} {
		for _, size := range []int{64 << 10, 1 << 20} {
			text := strings.Repeat(piece, size/len(piece))
			start := time.Now()
			Classify(text)
			Classify(`failed to pull: "` + text)
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("%d times %q took %v", size/len(piece), piece, took)
			}
		}
	}
}

// FuzzObjects feeds pods and events of any content through the whole collector.
func FuzzObjects(f *testing.F) {
	for _, a := range answers[:20] {
		f.Add("app", web, "ImagePullBackOff", a.message, "Failed", a.message, "Pod")
	}
	f.Add("app", "", "x y", "{", "Resolve", "esxi: Failed to resolve image: Http request failed. Code 9", "Image")
	f.Fuzz(func(t *testing.T, container, image, reason, message, eventReason, eventMessage, kind string) {
		b := evidence.NewBuilder(evidence.Tool{}, collectedAt)
		askAll(b)
		c := New(b)
		p := pod("Pending")
		p.Spec.Containers = []corev1.Container{{Name: container, Image: image}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: container, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}
		c.AddPod(p, evidence.Provenance{})
		e := event(1, eventReason, container, eventMessage)
		e.InvolvedObject.Kind = kind
		c.AddEvent(e, evidence.Provenance{})
		c.Finish()
		d := b.Build("internal")
		for _, failure := range d.PullFailures {
			if !slices.Contains(evidence.Causes, failure.Cause) || !slices.Contains(evidence.Stages, failure.Stage) || len(failure.Message) > maxStored {
				t.Fatalf("%+v", failure)
			}
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	})
}
