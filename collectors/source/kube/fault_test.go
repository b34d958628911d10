package kube

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAnswersThatAreNoList puts a fault into the second page of three: the first
// must be kept.
func TestAnswersThatAreNoList(t *testing.T) {
	html := "<!DOCTYPE html><html><title>Sign in</title></html>"
	tests := []struct {
		name   string
		answer func(a *api, w http.ResponseWriter, r *http.Request)
		reason string
		detail string // a part of it
	}{
		{"HTML with status 200", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "text/html; charset=utf-8", 200, html)
		}, "parse_error", "the answer is an HTML page"},
		{"HTML called JSON", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "application/json", 200, html)
		}, "parse_error", "the answer cannot be read as PodList"},
		{"HTML with status 403", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "text/html", 403, html)
		}, "parse_error", "status 403: the answer is an HTML page"},
		{"an empty JSON object", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "application/json", 200, "{}")
		}, "parse_error", `the answer is of kind "", not "PodList"`},
		{"JSON of something else", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "application/json", 200, `{"kind":"NodeList","apiVersion":"v1","items":[]}`)
		}, "parse_error", `the answer is of kind "NodeList", not "PodList"`},
		{"half a JSON document", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "application/json", 200, `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"na`)
		}, "parse_error", "the answer cannot be read as PodList"},
		{"half a protobuf message", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, mediaProtobuf, 200, "k8s\x00\x0a\x10\x0a\x02v1")
		}, "parse_error", "the answer cannot be read as PodList"},
		{"protobuf of something else", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.write(w, r, 200, asList(metav1.ListMeta{}, "/nodes", nil))
		}, "parse_error", `the answer is of kind "NodeList"`},
		{"no media type", func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.WriteHeader(200)
		}, "parse_error", "no Content-Type"},
		{"nothing", func(a *api, w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(204)
		}, "parse_error", "answered 204"},
		{"a redirect", func(a *api, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://login.corp.example/?token=s3cret", http.StatusFound)
		}, "parse_error", `the server redirects to "login.corp.example"`},
		{"401", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 401, metav1.StatusReasonUnauthorized, "Unauthorized", "")
		}, "auth_failed", "the API server does not accept the credentials (401): Unauthorized"},
		{"403", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 403, metav1.StatusReasonForbidden, `pods is forbidden: User "eve" cannot list resource "pods"`, "")
		}, "forbidden", `listing pods: pods is forbidden: User "eve" cannot list`},
		{"404", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "text/plain", 404, "404 page not found")
		}, "not_found", "could not find the requested resource"},
		{"400", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 400, metav1.StatusReasonBadRequest, "continue key is not valid", "")
		}, "internal", "continue key is not valid"},
		{"500", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 500, metav1.StatusReasonInternalError, "etcdserver: mvcc: database space exceeded", "")
		}, "internal", "database space exceeded"},
		{"504", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 504, metav1.StatusReasonTimeout, "Timeout: request did not complete within 60s", "")
		}, "timeout_exec", "did not complete within 60s"},
		{"a message with a credential and escapes", func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 403, metav1.StatusReasonForbidden, "no\r\n\x1b[31mBearer abcdefgh12345678\x1b[0m", "")
		}, "forbidden", "listing pods: no Bearer [removed]"},
		{"a gigabyte", func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaJSON)
			w.WriteHeader(200)
			for chunk := bytes.Repeat([]byte(" "), 1<<20); r.Context().Err() == nil; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}, "truncated", "the answer is longer than 4194304 bytes"},
		{"a gigabyte announced", func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1073741824")
			writeText(w, mediaJSON, 200, "{")
		}, "truncated", "the answer is longer than 4194304 bytes"},
		{"a large answer in a small gzip", func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", mediaJSON)
			w.WriteHeader(200)
			z := gzip.NewWriter(w)
			_, _ = io.WriteString(z, strings.Repeat(" ", 8<<20))
			_ = z.Close()
		}, "truncated", "the answer is longer than 4194304 bytes"},
		{"silence", func(a *api, w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, "timeout_exec", "no answer from 127.0.0.1:"},
		{"silence in mid-body", func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, mediaJSON, 200, `{"kind":"PodList",`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, "timeout_exec", "no answer from 127.0.0.1:"},
	}
	for _, tt := range tests {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(tt.name+", "+protocol, func(t *testing.T) {
				t.Parallel()
				a := newAPI(t)
				a.lists["/api/v1/pods"] = somePods(30)
				a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
					if n < 2 {
						return false
					}
					tt.answer(a, w, r)
					return true
				}
				cfg := a.config()
				if strings.HasPrefix(tt.name, "silence") {
					cfg.Timeout = 2 * time.Second
				}
				if protocol == "HTTP/1.1" {
					cfg.NextProtos = []string{"http/1.1"}
				}
				var got names
				err := connect(t, cfg, Options{PageSize: 10, Retries: -1, MaxBody: 4 << 20}).Pods(t.Context(), got.pods)
				reason, detail := Reason(err)
				if reason != tt.reason || !strings.Contains(detail, tt.detail) {
					t.Errorf("got %q: %s\nwant %q: ...%s...", reason, detail, tt.reason, tt.detail)
				}
				if len(a.seen()) != 2 {
					t.Errorf("it took %d requests", len(a.seen()))
				}
				got.checkEach(t, 10)
			})
		}
	}
}

