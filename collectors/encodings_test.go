package collectors_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// fullPods have all that is read of a pod, each in another state.
func fullPods() *corev1.PodList {
	waiting := func(name, reason, message string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
	}
	const unknown = `failed to pull image "harbor.corp.example/a:1": tls: failed to verify certificate: x509: certificate signed by unknown authority`
	container := func(name string) corev1.Container {
		return corev1.Container{Name: name, Image: "harbor.corp.example/" + name + ":1", ImagePullPolicy: corev1.PullAlways, Command: []string{"run"}, Env: []corev1.EnvVar{{Name: "A", Value: "b"}}}
	}
	list := &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: metav1.ListMeta{ResourceVersion: "7"}}
	for i, states := range [][3]corev1.ContainerStatus{
		{waiting("init", "ErrImagePull", unknown), waiting("app", "PodInitializing", ""), {}},
		{{}, waiting("app", "ImagePullBackOff", "Back-off: "+unknown), {}},
		{{}, {Name: "app", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}, waiting("debug", "ErrImagePull", unknown)},
		{{}, {Name: "app", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}}, {}},
		{{}, waiting("app", "unable to retrieve", "FailedToRetrieveImagePullSecret: no such secret"), {}},
	} {
		list.Items = append(list.Items, corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "p" + string(rune('a'+i)), Namespace: "ns", UID: types.UID(rune('a' + i)), Labels: map[string]string{"app": "a"},
				Annotations:   map[string]string{"vmware-system-image-references": `{"app":"image-1"}`, corev1.MirrorPodAnnotationKey: "digest"},
				ManagedFields: []metav1.ManagedFieldsEntry{{Manager: "kubelet", FieldsType: "FieldsV1"}},
			},
			Spec: corev1.PodSpec{
				NodeName: "wk-1", ServiceAccountName: "robot", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "harbor"}},
				InitContainers: []corev1.Container{container("init")}, Containers: []corev1.Container{container("app")},
				EphemeralContainers: []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon(container("debug"))}},
				Volumes: []corev1.Volume{
					{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
					{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "harbor.corp.example/a:1"}}},
				},
			},
			Status: corev1.PodStatus{
				Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue}},
				InitContainerStatuses: states[:1], ContainerStatuses: states[1:2], EphemeralContainerStatuses: states[2:],
			},
		})
	}
	return list
}

// What is made of a cluster must not depend on how its API server writes: of protobuf
// only some fields are decoded, of JSON all.
func TestBothEncodingsGiveTheSameDocument(t *testing.T) {
	pods := fullPods()
	gather := func(binary bool) []byte {
		server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kind := map[string]string{"/api/v1/pods": "PodList", "/api/v1/events": "EventList", "/api/v1/nodes": "NodeList"}[r.URL.Path]
			if kind == "" {
				http.Error(w, "404 page not found", http.StatusNotFound)
				return
			}
			list := pods
			if kind != "PodList" {
				list = &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: kind}}
			}
			if !binary || !strings.Contains(r.Header.Get("Accept"), "protobuf") {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(list)
				return
			}
			raw, err := list.Marshal()
			if err == nil {
				raw, err = (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: raw}).Marshal()
			}
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf")
			_, _ = w.Write(append([]byte("k8s\x00"), raw...))
		}))
		defer server.Close()
		cluster, err := kube.Connect(&rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{Insecure: true}}, kube.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer cluster.Close()
		doc := collectors.Run(t.Context(), collectors.Config{Now: func() time.Time { return testTime }, Cluster: cluster})
		delete(doc.Sources, "cluster") // its address
		if len(doc.Pods) != len(pods.Items) || len(doc.PullFailures) < 3 {
			t.Errorf("%d pods, %d failed pulls", len(doc.Pods), len(doc.PullFailures))
		}
		text, err := evidence.Encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if parts, whole := gather(true), gather(false); !bytes.Equal(parts, whole) {
		t.Errorf("of protobuf:\n%s\nof JSON:\n%s", parts, whole)
	}
}
