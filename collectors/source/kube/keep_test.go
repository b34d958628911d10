package kube

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// everything keeps all fields of a pod, and goes into those that keptPod goes into.
func everything(k keep, most uint32) keep {
	if k == nil {
		return nil
	}
	all := keep{}
	for number := range most {
		all[number] = everything(k[number], most)
	}
	return all
}

func podPage(tb testing.TB, pods ...corev1.Pod) []byte {
	tb.Helper()
	rest := int64(3)
	list, err := (&corev1.PodList{ListMeta: metav1.ListMeta{ResourceVersion: "7", Continue: "on", RemainingItemCount: &rest}, Items: pods}).Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	body, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: "PodList"}, Raw: list}).Marshal()
	if err != nil {
		tb.Fatal(err)
	}
	return append(bytes.Clone(protobufMagic), body...)
}

func realPod(tb testing.TB) corev1.Pod {
	tb.Helper()
	raw, err := os.ReadFile("testdata/pod.json")
	if err != nil {
		tb.Fatal(err)
	}
	var pod corev1.Pod
	if err := json.Unmarshal(raw, &pod); err != nil {
		tb.Fatal(err)
	}
	return pod
}

func TestOnlyWhatIsKeptIsDecoded(t *testing.T) {
	whole := realPod(t)
	whole.Spec.Volumes = append(whole.Spec.Volumes, corev1.Volume{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "harbor.corp.example/m:1"}}})
	page, err := decodeList[corev1.Pod](answer{mediaProtobuf, podPage(t, whole, whole)}, "PodList", keptPod)
	if err != nil || len(page.items) != 2 || page.meta.ResourceVersion != "7" || page.meta.Continue != "on" || *page.meta.RemainingItemCount != 3 {
		t.Fatalf("%d pods, %+v, %v", len(page.items), page.meta, err)
	}
	got, in, at := page.items[1], whole.Spec.Containers[0], whole.Status.ContainerStatuses[0]
	want := corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: whole.Name, Namespace: whole.Namespace, UID: whole.UID, Annotations: whole.Annotations},
		Spec: corev1.PodSpec{
			Containers:         []corev1.Container{{Name: in.Name, Image: in.Image, ImagePullPolicy: in.ImagePullPolicy}},
			Volumes:            []corev1.Volume{{}, {VolumeSource: whole.Spec.Volumes[1].VolumeSource}},
			ServiceAccountName: whole.Spec.ServiceAccountName, NodeName: whole.Spec.NodeName,
		},
		Status: corev1.PodStatus{Phase: whole.Status.Phase, ContainerStatuses: []corev1.ContainerStatus{{Name: at.Name, State: at.State}}},
	}
	for _, c := range whole.Status.Conditions {
		want.Status.Conditions = append(want.Status.Conditions, corev1.PodCondition{Type: c.Type, Status: c.Status})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// FuzzKeep holds decoding by parts against decoding at once: where all is kept they
// agree on what is an answer and on what it says, and where less is kept nothing
// worse happens than that less is refused. Groups, which no Kubernetes type has, are.
func FuzzKeep(f *testing.F) {
	pod := realPod(f)
	f.Add(podPage(f, pod))
	f.Add(podPage(f))
	f.Add([]byte("k8s\x00\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\x02\x12\x00"))
	f.Add([]byte("k8s\x00\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\x05\x12\x83\x80\x00\x0b"))
	all := everything(keptPod, 64)
	f.Fuzz(func(t *testing.T, body []byte) {
		a := answer{mediaProtobuf, body}
		var list corev1.PodList
		atOnce := decode(a, "PodList", &list)
		byParts, err := decodeList[corev1.Pod](a, "PodList", all)
		if atOnce == nil && err == nil && len(list.Items) > 0 {
			plain, _ := json.Marshal(list.Items)
			parts, _ := json.Marshal(byParts.items)
			if !bytes.Equal(plain, parts) {
				t.Errorf("at once\n%s\nby parts\n%s", plain, parts)
			}
		}
		if atOnce == nil && err == nil {
			less, err := decodeList[corev1.Pod](a, "PodList", keptPod)
			if err != nil || len(less.items) != len(list.Items) {
				t.Errorf("%d of %d pods, %v", len(less.items), len(list.Items), err)
			}
		}
	})
}