func TestRequestsAreRepeated(t *testing.T) {
	overloaded := func(retryAfter string) func(a *api, w http.ResponseWriter, r *http.Request) {
		return func(a *api, w http.ResponseWriter, r *http.Request) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			writeText(w, "text/plain", 429, "Too many requests, please try again later.")
		}
	}
	halfBody := func(a *api, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		writeText(w, mediaJSON, 200, `{"kind":"PodList",`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	s := time.Second
	tests := []struct {
		name   string
		faults int // how many requests are answered so
		answer func(a *api, w http.ResponseWriter, r *http.Request)
		waits  []time.Duration
		reason string
	}{
		{"429 twice", 2, overloaded("3"), []time.Duration{3 * s, 3 * s}, ""},
		{"429 without Retry-After", 3, overloaded(""), []time.Duration{s / 2, s, 2 * s}, ""},
		{"429 with Retry-After 0", 1, overloaded("0"), []time.Duration{s / 2}, ""},
		{"429 with an hour", 1, overloaded("3600"), []time.Duration{30 * s}, ""},
		{"429 with more than fits", 1, overloaded("9999999999999"), []time.Duration{30 * s}, ""},
		{"429 with nonsense", 1, overloaded("-1"), []time.Duration{s / 2}, ""},
		{"429 with a date", 1, func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
			overloaded("Sun, 06 Nov 1994 08:49:44 GMT")(a, w, r)
		}, []time.Duration{7 * s}, ""},
		{"429 for ever", 99, overloaded("1"), []time.Duration{s, s, s, s}, "throttled_429"},
		{"503 from a proxy", 1, func(a *api, w http.ResponseWriter, r *http.Request) {
			writeText(w, "text/html", 503, "<html>")
		}, []time.Duration{s / 2}, ""},
		{"503 for ever", 99, func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 503, metav1.StatusReasonServiceUnavailable, "apiserver is shutting down", "")
		}, []time.Duration{s / 2, s, 2 * s, 4 * s}, "unreachable"},
		{"500 that asks for it", 1, func(a *api, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "2")
			a.status(w, r, 500, metav1.StatusReasonServerTimeout, "try again", "")
		}, []time.Duration{2 * s}, ""},
		{"500 that does not", 99, func(a *api, w http.ResponseWriter, r *http.Request) {
			a.status(w, r, 500, metav1.StatusReasonInternalError, "conversion webhook failed", "")
		}, nil, "internal"},
		{"half a body", 1, halfBody, []time.Duration{s / 2}, ""},
		{"half a body for ever", 99, halfBody, []time.Duration{s / 2, s, 2 * s, 4 * s}, "truncated"},
	}
	for _, tt := range tests {
		for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
			t.Run(tt.name+", "+protocol, func(t *testing.T) {
				a := newAPI(t)
				a.lists["/api/v1/pods"] = somePods(30)
				faults := 0
				a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
					if n < 2 || faults >= tt.faults {
						return false
					}
					faults++
					tt.answer(a, w, r)
					return true
				}
				cfg := a.config()
				if protocol == "HTTP/1.1" {
					cfg.NextProtos = []string{"http/1.1"}
				}
				var waited sleeps
				var got names
				err := connect(t, cfg, Options{PageSize: 10, Sleep: waited.sleep}).Pods(t.Context(), got.pods)
				if reason, detail := Reason(err); reason != tt.reason {
					t.Errorf("reason is %q (%s), want %q", reason, detail, tt.reason)
				}
				if !slices.Equal(waited.want, tt.waits) {
					t.Errorf("waited %v, want %v", waited.want, tt.waits)
				}
				got.checkEach(t, map[bool]int{true: 30, false: 10}[tt.reason == ""])
			})
		}
	}
}

// Over HTTP/1.1 net/http repeats such a request itself, so waits differ.
func TestConnectionThatBreaksBeforeTheAnswer(t *testing.T) {
	for _, protocol := range []string{"http/1.1", "h2"} {
		t.Run(protocol, func(t *testing.T) {
			a := newAPI(t)
			a.lists["/api/v1/pods"] = somePods(30)
			a.intercept = func(n int, _ http.ResponseWriter, _ *http.Request) bool {
				if n%2 == 0 {
					panic(http.ErrAbortHandler)
				}
				return false
			}
			cfg := a.config()
			cfg.NextProtos = []string{protocol}
			var got names
			if err := connect(t, cfg, Options{PageSize: 10, Sleep: new(sleeps).sleep}).Pods(t.Context(), got.pods); err != nil {
				t.Fatal(err)
			}
			got.checkEach(t, 30)
		})
	}
}

func TestWaitEndsWithTheRun(t *testing.T) {
	a := newAPI(t)
	a.intercept = func(n int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Retry-After", "20")
		writeText(w, "text/plain", 429, "Too many requests")
		return true
	}
	c := connect(t, a.config(), Options{})
	late, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if reason, detail := Reason(c.Pods(late, new(names).pods)); reason != "throttled_429" {
		t.Errorf("at the run's deadline the reason is %q: %s", reason, detail)
	}
	stopped, cancel := context.WithCancel(t.Context())
	time.AfterFunc(time.Second, cancel)
	if reason, detail := Reason(c.Pods(stopped, new(names).pods)); reason != "cancelled" {
		t.Errorf("when interrupted the reason is %q: %s", reason, detail)
	}
}
