package podevents

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const testImage = "harbor.corp.example/demo/testimage:1"

// pageEvents are the events of VMware's troubleshooting page.
func pageEvents() []*corev1.Event {
	page := func(minutes int, kind, reason, component, message string) *corev1.Event {
		e := event(minutes, reason, "", message)
		e.Type, e.Source = kind, corev1.EventSource{Component: component}
		return e
	}
	return []*corev1.Event{
		page(5, "Normal", "Scheduled", "default-scheduler", "..."),
		page(5, "Normal", "Image", "image-controller", "..."),
		page(4, "Normal", "Image", "image-controller", "..."),
		page(3, "Normal", "SuccessfulRealizeNSXResource", "nsx-container-ncp, 42367cfa", "..."),
		page(3, "Normal", "Pulling", "kubelet", "Waiting test-gc-e2e-demo-ns/testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612"),
		page(2, "Warning", "Failed", "kubelet", "failed to get images: ... Error: ... x509: certificate signed by unknown authority"),
	}
}

func TestThePodOfTheDocumentationPage(t *testing.T) {
	for _, c := range []struct {
		name string
		pod  *corev1.Pod
		want evidence.PullFailure
	}{
		{"still pending", pod("Pending", "app "+testImage+" none"), evidence.PullFailure{Reason: "Failed", From: "event"}},
		{"in ErrImagePull", pod("Pending", "app "+testImage+" ErrImagePull"), evidence.PullFailure{Reason: "ErrImagePull", From: "status+event"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := joined(t, c.pod, pageEvents()...)
			f := d.PullFailures["default/web/app"]
			f.FirstSeen, f.LastSeen = nil, nil
			want := c.want
			want.Namespace, want.Pod, want.Containers, want.Image, want.Registry = "default", "web", []string{"app"}, testImage, "harbor.corp.example:443"
			want.Origin, want.Runtime, want.Cause, want.Stage, want.Host = "vsphere_pod", "unknown", "unknown_authority", "resolve", "harbor.corp.example:443"
			want.Node, want.Count = "wk-1", 1
			want.Message = "failed to get images: ... Error: ... x509: certificate signed by unknown authority"
			if diff := cmp.Diff(want, f); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
			if d.Pods["default/web"].Platform != evidence.PlatformVSpherePod {
				t.Error("the pod is not told as a vSphere Pod")
			}
			if diff := cmp.Diff([]string{"vsphere_pod"}, d.Registries["harbor.corp.example:443"].Platforms); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestThePageWithoutThePod(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Ask(evidence.Events, evidence.Section("events")).Answer()
		for _, e := range pageEvents() {
			c.AddEvent(e, evidence.Provenance{})
		}
	})
	f := d.PullFailures["default/web/image"]
	if f.Cause != "unknown_authority" || f.Origin != evidence.OriginVSpherePod || f.Image != "" || f.Registry != "" || f.From != "event" {
		t.Errorf("%+v of %v", f, failuresOf(d))
	}
}

func TestAnyOneDiscriminatorTellsAVSpherePod(t *testing.T) {
	events := pageEvents()
	for _, e := range events[1:] {
		d := joined(t, pod("Pending", "app "+testImage+" ContainerCreating"), e)
		if d.Pods["default/web"].Platform != evidence.PlatformVSpherePod {
			t.Errorf("%s %s: not told as a vSphere Pod", e.Source.Component, e.Message)
		}
	}
	annotated := pod("Pending", "app "+testImage+" ErrImagePull: EOF")
	annotated.Annotations = map[string]string{"vmware-system-vm-uuid": "x"}
	onESXi := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		c.AddPod(pod("Pending", "app "+testImage+" ErrImagePull: EOF"), evidence.Provenance{})
		node := &corev1.Node{}
		node.Name, node.Status.NodeInfo.KubeletVersion = "wk-1", "v1.22.6-sph-db56d46"
		c.AddNode(node, evidence.Provenance{})
	})
	for name, d := range map[string]*evidence.Document{"annotation": joined(t, annotated), "node": onESXi} {
		if f := d.PullFailures["default/web/app"]; f.Origin != evidence.OriginVSpherePod || d.Pods["default/web"].Platform == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	plain := joined(t, pod("Pending", "app "+testImage+" ErrImagePull: EOF"), event(1, "Pulling", "app", `Pulling image "`+testImage+`"`), event(1, "Scheduled", "", "x"))
	if plain.Pods["default/web"].Platform != "" {
		t.Error("a plain pod is told as a vSphere Pod")
	}
}

// The failure stands at the Image object; the pod only waits for it.
func TestImageObjectsAttachToThePodsThatWait(t *testing.T) {
	const object = "testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612"
	failed := event(1, "Resolve", "", "esxi02: Failed to resolve image: Http request failed. Code 400: ErrorType(2) failed to do request: Head https://harbor.corp.example/v2/demo/testimage/manifests/1: x509: certificate signed by unknown authority")
	failed.InvolvedObject = corev1.ObjectReference{Kind: "Image", Namespace: "default", Name: object}
	waiting := event(2, "Pulling", "", "Waiting for Image default/"+object)
	annotated := pod("Pending", "app "+testImage+" none")
	annotated.Annotations = map[string]string{"vmware-system-image-references": `{"app":"` + object + `"}`}
	for _, c := range []struct {
		name   string
		pod    *corev1.Pod
		events []*corev1.Event
		want   []string
	}{
		{"by the event that it waits", pod("Pending", "app "+testImage+" none"), []*corev1.Event{failed, waiting}, []string{"web/app unknown_authority resolve harbor.corp.example:443 event"}},
		{"by the annotation", annotated, []*corev1.Event{failed}, []string{"web/app unknown_authority resolve harbor.corp.example:443 event"}},
		{"another image", pod("Pending", "app harbor.corp.example/demo/other:1 none"), []*corev1.Event{failed, waiting}, nil},
		{"ready since", annotated, []*corev1.Event{failed, imageReady(object)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := joined(t, c.pod, c.events...)
			if diff := cmp.Diff(sorted(c.want), failuresOf(d)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
		})
	}
}

func TestImageObjectsWithoutThePod(t *testing.T) {
	const object = "testimage-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612"
	failed := event(1, "Resolve", "", "esxi02: Failed to resolve image: Http request failed. Code 400: ErrorType(2) failed to do request: Head https://harbor.corp.example/v2/demo/testimage/manifests/1: EOF")
	failed.InvolvedObject = corev1.ObjectReference{Kind: "Image", Namespace: "default", Name: object}
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Ask(evidence.Events, evidence.Section("events")).Answer()
		c.AddEvent(failed, evidence.Provenance{})
		c.AddEvent(event(2, "Pulling", "", "Waiting for Image default/"+object), evidence.Provenance{})
	})
	if f := d.PullFailures["default/web/image"]; f.Cause != "reset" || f.Image != testImage || f.Origin != evidence.OriginVSpherePod {
		t.Errorf("%+v", f)
	}
}

