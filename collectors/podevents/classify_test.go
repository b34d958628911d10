package podevents

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	image = "harbor.corp.example/apps/web:1.0"
	host  = "harbor.corp.example:443"
)

// wrapperCase is how a runtime wraps an error of the transport.
type wrapperCase struct {
	name, runtime, stage, before, after string
}

// wrapperCases are the shapes of domain.md section 3.1, oldest last.
var wrapperCases = []wrapperCase{
	{"containerd 2.x", "containerd", "resolve", `failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, ""},
	{"containerd 1.7 with the rpc prefix", "containerd", "resolve", `rpc error: code = Unknown desc = failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, ""},
	{"old cri plugin, URL without quotes", "containerd", "resolve", `rpc error: code = Unknown desc = failed to resolve image "` + image + `": no available registry endpoint: failed to do request: Head https://harbor.corp.example/v2/apps/web/manifests/1.0: `, ""},
	{"containerd, manifest", "containerd", "manifest", `failed to pull and unpack image "` + image + `": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://harbor.corp.example/v2/apps/web/manifests/sha256:0a1b": `, ""},
	{"containerd, blob", "containerd", "blob", `failed to pull and unpack image "` + image + `": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://harbor.corp.example/v2/apps/web/blobs/sha256:0a1b": `, ""},
	{"containerd, anonymous token", "containerd", "token", `failed to pull and unpack image "` + image + `": failed to resolve image: failed to authorize: failed to fetch anonymous token: Get "https://harbor.corp.example/service/token?scope=repository%3Aapps%2Fweb%3Apull&service=harbor-registry": `, ""},
	{"containerd, token with credentials", "containerd", "token", `failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": failed to authorize: failed to fetch oauth token: Post "https://harbor.corp.example/service/token": `, ""},
	{"docker", "docker", "resolve", `rpc error: code = Unknown desc = Error response from daemon: Get "https://harbor.corp.example/v2/": `, ""},
	{"docker, URL without quotes", "docker", "resolve", `Error response from daemon: Get https://harbor.corp.example/v2/: `, ""},
	{"docker 20.10 and later", "docker", "resolve", `Error response from daemon: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, ""},
	{"docker, token", "docker", "token", `Error response from daemon: Get "https://harbor.corp.example/v2/": Get "https://harbor.corp.example/token?service=harbor&scope=x": `, ""},
	{"CRI-O, new, the cause twice", "crio", "resolve", `unable to pull image or OCI artifact: pull image err: initializing source docker://` + image + `: pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": `, `; artifact err: get manifest: build image source: pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": dial tcp: lookup elsewhere: no such host`},
	{"CRI-O, middle", "crio", "resolve", `rpc error: code = Unknown desc = initializing source docker://` + image + `: pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": `, ""},
	{"CRI-O, old", "crio", "resolve", `rpc error: code = Unknown desc = error pinging docker registry harbor.corp.example: Get "https://harbor.corp.example/v2/": `, ""},
	{"CRI-O, manifest", "crio", "manifest", `initializing source docker://` + image + `: Get "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, ""},
	{"CRI-O, blob", "crio", "blob", `copying system image from manifest list: reading blob sha256:0a1b: Get "https://harbor.corp.example/v2/apps/web/blobs/sha256:0a1b": `, ""},
	{"CRI-O with mirrors", "crio", "resolve", `initializing source docker://` + image + `: (Mirrors also failed: [mirror.corp.example/apps/web:1.0: pinging container registry mirror.corp.example: Get "https://mirror.corp.example/v2/": net/http: TLS handshake timeout]): ` + image + `: pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": `, ""},
	{"CRI-O, registry unavailable", "crio", "resolve", `image pull failed for ` + image + ` because the registry is unavailable: pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": `, ""},
	{"vSphere Pod, 2020", "containerd", "resolve", `esxi02: Failed to resolve image: Http request failed. Code 400: ErrorType(2) failed to do request: Head https://harbor.corp.example/v2/apps/web/manifests/1.0: `, ""},
	{"vSphere Pod, 2026", "containerd", "resolve", `Failed to resolve on node esx-r13-03.corp.example. Reason: Http request failed. Code 400: ErrorType(2) failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, ""},
	{"two credentials tried", "containerd", "resolve", `[failed to pull and unpack image "` + image + `": failed to resolve image: failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": `, `, failed to pull and unpack image "` + image + `": failed to resolve image: unexpected status from HEAD request to https://harbor.corp.example/v2/apps/web/manifests/1.0: 401 Unauthorized]`},
}

// outer are the kubelet's words around a runtime's.
var outer = map[string]func(string) string{
	"waiting, ErrImagePull":     func(m string) string { return m },
	"event":                     func(m string) string { return `Failed to pull image "` + image + `": ` + m },
	"waiting, ImagePullBackOff": func(m string) string { return `Back-off pulling image "` + image + `": ErrImagePull: ` + m },
	"sync error of old kubelets": func(m string) string {
		return `Error syncing pod, skipping: failed to "StartContainer" for "web" with ErrImagePull: ` + quote(m)
	},
	"copied out of a JSON string": func(m string) string { return strings.ReplaceAll(`Failed to pull image "`+image+`": `+m, `"`, `\"`) },
}

func quote(m string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(m) + `"` }

// transportErrors are Go's words, older and newer, with the cause they stand for.
var transportErrors = []struct{ cause, text string }{
	{"unknown_authority", `x509: certificate signed by unknown authority`},
	{"unknown_authority", `tls: failed to verify certificate: x509: certificate signed by unknown authority`},
	{"authority_rekeyed", `x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "Corp Root CA")`},
	{"authority_rekeyed", `tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "Corp Root CA")`},
	{"authority_rekeyed", `x509: certificate signed by unknown authority (possibly because of "x509: Ed25519 verification failure" while trying to verify candidate authority certificate "Corp Root CA")`},
	{"issuer_not_ca", `x509: certificate signed by unknown authority (possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "Corp Root CA")`},
	{"issuer_not_ca", `tls: failed to verify certificate: x509: certificate is not authorized to sign other certificates`},
	{"expired", `x509: certificate has expired or is not yet valid: current time 2026-11-23T04:35:37Z is after 2026-10-19T04:18:24Z`},
	{"expired", `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T05:35:37+01:00 is after 2026-10-19T04:18:24Z`},
	{"expired", `x509: certificate has expired or is not yet valid`},
	{"not_yet_valid", `x509: certificate has expired or is not yet valid: current time 2026-11-23T04:35:37Z is before 2026-12-23T04:18:24Z`},
	{"not_yet_valid", `tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-23T04:35:37Z is before 2026-12-23T04:18:24Z`},
	{"legacy_common_name", `x509: certificate relies on legacy Common Name field, use SANs instead`},
	{"legacy_common_name", `x509: certificate relies on legacy Common Name field, use SANs or temporarily enable Common Name matching with GODEBUG=x509ignoreCN=0`},
	{"name_mismatch", `x509: certificate is valid for harbor-old.corp.example, *.lab, not harbor.corp.example`},
	{"name_mismatch", `tls: failed to verify certificate: x509: certificate is not valid for any names, but wanted to match harbor.corp.example`},
	{"name_mismatch", `x509: certificate is valid for 120 names, but none matched harbor.corp.example`},
	{"ip_mismatch", `x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs`},
	{"ip_mismatch", `tls: failed to verify certificate: x509: certificate is valid for 10.0.0.6, not 10.0.0.5`},
	{"ip_mismatch", `x509: cannot validate certificate for fd00::5 because it doesn't contain any IP SANs`},
	{"ip_mismatch", `x509: certificate is valid for 130 IP SANs, but none matched 10.0.0.5`},
	{"wrong_key_usage", `x509: certificate specifies an incompatible key usage`},
	{"wrong_key_usage", `x509: a root or intermediate certificate is not authorized for an extended key usage: 1.2.3`},
	{"name_constraint", `x509: a root or intermediate certificate is not authorized to sign for this name: DNS name "harbor.corp.example" is not permitted by any constraint`},
	{"name_constraint", `x509: issuer has name constraints but leaf doesn't have a SAN extension`},
	{"name_constraint", `x509: issuer has name constraints but leaf contains unknown or unconstrained name: x`},
	{"chain_invalid", `x509: too many intermediates for path length constraint`},
	{"chain_invalid", `x509: issuer name does not match subject from issuing certificate`},
	{"chain_invalid", `tls: failed to parse certificate from server: x509: negative serial number`},
	{"chain_invalid", `tls: failed to verify certificate: x509: unhandled critical extension`},
	{"chain_invalid", `tls: failed to verify certificate: x509: words of a later Go`},
	{"weak_signature", `x509: cannot verify signature: insecure algorithm SHA1-RSA`},
	{"weak_signature", `x509: certificate signed by unknown authority (possibly because of "x509: cannot verify signature: insecure algorithm SHA1-RSA" while trying to verify candidate authority certificate "Corp Root CA")`},
	{"weak_signature", `tls: invalid signature by the server certificate: crypto/rsa: 512-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)`},
	{"no_system_roots", `x509: failed to load system roots and no roots provided; open /etc/ssl/certs: permission denied`},
	{"no_system_roots", `tls: failed to verify certificate: x509: failed to load system roots and no roots provided`},
	{"tls_version", `remote error: tls: protocol version not supported`},
	{"tls_version", `tls: server selected unsupported protocol version 301`},
	{"tls_version", `remote error: tls: inappropriate fallback`},
	{"tls_handshake", `remote error: tls: handshake failure`},
	{"tls_handshake", `remote error: tls: internal error`},
	{"tls_handshake", `remote error: tls: unrecognized name`},
	{"tls_handshake", `remote error: tls: no application protocol`},
	{"tls_handshake", `remote error: tls: user canceled`},
	{"tls_handshake", `remote error: handshake failure`},
	{"tls_handshake", `local error: tls: bad record MAC`},
	{"tls_handshake", `tls: first record does not look like a TLS handshake`},
	{"tls_handshake", `tls: oversized record received with length 16709`},
	{"client_certificate_required", `remote error: tls: certificate required`},
	{"client_certificate_required", `remote error: tls: bad certificate`},
	{"client_certificate_required", `remote error: bad certificate`},
	{"client_certificate_required", `remote error: tls: unknown certificate authority`},
	{"client_certificate_required", `remote error: tls: unknown certificate`},
	{"http_not_https", `http: server gave HTTP response to HTTPS client`},
	{"http_not_https", `tls: oversized record received with length 20527`},
	{"https_not_http", `net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x01\x00\x02\x02F"`},
	{"https_not_http", `malformed HTTP response "\x15\x03\x01\x00\x02\x02"`},
	{"dns", `dial tcp: lookup harbor.corp.example on 10.0.0.2:53: no such host`},
	{"dns", `dial tcp: lookup harbor.corp.example on 10.0.0.2:53: server misbehaving`},
	{"dns", `dial tcp: lookup harbor.corp.example on 10.0.0.2:53: read udp 10.0.0.7:41234->10.0.0.2:53: i/o timeout`},
	{"dns", `dial tcp: lookup harbor.corp.example on 10.0.0.2:53: dial udp 10.0.0.2:53: connect: network is unreachable`},
	{"dns", `dial tcp: lookup harbor.corp.example: i/o timeout`},
	{"dns", `dial tcp: lookup harbor.corp.example: Temporary failure in name resolution`},
	{"dns", `lookup harbor.corp.example: No address associated with hostname`},
	{"refused", `dial tcp 10.0.0.5:443: connect: connection refused`},
	{"refused", `dial tcp [fd00::5]:443: connect: connection refused`},
	{"refused", `dial tcp 10.0.0.5:443: connectex: No connection could be made because the target machine actively refused it.`},
	{"timeout", `dial tcp 10.0.0.5:443: i/o timeout`},
	{"timeout", `dial tcp 10.0.0.5:443: connect: connection timed out`},
	{"timeout", `net/http: TLS handshake timeout`},
	{"timeout", `context deadline exceeded`},
	{"timeout", `context deadline exceeded (Client.Timeout exceeded while awaiting headers)`},
	{"timeout", `net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`},
	{"timeout", `net/http: timeout awaiting response headers`},
	{"timeout", `read tcp 10.0.0.7:5->10.0.0.5:443: i/o timeout`},
	{"reset", `read tcp 10.0.0.7:5->10.0.0.5:443: read: connection reset by peer`},
	{"reset", `dial tcp 10.0.0.5:443: connect: connection reset by peer`},
	{"reset", `EOF`},
	{"reset", `unexpected EOF`},
	{"reset", `http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""`},
	{"reset", `write tcp 10.0.0.7:5->10.0.0.5:443: write: broken pipe`},
	{"unreachable", `dial tcp 10.0.0.5:443: connect: no route to host`},
	{"unreachable", `dial tcp 10.0.0.5:443: connect: network is unreachable`},
	{"unreachable", `dial tcp 10.0.0.5:443: connect: permission denied`},
	{"unreachable", `dial tcp 10.0.0.5:443: connect: operation not permitted`},
	{"stalled", `context canceled`},
	{"stalled", `net/http: request canceled`},
	{"not_a_registry", `stopped after 10 redirects`},
	{"not_a_registry", `net/http: HTTP/1.x transport connection broken: malformed HTTP response "SSH-2.0-OpenSSH_9.2p1"`},
	{"not_a_registry", `net/http: HTTP/1.x transport connection broken: malformed HTTP status code "this"`},
}

func TestTransportErrorsInEveryWrapper(t *testing.T) {
	for _, e := range transportErrors {
		for _, w := range wrapperCases {
			for around, wrap := range outer {
				message := wrap(w.before + e.text + w.after)
				got := Classify(message)
				if got.Cause != e.cause || got.Stage != w.stage || got.Host != host || got.Runtime != w.runtime {
					t.Errorf("%s, %s: %q\n got  %s %s %s %s\n want %s %s %s %s", w.name, around, message,
						got.Cause, got.Stage, got.Host, got.Runtime, e.cause, w.stage, host, w.runtime)
				}
				if strings.HasPrefix(w.name, "vSphere") != (got.Origin == evidence.OriginVSpherePod) {
					t.Errorf("%s: origin %s of %q", w.name, got.Origin, message)
				}
			}
		}
	}
}

func TestCandidateAndClockOfTheNodeAreRead(t *testing.T) {
	rekeyed := Classify(`Head "https://h/v2/": x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "Corp \"Root\" CA")`)
	if rekeyed.Candidate != `Corp "Root" CA` {
		t.Errorf("candidate %q", rekeyed.Candidate)
	}
	expired := Classify(`x509: certificate has expired or is not yet valid: current time 2026-11-23T05:35:37+01:00 is after 2026-10-19T04:18:24Z`)
	if want := time.Date(2026, 11, 23, 4, 35, 37, 0, time.UTC); expired.NodeTime == nil || !expired.NodeTime.Equal(want) {
		t.Errorf("node time %v, want %v", expired.NodeTime, want)
	}
	cut := Classify(`x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "Corp R`)
	if cut.Cause != "authority_rekeyed" {
		t.Errorf("a message that was cut off: %s", cut.Cause)
	}
}

func TestEveryCauseOfTheListIsProduced(t *testing.T) {
	produced := map[string]map[string]bool{}
	note := func(cause, message string) {
		if produced[cause] == nil {
			produced[cause] = map[string]bool{}
		}
		produced[cause][message] = true
	}
	for _, e := range transportErrors {
		for _, w := range wrapperCases {
			note(Classify(w.before+e.text).Cause, w.before)
		}
	}
	for _, a := range answers {
		note(Classify(a.message).Cause, a.message)
	}
	for _, cause := range evidence.Causes {
		if cause == causeUnknown || cause == "pull_secret_missing" { // that takes an event: see TestMissingPullSecret
			continue
		}
		if len(produced[cause]) < 2 {
			t.Errorf("cause %q is produced by %d cases, want at least two", cause, len(produced[cause]))
		}
	}
	for cause := range produced {
		if !slices.Contains(evidence.Causes, cause) {
			t.Errorf("cause %q is not in the list", cause)
		}
	}
}
