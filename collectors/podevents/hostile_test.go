package podevents

import (
	"slices"
	"strings"
	"testing"
)

// Names that say something in a cause's words. None may change what a message
// means.
var (
	hostileHosts = []string{
		"basic-auth.corp.example", "expired-root.corp.example", "x509.example", "unauthorized.example", "denied.example",
		"429.example", "404.503.example", "connection-refused.example", "no-such-host.example", "eof.example", "proxyconnect.example",
		"not-found.example", "blocked.in.example", "timeout.example", "certificate-signed-by-unknown-authority.example",
	}
	hostileRepositories = []string{
		"blobs", "manifests", "apps/blobs", "apps/manifests", "blobs/manifests", "token", "service/token", "v2/blobs/sha256",
		"x509", "unauthorized", "denied/not-found", "toomanyrequests", "unknown", "docker", "no/space/left/on/device",
	}
	hostileTags = []string{
		"unauthorized", "x509", "denied", "unknown", "not-found", "404", "401", "503", "EOF", "expired", "blobs", "manifests",
		"toomanyrequests", "latest-is-after", "tls", "invalid", "timeout",
	}
)

func renamed(message, host, repository, tag string) string {
	return strings.NewReplacer(
		"harbor.corp.example", host, "apps/web", repository,
		":1.0", ":"+tag, "/manifests/1.0", "/manifests/"+tag, "[manifests 1.0]", "[manifests "+tag+"]",
		"manifest 1.0 in", "manifest "+tag+" in", ":9.9", ":"+tag, "manifest 9.9 in", "manifest "+tag+" in",
	).Replace(message)
}

func TestNamesNeverInfluenceTheCause(t *testing.T) {
	check := func(message, cause, stage string, n int) {
		host := hostileHosts[n%len(hostileHosts)]
		repository := hostileRepositories[n%len(hostileRepositories)]
		tag := hostileTags[n%len(hostileTags)]
		got := Classify(renamed(message, host, repository, tag))
		if got.Cause != cause || got.Stage != stage {
			t.Errorf("%q\n got  %s %s\n want %s %s", renamed(message, host, repository, tag), got.Cause, got.Stage, cause, stage)
		}
	}
	n := 0
	for _, e := range transportErrors {
		if strings.Contains(e.text, "harbor.corp.example") {
			continue
		}
		for _, w := range wrapperCases {
			for range 8 { // strides that pair every host with many repositories and tags
				check(w.before+e.text+w.after, e.cause, w.stage, n)
				n += 7
			}
		}
	}
	for _, a := range answers {
		for range len(hostileTags) {
			check(a.message, a.cause, a.stage, n)
			n += 7
		}
	}
}

func TestHostileImageNamesOfTheIssueAreNotMatched(t *testing.T) {
	for _, c := range []struct{ message, cause, stage, host string }{
		{`rpc error: code = NotFound desc = failed to pull and unpack image "x509.example/unauthorized/blobs:denied": failed to resolve image: x509.example/unauthorized/blobs:denied: not found`, "not_found", "resolve", "x509.example:443"},
		{`failed to pull and unpack image "harbor.example/blobs/x:1": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://harbor.example/v2/blobs/x/manifests/sha256:0a1b": EOF`, "reset", "manifest", "harbor.example:443"},
		{`failed to pull and unpack image "harbor.example/manifests:1": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://harbor.example/v2/manifests/blobs/sha256:0a1b": EOF`, "reset", "blob", "harbor.example:443"},
		{`initializing source docker://unauthorized.example/token:x509: reading manifest x509 in unauthorized.example/token: manifest unknown`, "not_found", "manifest", "unauthorized.example:443"},
		{`Failed to pull image "basic-auth.example/expired:1": failed to pull and unpack image "basic-auth.example/expired:1": failed to resolve image: failed to do request: Head "https://basic-auth.example/v2/expired/manifests/1": dial tcp: lookup basic-auth.example on 10.0.0.2:53: no such host`, "dns", "resolve", "basic-auth.example:443"},
		{`Failed to pull image "toomanyrequests:1": rpc error: code = NotFound desc = toomanyrequests:1: not found`, "not_found", "resolve", "docker.io:443"},
		{`Failed to pull image "unauthorized:denied": rpc error: code = NotFound desc = unauthorized:denied: not found`, "not_found", "resolve", "docker.io:443"},
		{`Back-off pulling image "tls.example/connection/refused:timeout"`, "unknown", "resolve", ""},
		{`rpc error: code = Unknown desc = Error response from daemon: manifest for unauthorized.example/denied:toomanyrequests not found: manifest unknown: manifest unknown`, "not_found", "manifest", ""},
		{`failed to pull and unpack image "h.example/x:1": failed to resolve image: unexpected status from HEAD request to https://h.example/v2/x/manifests/1?ns=x509.example: 503 Service Unavailable` + "\nunknown: x509: certificate signed by unknown authority", "server_error", "resolve", "h.example:443"},
	} {
		got := Classify(c.message)
		if got.Cause != c.cause || got.Stage != c.stage || got.Host != c.host {
			t.Errorf("%q\n got  %s %s %s\n want %s %s %s", c.message, got.Cause, got.Stage, got.Host, c.cause, c.stage, c.host)
		}
	}
}

// Kinds of failed sandbox that are not about its image.
func TestNetworkPluginsErrorsAreNoPullFailures(t *testing.T) {
	for _, message := range []string{
		`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "0a1b": plugin type="calico" failed (add): error getting ClusterInformation: Get "https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/default": x509: certificate signed by unknown authority`,
		`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: no space left on device: unknown`,
	} {
		if got := Classify(message); got.Image != "" {
			t.Errorf("%q: image %q", message, got.Image)
		}
	}
	if !slices.Contains([]string{"sandbox"}, Classify(`Failed to create pod sandbox: x`).Stage) {
		t.Error("the stage of a failed sandbox")
	}
}
