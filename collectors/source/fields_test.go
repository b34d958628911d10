package source_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/source"
)

func readSample(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("internal/manifest/testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestRealObjectsDecode(t *testing.T) {
	in := open(t, files{"objects/pod.json": string(readSample(t, "pod.json")), "objects/events.json": string(readSample(t, "events.json"))}.write(t))
	pods, events := 0, 0
	for _, o := range in.Objects {
		switch o.Kind() {
		case "Pod":
			pods++
			got, err := source.Decode[corev1.Pod](o)
			if err != nil {
				t.Fatal(err)
			}
			waiting := got.Status.ContainerStatuses[0].State.Waiting
			if got.Name != o.Name() || got.Namespace != "cases-b" || waiting == nil || !strings.Contains(waiting.Message, "x509") && !strings.Contains(waiting.Message, "Back-off") {
				t.Errorf("pod %s/%s, waiting %v", got.Namespace, got.Name, waiting)
			}
			if got.CreationTimestamp.IsZero() || got.ManagedFields != nil || source.PodSpec(o).Containers[0].Image != got.Spec.Containers[0].Image {
				t.Errorf("pod %+v", got.ObjectMeta)
			}
		case "Event":
			events++
			got, err := source.Decode[corev1.Event](o)
			if err != nil || got.InvolvedObject.Name != "unknown-ca" || got.Message == "" {
				t.Errorf("event %+v, err %v", got, err)
			}
		}
	}
	if pods != 1 || events != 6 {
		t.Errorf("%d pods, %d events", pods, events)
	}
}

func TestDecodeLeavesUnknownFieldsOutAndNamesWrongTypes(t *testing.T) {
	object := func(text string) source.Object { return open(t, save(t, "x.yaml", []byte(text))).Objects[0] }
	got, err := source.Decode[corev1.Pod](object("apiVersion: v1\nkind: Pod\nmetadata: {name: a, unknown: 1}\nspec: {futureField: {}, containers: [{name: c, image: i, ports: [{containerPort: 80}]}]}\n"))
	if err != nil || got.Name != "a" || got.Spec.Containers[0].Ports[0].ContainerPort != 80 {
		t.Errorf("got %+v, err %v", got, err)
	}
	_, err = source.Decode[corev1.Pod](object("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: [x]}]}\n"))
	if want := `decoding Pod "default/a": spec.containers.image is not of type string`; err == nil || err.Error() != want {
		t.Errorf("err = %v, want %q", err, want)
	}
}

func TestFieldsOfObjects(t *testing.T) {
	for _, test := range []struct {
		name                              string
		object                            map[string]any
		apiVersion, kind, namespace, want string
	}{
		{"an object", map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "a", "namespace": "ns"}}, "v1", "Pod", "ns", "a"},
		{"a manifest without namespace", map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "a"}}, "v1", "Pod", "default", "a"},
		{"a kind without namespace", map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "a"}}, "v1", "Node", "", "a"},
		{"a TKG kind without namespace", map[string]any{"kind": "TkgServiceConfiguration", "metadata": map[string]any{"name": "a"}}, "", "TkgServiceConfiguration", "", "a"},
		{"fields of wrong types", map[string]any{"apiVersion": int64(1), "kind": nil, "metadata": "x"}, "", "", "default", ""},
		{"nothing", nil, "", "", "default", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := source.Object{Map: test.object}
			if o.APIVersion() != test.apiVersion || o.Kind() != test.kind || o.Namespace() != test.namespace || o.Name() != test.want {
				t.Errorf("got %q %q %q %q", o.APIVersion(), o.Kind(), o.Namespace(), o.Name())
			}
		})
	}
}

