package kube

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestListsComeInPages(t *testing.T) {
	const count = 1234
	for _, jsonOnly := range []bool{false, true} {
		t.Run(map[bool]string{false: "protobuf", true: "JSON"}[jsonOnly], func(t *testing.T) {
			a := newAPI(t)
			a.jsonOnly = jsonOnly
			a.lists["/api/v1/pods"] = somePods(count)
			for i := range count {
				a.lists["/api/v1/events"] = append(a.lists["/api/v1/events"], &corev1.Event{ObjectMeta: objectMeta(i, "apps"), Reason: "Failed"})
				a.lists["/api/v1/nodes"] = append(a.lists["/api/v1/nodes"], &corev1.Node{ObjectMeta: objectMeta(i, "")})
			}
			c := connect(t, a.config(), Options{})
			var pods, events, nodes names
			if err := c.Pods(t.Context(), pods.pods); err != nil {
				t.Fatal(err)
			}
			if err := c.Events(t.Context(), func(items []corev1.Event, version string) error {
				events.pages++
				for _, item := range items {
					events.all = append(events.all, item.Name)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if err := c.Nodes(t.Context(), func(items []corev1.Node, version string) error {
				nodes.pages++
				for _, item := range items {
					nodes.all = append(nodes.all, item.Name)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			for _, got := range []names{pods, events, nodes} {
				got.checkEach(t, count)
				if got.pages != 3 {
					t.Errorf("got %d pages, want 3", got.pages)
				}
			}
			if want := []string{"1000", "1000", "1000"}; !slices.Equal(pods.versions, want) {
				t.Errorf("resource versions are %q, want %q", pods.versions, want)
			}
		})
	}
}

func TestListRequests(t *testing.T) {
	a := newAPI(t)
	a.lists["/api/v1/namespaces/apps/pods"] = somePods(3)
	a.lists["/api/v1/nodes"] = []runtime.Object{&corev1.Node{ObjectMeta: objectMeta(0, "")}}
	c := connect(t, a.config(), Options{Namespace: "apps", PageSize: 2})
	var got names
	if err := c.Pods(t.Context(), got.pods); err != nil {
		t.Fatal(err)
	}
	if err := c.Nodes(t.Context(), func([]corev1.Node, string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	got.checkEach(t, 3)
	requests := a.seen()
	want := []string{
		"GET /api/v1/namespaces/apps/pods?limit=2",
		"GET /api/v1/namespaces/apps/pods?continue=" + token{1000, 2}.String() + "&limit=2",
		"GET /api/v1/nodes?limit=2",
	}
	for i, r := range requests {
		if got := r.Method + " " + r.URL.RequestURI(); got != want[i] {
			t.Errorf("request %d is %q, want %q", i, got, want[i])
		}
		if got := r.Header.Get("Accept"); got != "application/vnd.kubernetes.protobuf,application/json" {
			t.Errorf("request %d accepts %q", i, got)
		}
		if got := r.UserAgent(); got != "regpolicy" {
			t.Errorf("request %d has user agent %q", i, got)
		}
		if got := r.Header.Get("Authorization"); got != "Bearer s3cret-token" {
			t.Errorf("request %d has authorization %q", i, got)
		}
	}
}

func TestEmptyListIsOneEmptyPage(t *testing.T) {
	a := newAPI(t)
	a.lists["/api/v1/pods"] = []runtime.Object{}
	var got names
	if err := connect(t, a.config(), Options{}).Pods(t.Context(), got.pods); err != nil {
		t.Fatal(err)
	}
	if got.pages != 1 || len(got.all) != 0 {
		t.Errorf("got %d pages with %d pods", got.pages, len(got.all))
	}
}

func TestExpiredContinueToken(t *testing.T) {
	const message = "The provided continue parameter is too old"
	isPage := func(r *http.Request, start int) bool {
		at := readToken(r.URL.Query().Get("continue"))
		return at.Version == 1000 && at.Start == start
	}
	tests := []struct {
		name      string
		intercept func(a *api, n int, w http.ResponseWriter, r *http.Request) bool
		requests  int
		reason    string // of the failure
		got       int    // pods before it
	}{
		{"the answer continues at a newer state", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			if !isPage(r, 20) {
				return false
			}
			a.status(w, r, 410, metav1.StatusReasonExpired, message, token{1007, 20}.String())
			return true
		}, 6, "", 45},
		{"the answer holds no token, so the list starts again", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 3 || !isPage(r, 20) {
				return false
			}
			a.status(w, r, 410, metav1.StatusReasonExpired, message, "")
			return true
		}, 8, "", 45},
		{"a bare 410 without a Status", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			if n > 3 || !isPage(r, 20) {
				return false
			}
			writeText(w, "text/plain", 410, "gone")
			return true
		}, 8, "", 45},
		{"expires at every page and still ends", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			at := readToken(r.URL.Query().Get("continue"))
			if at.Start == 0 || at.Version == 1000+at.Start {
				return false
			}
			a.status(w, r, 410, metav1.StatusReasonExpired, message, token{1000 + at.Start, at.Start}.String())
			return true
		}, 9, "", 45},
		{"expires for ever with new tokens", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			at := readToken(r.URL.Query().Get("continue"))
			if at.Start < 20 {
				return false
			}
			a.status(w, r, 410, metav1.StatusReasonExpired, message, token{at.Version + 1, at.Start}.String())
			return true
		}, 6, "gone_410", 20},
		{"expires for ever without a token", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			if !isPage(r, 20) {
				return false
			}
			a.status(w, r, 410, metav1.StatusReasonExpired, message, "")
			return true
		}, 6, "gone_410", 20},
		{"the first page is gone", func(a *api, n int, w http.ResponseWriter, r *http.Request) bool {
			a.status(w, r, 410, metav1.StatusReasonGone, message, token{1007, 20}.String())
			return true
		}, 1, "gone_410", 0},
	}
	for _, tt := range tests {
		for _, encoding := range []string{"protobuf", "JSON"} {
			t.Run(tt.name+", "+encoding, func(t *testing.T) {
				a := newAPI(t)
				a.jsonOnly = encoding == "JSON"
				a.lists["/api/v1/pods"] = somePods(45)
				a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool { return tt.intercept(a, n, w, r) }
				var got names
				err := connect(t, a.config(), Options{PageSize: 10}).Pods(t.Context(), got.pods)
				if reason, detail := Reason(err); reason != tt.reason {
					t.Errorf("reason is %q (%s), want %q", reason, detail, tt.reason)
				}
				got.checkEach(t, tt.got)
				if n := len(a.seen()); n != tt.requests {
					t.Errorf("it took %d requests, want %d", n, tt.requests)
				}
			})
		}
	}
}

func TestServersThatNeverEnd(t *testing.T) {
	tests := []struct {
		name string
		page func(n int, at token) (start int, next string)
		want string
		got  int
	}{
		{"the same token again", func(n int, at token) (int, string) {
			return min(n-1, 1) * 10, "again"
		}, "listing pods: the server gives the same continue token again", 20},
		{"a circle of tokens", func(n int, at token) (int, string) {
			return n % 2 * 10, []string{"even", "odd"}[n%2]
		}, "listing pods: the server's next pages bring nothing new", 20},
		{"empty pages with new tokens", func(n int, at token) (int, string) {
			return 1000, token{n, n}.String()
		}, "listing pods: the server's next pages bring nothing new", 0},
		{"new pods for ever", func(n int, at token) (int, string) {
			return n * 10, token{n, n}.String()
		}, "listing pods: the list has no end: gave up after 40 pages", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAPI(t)
			pods := somePods(1000)
			a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
				start, next := tt.page(n, readToken(r.URL.Query().Get("continue")))
				a.write(w, r, 200, asList(metav1.ListMeta{ResourceVersion: "1", Continue: next}, r.URL.Path, pods[start:min(start+10, len(pods))]))
				return true
			}
			var got names
			err := connect(t, a.config(), Options{MaxPages: 40}).Pods(t.Context(), got.pods)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
			if reason, _ := Reason(err); reason != "truncated" {
				t.Errorf("reason is %q", reason)
			}
			if len(got.all) != tt.got {
				t.Errorf("%d pods were delivered before, want %d", len(got.all), tt.got)
			}
		})
	}
}

