package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"
)

// protobufMagic begins every protobuf body; a runtime.Unknown follows.
var protobufMagic = []byte("k8s\x00")

// A message is a Kubernetes API type.
type message interface {
	GetObjectKind() schema.ObjectKind
	Unmarshal([]byte) error // protobuf
}

// decode reads an answer that must be of the given kind. Its errors quote
// nothing of the answer, which may be a Secret.
func decode(a answer, kind string, into message) error {
	found := ""
	switch a.mediaType {
	case mediaProtobuf:
		raw, ok := bytes.CutPrefix(a.body, protobufMagic)
		var envelope runtime.Unknown
		if !ok || envelope.Unmarshal(raw) != nil {
			return notKubernetes(kind)
		}
		if found = envelope.Kind; found == kind && into.Unmarshal(envelope.Raw) != nil {
			return notKubernetes(kind)
		}
	case mediaJSON:
		if json.Unmarshal(a.body, into) != nil {
			return notKubernetes(kind)
		}
		found = into.GetObjectKind().GroupVersionKind().Kind
	default:
		return wrongMediaType(a.mediaType)
	}
	if found != kind {
		return wrongKind(found, kind)
	}
	return nil
}

func wrongKind(found, want string) *failure {
	return &failure{reason: "parse_error", err: fmt.Errorf("the answer is of kind %q, not %q", found, want)}
}

func notKubernetes(kind string) *failure {
	return &failure{reason: "parse_error", err: fmt.Errorf("the answer cannot be read as %s", kind)}
}

func wrongMediaType(mediaType string) *failure {
	switch mediaType {
	case "text/html":
		return &failure{reason: "parse_error", err: errors.New("the answer is an HTML page: is this a Kubernetes API, or a proxy or login page before it?")}
	case "":
		return &failure{reason: "parse_error", err: errors.New("the answer does not say what it is (no Content-Type)")}
	default:
		return &failure{reason: "parse_error", err: fmt.Errorf("the answer is %q, not a Kubernetes object", mediaType)}
	}
}

// getJSON reads one document as JSON.
func (c *Cluster) getJSON(ctx context.Context, path string, into any) error {
	got, err := c.fetch(ctx, request{path: path, accept: mediaJSON})
	if err != nil {
		return err
	}
	if got.mediaType != mediaJSON {
		return wrongMediaType(got.mediaType)
	}
	if json.Unmarshal(got.body, into) != nil {
		return notKubernetes("JSON")
	}
	return nil
}

// statusFailure is for an answer that is not a success.
func (c *Cluster) statusFailure(resp *http.Response, a answer) *failure {
	if resp.StatusCode/100 == 3 {
		return &failure{reason: "parse_error", err: fmt.Errorf("the server redirects to %q, which a Kubernetes API does not", redirectHost(resp))}
	}
	if resp.StatusCode/100 == 2 {
		return &failure{reason: "parse_error", err: fmt.Errorf("the server answered %d, where a Kubernetes API answers 200", resp.StatusCode)}
	}
	if a.mediaType == "text/html" && !temporary(resp.StatusCode) && resp.StatusCode != http.StatusUnauthorized {
		// A proxy's 403 or 404 says nothing of the cluster's objects.
		return &failure{reason: "parse_error", err: fmt.Errorf("status %d: %w", resp.StatusCode, wrongMediaType(a.mediaType))}
	}
	after, asked := retryAfter(resp.Header)
	f := &failure{reason: statusReason(resp.StatusCode), err: statusError(resp, a), after: after}
	switch {
	case temporary(resp.StatusCode), asked && resp.StatusCode == http.StatusInternalServerError:
		f.retry = always
	case resp.StatusCode == http.StatusUnauthorized:
		if c.plugin != "" {
			f.retry = 1 // client-go has asked the plugin for new ones
		}
		f.err = fmt.Errorf("the API server does not accept the credentials (401)%s: %w", c.credential, f.err)
	}
	return f
}

// temporary tells of a code that the same request may not have again. It leaves
// out 504, which took the server its full minute.
func temporary(code int) bool {
	return code == http.StatusTooManyRequests || code == http.StatusBadGateway || code == http.StatusServiceUnavailable
}

// statusError is the Status that the server sent, or one made from its code
// with the cause UnexpectedServerResponse.
func statusError(resp *http.Response, a answer) error {
	var status metav1.Status
	if decode(a, "Status", &status) == nil {
		status.Code = int32(resp.StatusCode) //nolint:gosec // three digits
		return &apierrors.StatusError{ErrStatus: status}
	}
	text := ""
	switch a.mediaType {
	case "text/html":
		text = "an HTML page instead of a Kubernetes status"
	case "text/plain", "":
		text = oneLine(string(a.body))
	}
	return apierrors.NewGenericServerResponse(resp.StatusCode, resp.Request.Method, schema.GroupResource{}, "", text, 0, true)
}

// spoken tells whether an error is the API server's own word and not that of
// something before it.
func spoken(err error) bool { return err != nil && !apierrors.IsUnexpectedServerError(err) }

func redirectHost(resp *http.Response) string {
	target, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || target.Host == "" {
		return "elsewhere"
	}
	return target.Host
}