func TestPodSpecIsFoundInEveryKindOfWorkload(t *testing.T) {
	const spec = "{containers: [{name: c, image: IMAGE}], initContainers: [{image: init}]}"
	template := "spec: {template: {spec: " + spec + "}}\n"
	for kind, body := range map[string]string{
		"v1 Pod":                         "spec: " + spec + "\n",
		"v1 PodTemplate":                 "template: {spec: " + spec + "}\n",
		"v1 ReplicationController":       template,
		"apps/v1 Deployment":             template,
		"apps/v1 StatefulSet":            template,
		"apps/v1 DaemonSet":              template,
		"apps/v1 ReplicaSet":             template,
		"batch/v1 Job":                   template,
		"batch/v1 CronJob":               "spec: {jobTemplate: {spec: {template: {spec: " + spec + "}}}}\n",
		"argoproj.io/v1alpha1 Rollout":   template,
		"serving.knative.dev/v1 Service": template,
	} {
		apiVersion, name, _ := strings.Cut(kind, " ")
		in := open(t, save(t, "x.yaml", []byte("apiVersion: "+apiVersion+"\nkind: "+name+"\n"+strings.Replace(body, "IMAGE", kind[:2], 1))))
		got := source.PodSpec(in.Objects[0])
		if got == nil || got.Containers[0].Image != kind[:2] || got.InitContainers[0].Image != "init" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	for _, body := range []string{
		"kind: Pod\napiVersion: metrics.k8s.io/v1\nspec: " + spec + "\n",
		"kind: Service\napiVersion: v1\nspec: {ports: []}\n",
		"kind: MachineDeployment\napiVersion: cluster.x-k8s.io/v1beta1\nspec: {template: {spec: {clusterName: a}}}\n",
		"kind: X\napiVersion: v1\nspec: {template: text}\n",
	} {
		if got := source.PodSpec(open(t, save(t, "x.yaml", []byte(body))).Objects[0]); got != nil {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

func TestPodSpecWithAWrongTypeKeepsTheRest(t *testing.T) {
	in := open(t, save(t, "x.yaml", []byte("apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{image: a}, {image: 5}, {image: b}]}}}\n")))
	got := source.PodSpec(in.Objects[0])
	if got == nil || len(got.Containers) != 3 || got.Containers[0].Image != "a" || got.Containers[2].Image != "b" || len(in.Problems) != 1 {
		t.Errorf("got %+v, problems %v", got, problems(in))
	}
}

func TestLookupTellsAbsentFromNotGathered(t *testing.T) {
	secret := func(name string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: " + name + ", namespace: ns}\n"
	}
	for _, test := range []struct {
		name  string
		files files
		want  map[string]error
	}{
		{"a capture that holds secrets", files{"objects/a.yaml": secret("here")}, map[string]error{"Secret here": nil, "Secret absent": source.ErrNotFound, "ConfigMap absent": source.ErrNotCollected}},
		{"a capture with an empty list of them", files{"objects/a.json": `{"kind":"SecretList","apiVersion":"v1","items":[]}`}, map[string]error{"Secret absent": source.ErrNotFound, "ConfigMap absent": source.ErrNotCollected}},
		{"a capture of pods", files{"objects/a.yaml": pod("a")}, map[string]error{"Secret absent": source.ErrNotCollected}},
		{"a capture with a broken file", files{"objects/a.yaml": secret("here"), "objects/b.yaml": "a: ["}, map[string]error{"Secret here": nil, "Secret absent": source.ErrNotCollected}},
		{"a capture with a broken transcript", files{"objects/a.yaml": secret("here"), "endpoints/b.txt": "x"}, map[string]error{"Secret absent": source.ErrNotFound}},
		{"manifests", files{"a.yaml": secret("here")}, map[string]error{"Secret here": nil, "Secret absent": source.ErrNotCollected}},
		{"another kind of that name", files{"objects/a.yaml": secret("here") + "---\napiVersion: example.com/v1\nkind: Secret\nmetadata: {name: other, namespace: ns}\n"}, map[string]error{"Secret other": source.ErrNotFound, "Widget here": source.ErrNotCollected}},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := open(t, test.files.write(t))
			lookup := in.Lookup()
			for what, want := range test.want {
				kind, name, _ := strings.Cut(what, " ")
				o, err := lookup(t.Context(), kind, "ns", name)
				if !errors.Is(err, want) || want == nil && o.Name() != name {
					t.Errorf("%s: %v, want %v", what, err, want)
				}
				if errors.Is(want, source.ErrNotFound) && !in.Gathered(kind) {
					t.Errorf("%s: not gathered", kind)
				}
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, save(t, "a.yaml", []byte(secret("here")))).Lookup()(ctx, "Secret", "ns", "here"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}
