package podevents

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// The literal texts of the project's table of causes (C1 to C28), standing alone
// as its measurements gave them and as field reports quote them.
func TestLiteralTextsOfTheTableOfCauses(t *testing.T) {
	for _, c := range []struct{ id, text, cause string }{
		{"C1", `x509: certificate signed by unknown authority`, "unknown_authority"},
		{"C3", `x509: certificate signed by unknown authority (possibly because of "crypto/rsa: verification error" while trying to verify candidate authority certificate "CN")`, "authority_rekeyed"},
		{"C4", `x509: certificate signed by unknown authority (possibly because of "x509: invalid signature: parent certificate cannot sign this kind of certificate" while trying to verify candidate authority certificate "CN")`, "issuer_not_ca"},
		{"C5", `x509: certificate has expired or is not yet valid: current time 2026-11-23T04:35:37Z is after 2026-10-19T04:18:24Z`, "expired"},
		{"C6", `x509: certificate has expired or is not yet valid: current time 2026-11-23T04:35:37Z is before 2026-12-19T04:18:24Z`, "not_yet_valid"},
		{"C7", `x509: certificate relies on legacy Common Name field, use SANs instead`, "legacy_common_name"},
		{"C8", `x509: certificate is valid for A, B, not H`, "name_mismatch"},
		{"C8", `x509: certificate is not valid for any names, but wanted to match H`, "name_mismatch"},
		{"C8", `x509: certificate is valid for 123 names, but none matched H`, "name_mismatch"},
		{"C9", `x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs`, "ip_mismatch"},
		{"C9", `certificate is valid for 10.0.0.6, not 10.0.0.5`, "ip_mismatch"},
		{"C10", `certificate is valid for *.lab, not a.harbor.lab`, "name_mismatch"},
		{"C11", `x509: certificate specifies an incompatible key usage`, "wrong_key_usage"},
		{"C12", `x509: a root or intermediate certificate is not authorized to sign for this name: x`, "name_constraint"},
		{"C12", `x509: a root or intermediate certificate is not authorized for an extended key usage: x`, "wrong_key_usage"},
		{"C12", `x509: too many intermediates for path length constraint`, "chain_invalid"},
		{"C12", `x509: issuer name does not match subject from issuing certificate`, "chain_invalid"},
		{"C12", `x509: issuer has name constraints but leaf doesn't have a SAN extension`, "name_constraint"},
		{"C13", `x509: cannot verify signature: insecure algorithm SHA1-RSA`, "weak_signature"},
		{"C14", `x509: failed to load system roots and no roots provided; x`, "no_system_roots"},
		{"C15", `http: server gave HTTP response to HTTPS client`, "http_not_https"},
		{"C16", `Client sent an HTTP request to an HTTPS server.`, "https_not_http"},
		{"C17", `remote error: tls: protocol version not supported`, "tls_version"},
		{"C17", `tls: handshake failure`, "tls_handshake"},
		{"C17", `tls: server selected unsupported protocol version 301`, "tls_version"},
		{"C18", `remote error: tls: certificate required`, "client_certificate_required"},
		{"C18", `remote error: tls: bad certificate`, "client_certificate_required"},
		{"C19", `proxyconnect tcp: dial tcp 10.0.0.9:3128: connect: connection refused`, "proxy"},
		{"C20", `dial tcp: lookup H on S:53: no such host`, "dns"},
		{"C20", `lookup H: No address associated with hostname`, "dns"},
		{"C21", `dial tcp 10.0.0.5:443: i/o timeout`, "timeout"},
		{"C21", `connect: connection refused`, "refused"},
		{"C21", `no route to host`, "unreachable"},
		{"C21", `EOF`, "reset"},
		{"C21", `connection reset by peer`, "reset"},
		{"C22", `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://h/t: 401 Unauthorized`, "unauthorized"},
		{"C22", `pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`, "unauthorized"},
		{"C22", `no basic auth credentials`, "unauthorized"},
		{"C22", `unauthorized: authentication required`, "unauthorized"},
		{"C23", `failed to fetch oauth token: Post "https://auth.example/token": x509: certificate signed by unknown authority`, "unknown_authority"},
		{"C24", `harbor.example/x:1: not found`, "not_found"},
		{"C24", `manifest unknown`, "not_found"},
		{"C25", `429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`, "rate_limited"},
		{"C26", `registry H is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d`, "blocked"},
		{"C27", `no match for platform in manifest`, "platform_mismatch"},
		{"C28", `failed to copy: context canceled`, "stalled"},
	} {
		if got := Classify(c.text); got.Cause != c.cause {
			t.Errorf("%s %q: %s, want %s", c.id, c.text, got.Cause, c.cause)
		}
	}
}

func TestVSpherePodWordings(t *testing.T) {
	for _, c := range []struct {
		name, message, cause, host, node, image string
	}{
		{"the documentation page", `failed to get images: ... Error: ... x509: certificate signed by unknown authority`, "unknown_authority", "", "", ""},
		{
			"2020", `esxi02: Failed to resolve image: Http request failed. Code 400: ErrorType(2) failed to do request: Head https://harbor-dev.corp.example/v2/ghost/ghost/manifests/3.25.0: x509: certificate signed by unknown authority`,
			"unknown_authority", "harbor-dev.corp.example:443", "esxi02", "harbor-dev.corp.example/ghost/ghost:3.25.0",
		},
		{
			"2026", `Failed to resolve on node esx-r13-03.corp.example. Reason: Http request failed. Code 400: ErrorType(2) failed to do request: Head "https://h.corp.example/v2/nginx/manifests/latest": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			"unknown_authority", "h.corp.example:443", "esx-r13-03.corp.example", "h.corp.example/nginx:latest",
		},
		{"shortened in other places", `failed to get images: ... Head "https://h.corp.example/v2/nginx/manifests/latest": ... EOF`, "reset", "h.corp.example:443", "", "h.corp.example/nginx:latest"},
		{"only an HTTP code", `esxi02: Failed to resolve image: Http request failed. Code 401: ErrorType(2) words that nobody knows`, "unauthorized", "", "esxi02", ""},
	} {
		got := Classify(c.message)
		if got.Cause != c.cause || got.Host != c.host || got.Node != c.node || got.Image != c.image || got.Origin != evidence.OriginVSpherePod {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
