package kube

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// api is an HTTPS server that pages lists as a kube-apiserver does, in protobuf
// or JSON as the client accepts, with faults put in by the test.
type api struct {
	*httptest.Server
	encoder  runtime.Serializer
	jsonOnly bool
	lists    map[string][]runtime.Object // by path
	// intercept answers a request itself and returns true, or leaves it alone. n
	// counts requests from 1.
	intercept func(n int, w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	requests []*http.Request
}

func newAPI(t testing.TB) *api {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	a := &api{encoder: protobuf.NewSerializer(scheme, scheme), lists: map[string][]runtime.Object{}}
	a.Server = httptest.NewUnstartedServer(a)
	a.EnableHTTP2 = true
	a.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.StartTLS()
	t.Cleanup(a.Close)
	return a
}

// config is a kubeconfig's content for this server.
func (a *api) config() *rest.Config {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw})
	return &rest.Config{
		Host: a.URL, BearerToken: "s3cret-token", Timeout: 20 * time.Second,
		TLSClientConfig: rest.TLSClientConfig{CAData: ca},
	}
}

func connect(t testing.TB, cfg *rest.Config, opt Options) *Cluster {
	t.Helper()
	opt.QPS = -1
	c, err := Connect(cfg, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.requests = append(a.requests, r)
	n := len(a.requests)
	a.mu.Unlock()
	if a.intercept != nil && a.intercept(n, w, r) {
		return
	}
	objects, ok := a.lists[r.URL.Path]
	if !ok {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	a.page(w, r, objects)
}

func (a *api) seen() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// token is a continue token: where the list goes on, and of which state.
type token struct {
	Version int `json:"rv"`
	Start   int `json:"start"`
}

func (t token) String() string {
	text, _ := json.Marshal(t)
	return base64.RawURLEncoding.EncodeToString(text)
}

func readToken(text string) token {
	var t token
	raw, _ := base64.RawURLEncoding.DecodeString(text)
	_ = json.Unmarshal(raw, &t)
	return t
}

func (a *api) page(w http.ResponseWriter, r *http.Request, objects []runtime.Object) {
	at := token{Version: 1000}
	if text := r.URL.Query().Get("continue"); text != "" {
		at = readToken(text)
	}
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if limit <= 0 || r.URL.Query().Get("resourceVersion") == "0" {
		limit = len(objects)
	}
	end := min(at.Start+limit, len(objects))
	meta := metav1.ListMeta{ResourceVersion: strconv.Itoa(at.Version)}
	if end < len(objects) {
		meta.Continue = token{at.Version, end}.String()
		rest := int64(len(objects) - end)
		meta.RemainingItemCount = &rest
	}
	a.write(w, r, http.StatusOK, asList(meta, r.URL.Path, objects[at.Start:end]))
}

func asList(meta metav1.ListMeta, path string, objects []runtime.Object) runtime.Object {
	switch {
	case strings.HasSuffix(path, "/pods"):
		list := &corev1.PodList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "PodList"}, ListMeta: meta}
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*corev1.Pod))
		}
		return list
	case strings.HasSuffix(path, "/events"):
		list := &corev1.EventList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "EventList"}, ListMeta: meta}
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*corev1.Event))
		}
		return list
	default:
		list := &corev1.NodeList{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "NodeList"}, ListMeta: meta}
		for _, o := range objects {
			list.Items = append(list.Items, *o.(*corev1.Node))
		}
		return list
	}
}

func (a *api) write(w http.ResponseWriter, r *http.Request, code int, o runtime.Object) {
	var body bytes.Buffer
	if strings.Contains(r.Header.Get("Accept"), mediaProtobuf) && !a.jsonOnly {
		w.Header().Set("Content-Type", mediaProtobuf)
		if err := a.encoder.Encode(o, &body); err != nil {
			panic(err)
		}
	} else {
		w.Header().Set("Content-Type", mediaJSON)
		if err := json.NewEncoder(&body).Encode(o); err != nil {
			panic(err)
		}
	}
	w.WriteHeader(code)
	_, _ = w.Write(body.Bytes())
}

// status answers with a Kubernetes Status.
func (a *api) status(w http.ResponseWriter, r *http.Request, code int32, reason metav1.StatusReason, message, next string) {
	a.write(w, r, int(code), &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, ListMeta: metav1.ListMeta{Continue: next},
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message,
	})
}

func writeText(w http.ResponseWriter, mediaType string, code int, body string) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(code)
	_, _ = w.Write([]byte(body))
}

func objectMeta(i int, namespace string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: namespace, Name: fmt.Sprintf("object-%06d", i), UID: types.UID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", i)),
		ResourceVersion: strconv.Itoa(i + 1),
	}
}

func somePods(count int) []runtime.Object {
	pods := make([]runtime.Object, count)
	for i := range pods {
		pods[i] = &corev1.Pod{
			ObjectMeta: objectMeta(i, "apps"),
			Spec:       corev1.PodSpec{NodeName: "wk-1", Containers: []corev1.Container{{Name: "app", Image: "harbor.corp.example/apps/app:1"}}},
			Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
				Name: "app", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "x509: certificate signed by unknown authority"}},
			}}},
		}
	}
	return pods
}

// names gathers what a list delivered.
type names struct {
	all      []string
	versions []string
	pages    int
}

func (n *names) pods(items []corev1.Pod, version string) error {
	n.pages++
	n.versions = append(n.versions, version)
	for i := range items {
		n.all = append(n.all, items[i].Name)
	}
	return nil
}

// checkEach fails unless the names are object-000000 to object-<count-1>, each
// once, in order.
func (n *names) checkEach(t *testing.T, count int) {
	t.Helper()
	if len(n.all) != count {
		t.Fatalf("got %d objects, want %d", len(n.all), count)
	}
	for i, name := range n.all {
		if want := fmt.Sprintf("object-%06d", i); name != want {
			t.Fatalf("object %d is %q, want %q", i, name, want)
		}
	}
}

// sleeps records waits and takes none.
type sleeps struct {
	mu   sync.Mutex
	want []time.Duration
}

func (s *sleeps) sleep(ctx context.Context, d time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.want = append(s.want, d)
	return ctx.Err()
}

func mustURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