func TestConsumerEndsTheList(t *testing.T) {
	a := newAPI(t)
	a.lists["/api/v1/pods"] = somePods(30)
	enough := errors.New("enough")
	err := connect(t, a.config(), Options{PageSize: 10}).Pods(t.Context(), func([]corev1.Pod, string) error { return enough })
	if !errors.Is(err, enough) || len(a.seen()) != 1 {
		t.Errorf("got %v after %d requests", err, len(a.seen()))
	}
}

func TestCancelledList(t *testing.T) {
	a := newAPI(t)
	a.lists["/api/v1/pods"] = somePods(30)
	ctx, cancel := context.WithCancel(t.Context())
	var got names
	err := connect(t, a.config(), Options{PageSize: 10}).Pods(ctx, func(items []corev1.Pod, version string) error {
		cancel()
		return got.pods(items, version)
	})
	if reason, detail := Reason(err); reason != "cancelled" {
		t.Errorf("reason is %q: %s", reason, detail)
	}
	got.checkEach(t, 10)
}

func TestRequestsAtOnceAreLimited(t *testing.T) {
	a := newAPI(t)
	var running, most int
	a.intercept = func(int, http.ResponseWriter, *http.Request) bool {
		a.mu.Lock()
		running++
		most = max(most, running)
		a.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
		a.mu.Lock()
		running--
		a.mu.Unlock()
		return false
	}
	c := connect(t, a.config(), Options{})
	lookup := c.Lookup()
	done := make(chan struct{})
	for range 20 {
		go func() {
			_, _ = lookup(t.Context(), "Secret", "apps", "none")
			done <- struct{}{}
		}()
	}
	for range 20 {
		<-done
	}
	if most > concurrency {
		t.Errorf("%d requests ran at once, want at most %d", most, concurrency)
	}
}
