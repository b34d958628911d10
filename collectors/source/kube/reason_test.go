package kube

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestReasonOfOtherErrors(t *testing.T) {
	tests := []struct {
		err    error
		reason string
	}{
		{nil, ""},
		{context.Canceled, "cancelled"},
		{context.DeadlineExceeded, "timeout_exec"},
		{fmt.Errorf("x: %w", source.ErrForbidden), "forbidden"},
		{fmt.Errorf("x: %w", source.ErrNotFound), "not_found"},
		{fmt.Errorf("x: %w", source.ErrNotCollected), "not_in_source"},
		{fmt.Errorf("x: %w", ErrNotServed), "not_in_source"},
		{&LoadError{Err: fs.ErrNotExist}, "not_found"},
		{&LoadError{Err: fs.ErrPermission}, "permission_denied"},
		{errors.New("x"), "internal"},
	}
	for _, tt := range tests {
		if got, _ := Reason(tt.err); got != tt.reason {
			t.Errorf("%v: got %q, want %q", tt.err, got, tt.reason)
		}
	}
}

func TestDetailIsBounded(t *testing.T) {
	_, detail := Reason(errors.New(strings.Repeat("ä", 5000)))
	if len([]rune(detail)) != maxDetail || !strings.HasSuffix(detail, "...") {
		t.Errorf("got %d characters", len([]rune(detail)))
	}
}

func TestRefusedCredentialsAreDescribed(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"me","exp":1790000000}`))
	tests := []struct {
		name   string
		change func(*rest.Config)
		want   string
	}{
		{"a token that says its end", func(c *rest.Config) { c.BearerToken = "eyJhbGciOiJub25lIn0." + claims + ".c2lnbmF0dXJl" }, "(401); the kubeconfig's token is valid until 2026-09-21T14:13:20Z: Unauthorized"},
		{"an opaque token", func(c *rest.Config) { c.BearerToken = "s3cret" }, "(401): Unauthorized"},
		{"a broken token", func(c *rest.Config) { c.BearerToken = "a.b.c" }, "(401): Unauthorized"},
		{"no credentials", func(c *rest.Config) { c.BearerToken = "" }, "(401); the kubeconfig has none for this context: Unauthorized"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAPI(t)
			a.intercept = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				a.status(w, r, 401, metav1.StatusReasonUnauthorized, "Unauthorized", "")
				return true
			}
			cfg := a.config()
			tt.change(cfg)
			reason, detail := Reason(connect(t, cfg, Options{}).Pods(t.Context(), new(names).pods))
			if want := "listing pods: the API server does not accept the credentials " + tt.want; reason != "auth_failed" || detail != want {
				t.Errorf("got %q: %s\nwant %s", reason, detail, want)
			}
		})
	}
}

// FuzzReason answers a list with any status, media type and body.
func FuzzReason(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"kind":"PodList","items":[{}]}`))
	f.Add(200, mediaProtobuf, []byte("k8s\x00\x0a\x0d\x0a\x02v1\x12\x07PodList\x12\x02\x12\x00"))
	f.Add(410, "application/json", []byte(`{"kind":"Status","apiVersion":"v1","metadata":{"continue":"x"},"code":410}`))
	f.Add(403, "text/html", []byte("<html>"))
	f.Add(503, "text/plain", []byte("Bearer s3cretabcdefgh\r\n\x1b[31m"))
	f.Add(401, "application/json", []byte(`{"kind":"Status","message":"https://u:p@h/"}`))
	f.Add(302, "", []byte{})
	f.Add(500, "text/plain", []byte(`{"auths":{"h":{"auth":"dTpw"}}} LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t`))
	c := &Cluster{options: Options{}.withDefaults()}
	f.Fuzz(func(t *testing.T, status int, mediaType string, body []byte) {
		var err error
		if got := (answer{mediaType, body}); status == 200 {
			err = decode(got, "PodList", new(corev1.PodList))
		} else {
			err = c.statusFailure(&http.Response{StatusCode: status, Header: http.Header{}, Request: &http.Request{Method: "GET"}}, got)
		}
		reason, detail := Reason(err)
		if err == nil {
			return
		}
		if !slices.Contains(evidence.Reasons, reason) {
			t.Errorf("reason %q is not in the list", reason)
		}
		if strings.ContainsFunc(detail, func(r rune) bool { return r < ' ' || r == 0x7f }) || len([]rune(detail)) > maxDetail {
			t.Errorf("detail is not one short line: %q", detail)
		}
		if evidence.Scan([]byte(detail)) != nil {
			t.Errorf("detail holds a secret: %q", detail)
		}
	})
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("3", "")
	f.Add("Sun, 06 Nov 1994 08:49:44 GMT", "Sun, 06 Nov 1994 08:49:37 GMT")
	f.Fuzz(func(t *testing.T, value, date string) {
		if d, _ := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}); d < 0 {
			t.Errorf("waits %s", d)
		}
	})
}

func FuzzTokenEnd(f *testing.F) {
	f.Add("a." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1790000000}`)) + ".c")
	f.Fuzz(func(t *testing.T, text string) {
		if end, ok := tokenEnd(text); ok && end.UTC().Format(time.RFC3339) == "" {
			t.Error("no time")
		}
	})
}