func TestOfTwoImagesTheOneThatTheMessageNamesFailed(t *testing.T) {
	p := pod("Pending", "app "+testImage+" none", "side harbor.corp.example/demo/side:1 none")
	named := event(1, "Failed", "", `failed to get images: Failed to resolve on node esx-1. Reason: Http request failed. Code 400: ErrorType(2) failed to do request: Head "https://harbor.corp.example/v2/demo/side/manifests/1": EOF`)
	if diff := cmp.Diff([]string{"web/side reset resolve harbor.corp.example:443 event"}, failuresOf(joined(t, p, named))); diff != "" {
		t.Error(diff)
	}
	unnamed := event(1, "Failed", "", `failed to get images: ... EOF`)
	want := []string{"web/app reset resolve harbor.corp.example:443 event", "web/side reset resolve harbor.corp.example:443 event"}
	if diff := cmp.Diff(want, failuresOf(joined(t, p, unnamed))); diff != "" {
		t.Error(diff)
	}
}

func imageReady(object string) *corev1.Event {
	e := event(0, "Status", "", "esxi02: Image status changed to Ready")
	e.InvolvedObject = corev1.ObjectReference{Kind: "Image", Namespace: "default", Name: object}
	return e
}

func TestNamesOfImageObjects(t *testing.T) {
	for name, want := range map[string]string{
		"nginx-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v0":          "nginx",
		"test-image-8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v10612": "test-image",
		"nginx-8862e32f68d66f727d1baf13f7eddef5a5e64bbd":             "",
		"nginx-8862e32f68d66f727d1baf13f7eddef5a5e64bbX-v0":          "",
		"nginx-v0": "", "-v": "", "": "",
		"8862e32f68d66f727d1baf13f7eddef5a5e64bbd-v1": "",
	} {
		if got := imageObjectBase(name); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
