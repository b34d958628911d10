package podevents

import "testing"

// answer is a message that is no transport's error, and what it must give.
type answer struct{ message, cause, stage, host string }

const (
	pull   = `failed to pull and unpack image "` + image + `": `
	pull1  = `rpc error: code = Unknown desc = ` + pull + `failed to resolve reference "` + image + `": `
	pull2  = pull + `failed to resolve image: `
	crio   = `initializing source docker://` + image + `: `
	blob   = pull + `failed to copy: httpReadSeeker: failed open: `
	tagURL = `https://harbor.corp.example/v2/apps/web/manifests/1.0`
	hub    = "docker.io:443"
)

// answers are registries' answers and what the node itself finds wrong, in the
// words of each runtime.
var answers = []answer{
	// 401.
	{pull2 + `pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`, "unauthorized", "resolve", host},
	{pull1 + `pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`, "unauthorized", "resolve", host},
	{pull2 + `unexpected status from HEAD request to ` + tagURL + `: 401 Unauthorized`, "unauthorized", "resolve", host},
	{pull1 + `pulling from host harbor.corp.example failed with status code [manifests 1.0]: 401 Unauthorized`, "unauthorized", "resolve", host},
	{pull2 + `failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.corp.example/token?scope=repository%3Aapps%2Fweb%3Apull&service=x: 401 Unauthorized`, "unauthorized", "token", "auth.corp.example:443"},
	{pull1 + `failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized`, "unauthorized", "token", ""},
	{pull2 + `failed to find supported auth scheme: not implemented`, "unauthorized", "resolve", host},
	{pull1 + `failed to authorize: failed to handle basic auth because missing username or secret`, "unauthorized", "token", ""},
	{`Error response from daemon: Get "https://harbor.corp.example/v2/": no basic auth credentials`, "unauthorized", "resolve", host},
	{`Error response from daemon: Head "` + tagURL + `": unauthorized: authentication required`, "unauthorized", "resolve", host},
	{`Error response from daemon: pull access denied for corp/web, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`, "unauthorized", "resolve", ""},
	{`Failed to pull image "corp/web": Error response from daemon: pull access denied for corp/web, repository does not exist or may require 'docker login'`, "unauthorized", "resolve", hub},
	{crio + `reading manifest 1.0 in harbor.corp.example/apps/web: unauthorized: authentication required`, "unauthorized", "manifest", host},
	{crio + `reading manifest 1.0 in harbor.corp.example/apps/web: authentication required`, "unauthorized", "manifest", host},
	{crio + `unable to retrieve auth token: invalid username/password: unauthorized: authentication required`, "unauthorized", "token", ""},
	{crio + `Get "` + tagURL + `": unable to retrieve auth token: invalid username/password: unauthorized: authentication required`, "unauthorized", "token", ""},
	{blob + `unexpected status code https://harbor.corp.example/v2/apps/web/blobs/sha256:0a1b: 401 Unauthorized`, "unauthorized", "blob", host},

	// 403 and the like.
	{pull2 + "unexpected status from HEAD request to " + tagURL + ": 403 Forbidden\ndenied: requested access to the resource is denied", "forbidden", "resolve", host},
	{pull1 + `pulling from host harbor.corp.example failed with status code [manifests 1.0]: 403 Forbidden`, "forbidden", "resolve", host},
	{crio + `reading manifest 1.0 in harbor.corp.example/apps/web: denied: requested access to the resource is denied`, "forbidden", "manifest", host},
	{crio + `reading manifest 1.0 in harbor.corp.example/apps/web: requested access to the resource is denied`, "forbidden", "manifest", host},
	{`Error response from daemon: error parsing HTTP 403 response body: invalid character '<' looking for beginning of value: "<html>Access to this site is blocked</html>"`, "forbidden", "resolve", ""},
	{blob + `unexpected status code https://bucket.s3.example/docker/registry/v2/blobs/sha256/0a/0a1b/data?X-Amz-Expires=1200: 403 Forbidden`, "forbidden", "blob", "bucket.s3.example:443"},
	{pull2 + `unexpected status from HEAD request to ` + tagURL + `: 412 Precondition Failed`, "forbidden", "resolve", host},

	// 404.
	{`rpc error: code = NotFound desc = ` + pull2 + image + `: not found`, "not_found", "resolve", host},
	{`rpc error: code = NotFound desc = ` + blob + `could not fetch content descriptor sha256:0a1b (application/vnd.docker.image.rootfs.diff.tar.gzip) from remote: not found`, "not_found", "blob", host},
	{blob + `content at https://harbor.corp.example/v2/apps/web/manifests/sha256:0a1b not found: not found`, "not_found", "manifest", host},
	{crio + `reading manifest 9.9 in harbor.corp.example/apps/web: manifest unknown: manifest unknown`, "not_found", "manifest", host},
	{crio + `reading manifest 9.9 in harbor.corp.example/apps/web: manifest unknown`, "not_found", "manifest", host},
	{crio + `reading manifest 9.9 in harbor.corp.example/apps/web: name unknown: repository name not known to registry`, "not_found", "manifest", host},
	{crio + `reading manifest 9.9 in harbor.corp.example/apps/web: unknown: artifact apps/web:9.9 not found`, "not_found", "manifest", host},
	{crio + `reading manifest 9.9 in harbor.corp.example/apps/web: StatusCode: 404, "404 page not found"`, "not_found", "manifest", host},
	{`Error response from daemon: manifest for harbor.corp.example/apps/web:9.9 not found: manifest unknown: manifest unknown`, "not_found", "manifest", ""},
	{`rpc error: code = NotFound desc = words that nobody knows`, "not_found", "resolve", ""},

	// 429.
	{pull2 + `unexpected status from HEAD request to ` + tagURL + `: 429 Too Many Requests`, "rate_limited", "resolve", host},
	{blob + `unexpected status code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:0a1b: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`, "rate_limited", "manifest", "registry-1.docker.io:443"},
	{`Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https://www.docker.com/increase-rate-limit`, "rate_limited", "resolve", ""},
	{crio + `reading manifest latest in docker.io/library/nginx: toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit`, "rate_limited", "manifest", hub},
	{crio + `pinging container registry harbor.corp.example: too many requests to registry`, "rate_limited", "resolve", host},
	{`pull QPS exceeded`, "rate_limited", "resolve", ""},

	// 5xx.
	{pull2 + `unexpected status from HEAD request to ` + tagURL + `: 503 Service Unavailable`, "server_error", "resolve", host},
	{pull2 + "unexpected status from HEAD request to " + tagURL + ": 502 Bad Gateway\nunknown: dial tcp 10.0.0.5:443: connect: connection refused", "server_error", "resolve", host},
	{crio + `Requesting bearer token: received unexpected HTTP status: 503 Service Unavailable`, "server_error", "token", ""},
	{crio + `pinging container registry harbor.corp.example: Requesting bearer token: received unexpected HTTP status: 503 Service Unavailable`, "server_error", "token", ""},
	{crio + `Requesting bear token: invalid status code from registry 502 (Bad Gateway)`, "server_error", "token", ""},
	{crio + `pinging container registry harbor.corp.example: received unexpected HTTP status: 500 Internal Server Error`, "server_error", "resolve", host},
	{`Error response from daemon: received unexpected HTTP status: 500 Internal Server Error`, "server_error", "resolve", ""},

	// HTTP on the wrong port, client certificates, proxies.
	{pull2 + `unexpected status from HEAD request to http://harbor.corp.example:443/v2/apps/web/manifests/1.0: 400 Bad Request`, "https_not_http", "resolve", host},
	{crio + `pinging container registry harbor.corp.example: StatusCode: 400, "Client sent an HTTP request to an HTTPS server.\n"`, "https_not_http", "resolve", host},
	{crio + `pinging container registry harbor.corp.example: StatusCode: 400, "<html>\r\n<head><title>400 No required SSL certificat..."`, "client_certificate_required", "resolve", host},
	{pull2 + `failed to do request: Head "` + tagURL + `": proxyconnect tcp: dial tcp 10.99.1.30:3128: connect: connection refused`, "proxy", "resolve", "10.99.1.30:3128"},
	{crio + `pinging container registry harbor.corp.example: Get "https://harbor.corp.example/v2/": proxyconnect tcp: dial tcp: lookup Proxy.corp.example on 10.0.0.2:53: no such host`, "proxy", "resolve", "proxy.corp.example"},
	{pull2 + `failed to do request: Head "` + tagURL + `": proxyconnect tcp: tls: failed to verify certificate: x509: certificate signed by unknown authority`, "proxy", "resolve", ""},
	{pull2 + `failed to do request: Head "` + tagURL + `": Proxy Authentication Required`, "proxy", "resolve", ""},
	{pull2 + `failed to do request: Head "` + tagURL + `": Forbidden`, "proxy", "resolve", ""},
	{pull2 + `failed to do request: Head "` + tagURL + `": Blocked by Corporate Policy`, "proxy", "resolve", ""},
	{`Error response from daemon: Get "https://harbor.corp.example/v2/": Service Unavailable`, "proxy", "resolve", ""},
	{pull2 + `failed to do request: Head "` + tagURL + `": socks connect tcp 10.0.0.9:1080->harbor.corp.example:443: dial tcp 10.0.0.9:1080: i/o timeout`, "proxy", "resolve", "10.0.0.9:1080"},
	{pull2 + `unexpected status from HEAD request to http://harbor.corp.example/v2/apps/web/manifests/1.0: 407 Proxy Authentication Required`, "proxy", "resolve", ""},

	{pull2 + `failed to do request: Head "` + tagURL + `": dial tcp: lookup cache.corp.example on 10.0.0.2:53: no such host`, "dns", "resolve", "cache.corp.example:443"},

	// What is no registry.
	{`rpc error: code = NotFound desc = get image config descriptor: unexpected media type text/html for sha256:0a1b: not found`, "not_a_registry", "manifest", ""},
	{pull + `children: invalid desc sha256:0a1b: invalid character '<' looking for beginning of value`, "not_a_registry", "manifest", host},
	{pull1 + `unexpected end of JSON input`, "not_a_registry", "manifest", host},
	{crio + `pinging container registry harbor.corp.example: StatusCode: 404, "<!doctype html>..."`, "not_a_registry", "resolve", host},
	{crio + `pinging container registry harbor.corp.example: StatusCode: 404, "404 page not found\n"`, "not_a_registry", "resolve", host},
	{`Error response from daemon: error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "<html></html>"`, "not_a_registry", "resolve", ""},
	{pull2 + `failed to authorize: failed to fetch anonymous token: unable to decode token response: invalid character '<' looking for beginning of value`, "not_a_registry", "token", ""},
	{pull2 + `failed to authorize: failed to fetch anonymous token: Get "/token?service=x": unsupported protocol scheme ""`, "not_a_registry", "token", ""},
	{pull2 + `unexpected status from HEAD request to ` + tagURL + `: 302 Found`, "not_a_registry", "resolve", host},
	{`rpc error: code = InvalidArgument desc = ` + pull + `unable to fetch descriptor (sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855) which reports content size of zero: invalid argument`, "not_a_registry", "manifest", host},

	// Content.
	{`rpc error: code = FailedPrecondition desc = ` + pull + `failed commit on ref "layer-sha256:0a1b": unexpected commit digest sha256:ffff, expected sha256:0a1b: failed precondition`, "corrupt_content", "blob", host},
	{pull + `failed commit on ref "manifest-sha256:0a1b": "manifest-sha256:0a1b" failed size validation: 432 != 426: failed precondition`, "corrupt_content", "manifest", host},
	{pull + `failed commit on ref "index-sha256:0a1b": unexpected commit size 12, expected 13: failed precondition`, "corrupt_content", "manifest", host},
	{pull + `short read: expected 266 bytes but got 0: unexpected EOF`, "corrupt_content", "blob", host},
	{pull + `failed to read expected number of bytes: unexpected EOF`, "corrupt_content", "blob", host},
	{pull + `failed to extract layer sha256:0a1b: mount callback failed on /var/lib/containerd/tmpmounts/containerd-mount1: unexpected EOF: unknown`, "corrupt_content", "blob", host},
	{pull + `failed to extract layer sha256:0a1b: mount callback failed on /var/lib/containerd/tmpmounts/containerd-mount1: archive/tar: invalid tar header: unknown`, "corrupt_content", "blob", host},
	{`Error response from daemon: filesystem layer verification failed for digest sha256:0a1b`, "corrupt_content", "blob", ""},
	{`writing blob: storing blob to file "/var/tmp/storage1/1": happened during read: Digest did not match, expected sha256:0a1b, got sha256:ffff`, "corrupt_content", "blob", ""},
	{`Error response from daemon: failed to register layer: Error processing tar file(exit status 1): unexpected EOF`, "corrupt_content", "blob", ""},

	// Platforms and kinds of manifest.
	{`rpc error: code = NotFound desc = get image config descriptor: no match for platform in manifest sha256:0a1b: not found`, "platform_mismatch", "manifest", ""},
	{`rpc error: code = NotFound desc = ` + pull + `no match for platform in manifest: not found`, "platform_mismatch", "manifest", host},
	{`Error response from daemon: no matching manifest for linux/amd64 in the manifest list entries`, "platform_mismatch", "manifest", ""},
	{`choosing an image from manifest list docker://` + image + `: no image found in manifest list for architecture "amd64", variant "", OS "linux"`, "platform_mismatch", "manifest", ""},
	{`copying system image from manifest list: parsing image configuration: choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"`, "platform_mismatch", "manifest", ""},
	{`rpc error: code = InvalidArgument desc = ` + pull + `schema 1 image manifests are no longer supported: invalid argument`, "unsupported_manifest", "manifest", host},
	{pull2 + `not implemented: media type "application/vnd.docker.distribution.manifest.v1+prettyjws" is no longer supported since containerd v2.0, please rebuild the image as "a" or "b"`, "unsupported_manifest", "manifest", host},
	{pull + `failed to unpack image on snapshotter overlayfs: unexpected media type application/vnd.acme.thing+json for sha256:0a1b: not found`, "unsupported_manifest", "manifest", host},
	{`Error response from daemon: Docker Image Format v1 and Docker Image manifest version 2, schema 1 support has been removed.`, "unsupported_manifest", "manifest", ""},
	{`parsing image configuration: unsupported image-specific operation on artifact with type "application/vnd.cncf.helm.config.v1+json"`, "unsupported_manifest", "manifest", ""},

	{pull + `application/vnd.docker.distribution.manifest.v1+json not supported`, "unsupported_manifest", "manifest", host},
	{pull + `snapshotter overlayfs does not support platform windows/amd64 for image sha256:0a1b`, "platform_mismatch", "manifest", host},
	{`rpc error: code = InvalidArgument desc = ` + pull + `unable to fetch descriptor (sha256:0a1b) which reports content size of zero: invalid argument`, "corrupt_content", "blob", host},
	{`rpc error: code = NotFound desc = ` + pull1 + `rejecting 99999999 byte manifest for ` + image + `: not found`, "unsupported_manifest", "manifest", host},
	{pull + `unpack: unmarshal image config: invalid character 'x' looking for beginning of value`, "corrupt_content", "blob", host},
	{blob + `failed to do request: Get "https://cdn.corp.example:x/": parse "https://cdn.corp.example:x/": invalid port ":x" after host`, "not_a_registry", "blob", host},
	{pull2 + `failed to do request: Head "` + tagURL + `": words that end in connection refused by nobody`, "refused", "resolve", host},

	// The node.
	{`Failed to apply default image tag "harbor.corp.example/Apps/Web:1.0": couldn't parse image name "harbor.corp.example/Apps/Web:1.0": invalid reference format: repository name (Apps/Web) must be lowercase`, "invalid_image_name", "name", ""},
	{`rpc error: code = Unknown desc = failed to parse image reference "harbor.corp.example/Apps/Web:1.0": invalid reference format: repository name must be lowercase`, "invalid_image_name", "name", ""},
	{`Error response from daemon: invalid reference format`, "invalid_image_name", "name", ""},
	{pull1 + `failed to do request: Head "https://harbor.corp.example:99999/v2/apps/web/manifests/1.0": dial tcp: address 99999: invalid port`, "invalid_image_name", "name", ""},
	{`Container image "` + image + `" is not present with pull policy of Never`, "never_pull", "resolve", ""},
	{`Error: ErrImageNeverPull`, "never_pull", "resolve", ""},
	{pull2 + `unable to read CA cert "/etc/containerd/certs.d/harbor.corp.example/ca.crt": open /etc/containerd/certs.d/harbor.corp.example/ca.crt: no such file or directory`, "registry_configuration", "resolve", ""},
	{pull1 + `unable to load CA cert "/etc/passwd"`, "registry_configuration", "resolve", ""},
	{pull1 + `failed to load X509 key pair: tls: failed to find any PEM data in certificate input`, "registry_configuration", "resolve", ""},
	{pull1 + `get registry endpoints: parse registry endpoint "x" from mirrors: parse "x": invalid URI for request`, "registry_configuration", "resolve", ""},
	{pull1 + `get TLSConfig for registry "https://harbor.corp.example": failed to load CA file: open /etc/ca.crt: no such file or directory`, "registry_configuration", "resolve", ""},
	{pull1 + `failed to get system cert pool: crypto/x509: system root pool is not available`, "no_system_roots", "resolve", host},
	{"failed to decode hosts.toml: invalid `host` tree", "registry_configuration", "resolve", ""},
	{crio + `missing key client.key for client certificate client.cert. Note that CA certificates should use the extension .crt`, "registry_configuration", "resolve", ""},
	{crio + `loading registries configuration "/etc/containers/registries.conf": toml: line 3: expected`, "registry_configuration", "resolve", ""},
	{crio + `registry harbor.corp.example is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d`, "blocked", "resolve", ""},
	{`rpc error: code = Unknown desc = registry harbor.corp.example is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d`, "blocked", "resolve", ""},
	{`image pull failed for ` + image + ` because the signature validation failed: Source image rejected: A signature was required, but no signature exists`, "signature_rejected", "manifest", ""},
	{`SignatureValidationFailed: Source image rejected: Running image docker://` + image + ` is rejected by policy.`, "signature_rejected", "manifest", ""},
	{pull + `image verifier bindir blocked pull of ` + image + ` with digest sha256:0a1b for reason: unsigned`, "signature_rejected", "manifest", ""},
	{`Failed to inspect image "": rpc error: code = Unknown desc = short name mode is enforcing, but image name web:latest returns ambiguous list`, "ambiguous_name", "name", ""},
	{`rpc error: code = Unknown desc = short-name resolution enforced but cannot prompt without a TTY`, "ambiguous_name", "name", ""},
	{`short-name "web" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"`, "ambiguous_name", "name", ""},
	{pull + `failed to copy: write /var/lib/containerd/io.containerd.content.v1.content/ingest/0a1b/data: no space left on device`, "disk_full", "blob", ""},
	{`writing blob: storing blob to file "/var/tmp/storage1/1": write /var/tmp/storage1/1: no space left on device`, "disk_full", "blob", ""},
	{`Error response from daemon: failed to register layer: write /usr/lib/x: no space left on device`, "disk_full", "blob", ""},
	{`failed to register layer: Error processing tar file(exit status 1): write /usr/lib/x: no space left on device`, "disk_full", "blob", ""},
	{`rpc error: code = Canceled desc = ` + pull + `failed to copy: context canceled`, "stalled", "blob", host},
	{`rpc error: code = Canceled desc = ` + pull + `context canceled`, "stalled", "blob", host},
	{`image pull failed for ` + image + ` because the registry is unavailable.`, "refused", "resolve", host},

	// Pull secrets that cannot be read: by the kubelet, by containerd.
	{`invalid character 'x' looking for beginning of value`, "pull_secret_invalid", "secret", ""},
	{`Failed to pull image "` + image + `": unexpected end of JSON input`, "pull_secret_invalid", "secret", ""},
	{`json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.DockerConfig`, "pull_secret_invalid", "secret", ""},
	{pull1 + `illegal base64 data at input byte 0`, "pull_secret_invalid", "secret", ""},
	{pull2 + `failed to get credentials for "harbor.corp.example": invalid decoded auth: "robot"`, "pull_secret_invalid", "secret", ""},

	// The sandbox's image.
	{`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.corp.example/pause:3.9": failed to pull image "registry.corp.example/pause:3.9": failed to pull and unpack image "registry.corp.example/pause:3.9": failed to resolve reference "registry.corp.example/pause:3.9": failed to do request: Head "https://registry.corp.example/v2/pause/manifests/3.9": x509: certificate signed by unknown authority`, "unknown_authority", "sandbox", "registry.corp.example:443"},
	{`Failed to create pod sandbox: rpc error: code = Unknown desc = failed pulling image "k8s.gcr.io/pause:3.1": Error response from daemon: Get https://k8s.gcr.io/v2/: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`, "timeout", "sandbox", "k8s.gcr.io:443"},
	{`Failed to create pod sandbox: rpc error: code = Unknown desc = creating pod sandbox with name "k8s_a_b_c_0": initializing source docker://registry.k8s.io/pause:3.9: pinging container registry registry.k8s.io: Get "https://registry.k8s.io/v2/": dial tcp: lookup registry.k8s.io on 10.0.0.2:53: no such host`, "dns", "sandbox", "registry.k8s.io:443"},

	// vSphere Pods: VMware's page, with its dots.
	{`failed to get images: ... Error: ... x509: certificate signed by unknown authority`, "unknown_authority", "resolve", ""},

	// What is not about a registry.
	{`Back-off pulling image "` + image + `"`, "unknown", "resolve", ""},
	{`rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"`, "unknown", "resolve", ""},
	{`rpc error: code = Unavailable desc = error reading from server: EOF`, "unknown", "resolve", ""},
	{`Failed to inspect image "": rpc error: code = DeadlineExceeded desc = context deadline exceeded`, "unknown", "resolve", ""},
	{pull2 + `failed to do request: Head "` + tagURL + `": connection error: PROTOCOL_ERROR`, "reset", "resolve", host},
	{`server is not initialized yet`, "unknown", "resolve", ""},
	{pull + `failed to prepare extraction snapshot "extract-1 sha256:0a1b": context deadline exceeded`, "unknown", "blob", ""},
	{``, "unknown", "resolve", ""},
}

func TestAnswersGiveTheirCauses(t *testing.T) {
	for _, a := range answers {
		got := Classify(a.message)
		if got.Cause != a.cause || got.Stage != a.stage || got.Host != a.host {
			t.Errorf("%q\n got  %s %s %q\n want %s %s %q", a.message, got.Cause, got.Stage, got.Host, a.cause, a.stage, a.host)
		}
	}
}
