package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// api keeps pods as an API server does, and plays the kubelets: run tells what
// becomes of a pod, by its node, when it is looked at for the n-th time.
type api struct {
	*httptest.Server
	run    func(pod *corev1.Pod, n int) (corev1.PodStatus, []byte)
	refuse func(r *http.Request) *metav1.Status

	mu      sync.Mutex
	pods    map[string]*corev1.Pod
	looks   map[string]int
	created []*corev1.Pod
	deleted []string
	most    int // pods at a time
}

func newAPI(t *testing.T) (*api, *kube.Cluster) {
	t.Helper()
	a := &api{pods: map[string]*corev1.Pod{}, looks: map[string]int{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	c, err := kube.Connect(&rest.Config{Host: a.URL}, kube.Options{QPS: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return a, c
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.refuse != nil {
		if s := a.refuse(r); s != nil {
			s.Kind, s.APIVersion, s.Status = "Status", "v1", metav1.StatusFailure
			answer(w, int(s.Code), s)
			return
		}
	}
	const prefix = "/api/v1/namespaces/regpolicy-agent/pods"
	name, sub, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, prefix), "/"), "/")
	switch {
	case !strings.HasPrefix(r.URL.Path, prefix):
		http.NotFound(w, r)
	case r.Method == http.MethodPost:
		var pod corev1.Pod
		if err := json.NewDecoder(r.Body).Decode(&pod); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		a.pods[pod.Name] = &pod
		a.created = append(a.created, &pod)
		a.most = max(a.most, len(a.pods))
		answer(w, http.StatusCreated, &pod)
	case name == "":
		list := corev1.PodList{TypeMeta: metav1.TypeMeta{Kind: "PodList", APIVersion: "v1"}}
		for _, p := range a.pods {
			list.Items = append(list.Items, *p)
		}
		answer(w, http.StatusOK, &list)
	case a.pods[name] == nil:
		answer(w, http.StatusNotFound, &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Reason: metav1.StatusReasonNotFound, Code: 404})
	case r.Method == http.MethodDelete:
		delete(a.pods, name)
		a.deleted = append(a.deleted, name)
		answer(w, http.StatusOK, &metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
	case sub == "log":
		_, log := a.run(a.pods[name], a.looks[name])
		if r.URL.Query().Get("tailLines") == "1" {
			lines := strings.SplitAfter(strings.TrimSuffix(string(log), "\n"), "\n")
			log = []byte(lines[len(lines)-1])
		}
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "%s", log)
	default:
		a.looks[name]++
		pod := a.pods[name].DeepCopy()
		pod.Status, _ = a.run(pod, a.looks[name])
		pod.TypeMeta = metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"}
		answer(w, http.StatusOK, pod)
	}
}

func answer(w http.ResponseWriter, code int, o any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o)
}

// soon waits for a moment whatever it is told, so that tests are quick.
func soon(ctx context.Context, _ time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Millisecond):
		return nil
	}
}

func succeeded() corev1.PodStatus { return corev1.PodStatus{Phase: corev1.PodSucceeded} }

func waiting(reason, message string) corev1.PodStatus {
	return corev1.PodStatus{
		Phase: corev1.PodPending, StartTime: &metav1.Time{Time: time.Unix(1, 0)},
		ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}},
	}
}
