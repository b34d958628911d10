package podevents

import (
	"slices"
	"strings"
	"sync"
)

// leaf is a text that a segment begins with and that is a cause.
type leaf struct {
	text  string
	cause string
	// stage is set where the cause alone decides it.
	stage string
	// whole: nothing else may stand in the segment. Single words are whole, for
	// a tag or a host may be called like them.
	whole    bool
	hostless bool
	weak     bool
}

func (l leaf) verdict() verdict {
	return verdict{cause: l.cause, stage: l.stage, hostless: l.hostless, weak: l.weak}
}

func findLeaf(rest string) verdict {
	for _, l := range leaves().of(rest) {
		if startsWords(rest, l.text) && (!l.whole || endsHere(rest[len(l.text):])) {
			return l.verdict()
		}
	}
	return verdict{}
}

// findAnywhere looks for the first long text in a message that is built in no
// way known.
func findAnywhere(text string) verdict {
	at, found := len(text), verdict{}
	for _, l := range anywhere() {
		if i := strings.Index(text[:min(len(text), at+len(l.text))], l.text); i >= 0 && i < at {
			at, found = i, l.verdict()
		}
	}
	return found
}

// clientTexts are texts of Go's net, net/http, crypto/tls and crypto/x509 and of the
// systems below, which all runtimes share. Other texts of those packages need
// reading: see readers.
var clientTexts = []group{
	{cause: "legacy_common_name", texts: []string{`certificate relies on legacy Common Name field`}},
	{cause: "wrong_key_usage", texts: []string{
		`certificate specifies an incompatible key usage`,
		`a root or intermediate certificate is not authorized for an extended key usage`,
	}},
	{cause: "name_constraint", texts: []string{
		`a root or intermediate certificate is not authorized to sign for this name`,
		`a root or intermediate certificate is not authorized to sign in this domain`, // Go before 1.10
		`issuer has name constraints but leaf`,
	}},
	{cause: "issuer_not_ca", texts: []string{
		`certificate is not authorized to sign other certificates`,
		`invalid signature: parent certificate cannot sign this kind of certificate`,
	}},
	{cause: "chain_invalid", texts: []string{
		`too many intermediates for path length constraint`,
		`issuer name does not match subject from issuing certificate`,
		`no valid chains built`,
		`unhandled critical extension`,
		`signature check attempts limit reached`,
		`failed to parse certificate from server`,
	}},
	{cause: "weak_signature", texts: []string{
		`cannot verify signature: insecure algorithm`,
		`cannot verify signature: algorithm unimplemented`,
	}},
	{cause: "no_system_roots", texts: []string{
		`failed to load system roots and no roots provided`,
		`unable to initialize cert pool`, `failed to get system cert pool`, `unable to get system cert pool`,
	}},
	{cause: "tls_version", texts: []string{
		`tls: server selected unsupported protocol version`,
		`tls: no supported versions satisfy MinVersion and MaxVersion`,
		`tls: protocol version not supported`,
	}},
	{cause: "http_not_https", texts: []string{
		`http: server gave HTTP response to HTTPS client`, `server gave HTTP response to HTTPS client`,
		`tls: oversized record received with length 20527`, // "P/", of "HTTP/1.1"
	}},
	{cause: "https_not_http", texts: []string{
		`Client sent an HTTP request to an HTTPS server`, `The plain HTTP request was sent to HTTPS port`,
	}},
	{cause: "timeout", texts: []string{
		`net/http: TLS handshake timeout`, `net/http: timeout awaiting response headers`,
		`http2: timeout awaiting response headers`, `context deadline exceeded`, `i/o timeout`,
		`net/http: request canceled while waiting for connection`,
		`net/http: request canceled (Client.Timeout exceeded`, `request canceled (Client.Timeout exceeded`,
		`connection timed out`, `operation timed out`,
		`connectex: A connection attempt failed because the connected party did not properly respond`,
	}},
	{cause: "dns", texts: []string{
		`no such host`, `server misbehaving`, `Temporary failure in name resolution`,
		`Name or service not known`, `No address associated with hostname`, `Could not resolve host`,
	}},
	{cause: "refused", texts: []string{
		`connection refused`, `connectex: No connection could be made because the target machine actively refused it`,
	}},
	{cause: "unreachable", texts: []string{`no route to host`, `network is unreachable`, `host is down`, `network is down`}},
	{cause: "reset", texts: []string{
		`connection reset by peer`, `broken pipe`, `use of closed network connection`, `server closed idle connection`,
		`http: server closed idle connection`, `http2: server sent GOAWAY`, `http2: client connection lost`,
		`http2: client connection force closed`, `http2: Transport received Server's graceful shutdown GOAWAY`,
		`stream error: stream ID`, `software caused connection abort`,
		`wsarecv: An existing connection was forcibly closed by the remote host`,
	}},
	{cause: "stalled", texts: []string{`context canceled`, `operation was canceled`, `net/http: request canceled`}},
	{cause: "not_a_registry", texts: []string{
		`stopped after 10 redirects`, `failed to parse Location header`, `response missing Location header`,
		`malformed HTTP status code`, `malformed HTTP version`, `malformed MIME header`, `http2: frame too large`,
		`http2: unexpected ALPN protocol`,
	}},
	{cause: "disk_full", hostless: true, texts: []string{`no space left on device`, `disk quota exceeded`}},
	// OpenSSL's words, which come from tools around the runtime.
	{cause: "unknown_authority", texts: []string{
		`unable to get local issuer certificate`, `unable to verify the first certificate`,
		`self signed certificate`, `self-signed certificate`, `certificate verify failed`,
	}},
}

// registryTexts are the words of registries and of clients about them.
var registryTexts = []group{
	{cause: "unauthorized", texts: []string{
		`pull access denied`, `authorization failed`, `server message`, `no basic auth credentials`,
		`failed to handle basic auth`, `failed to find supported auth scheme`, `authentication required`,
		`invalid username/password`, `incorrect username or password`, `unauthorized to access repository`,
	}},
	{cause: "unauthorized", whole: true, texts: []string{`unauthorized`, `Unauthorized`}},
	{cause: "forbidden", texts: []string{`requested access to the resource is denied`}},
	{cause: "forbidden", whole: true, texts: []string{`denied`, `forbidden`, `access denied`}},
	{cause: "rate_limited", texts: []string{`too many requests`, `You have reached your pull rate limit`, `You have reached your unauthenticated pull rate limit`}},
	{cause: "rate_limited", whole: true, texts: []string{`toomanyrequests`}},
	{cause: "rate_limited", hostless: true, weak: true, texts: []string{`pull QPS exceeded`}},
	{cause: "not_found", texts: []string{
		`repository name not known to registry`, `could not fetch content`, `image manifest does not exist for tag or digest`,
	}},
	{cause: "not_found", whole: true, texts: []string{
		`not found`, `manifest unknown`, `name unknown`, `blob unknown`, `blob unknown to registry`, `repository not found`, `image not found`,
	}},
	{cause: "server_error", texts: []string{`service unavailable`}},
	{cause: "server_error", whole: true, texts: []string{`unavailable`, `internal server error`}},
	{cause: "not_a_registry", stage: "token", texts: []string{
		`authorization server did not include a token`, `no realm specified for token auth challenge`,
		`missing realm in bearer auth challenge`, `invalid token auth challenge realm`,
		`unable to decode token response`, `decoding bearer token`,
	}},
	{cause: "platform_mismatch", stage: "manifest", texts: []string{
		`no match for platform in manifest`, `no matching manifest for`, `no image found in manifest list`,
		`no image found in image index`, `no suitable image found in manifest list`, `image operating system`,
		`cannot download image with operating system`, `operating system is not supported`,
	}},
	{cause: "unsupported_manifest", stage: "manifest", texts: []string{
		`schema 1 image manifests are no longer supported`, `not implemented: media type`, `unsupported media type`,
		`unsupported manifest media type`, `unsupported MIME type`, `Unimplemented manifest`,
		`Docker Image Format v1`, `DEPRECATION NOTICE] Docker Image Format v1`, `unsupported schema version`,
		`media-type: `, `unsupported manifest format`, `Encountered remote ""(`, `unsupported image-specific operation`,
		`invalid mixed OCI image`, `missing signature key`, `converter: expected schema1`, `invalid schema 1 manifest`,
		`schema 1 conversion failed`, `manifest required for schema 1`, `mismatched image rootfs and manifest layers`,
		`number of layers and diffIDs don't match`, `failed to get stream processor for`,
		`Treating manifest lists as individual manifests`, `rejecting ambiguous manifest`,
		`AI models are not yet supported`, `unsupported layer media type`, `unsupported docker v2s2 media type`,
		`unsupported OCIv1 media type`,
	}},
	{cause: "unsupported_manifest", stage: "manifest", whole: true, texts: []string{`no signatures`, `manifest invalid`, `manifest unverified`}},
	{cause: "corrupt_content", texts: []string{
		`unexpected commit digest`, `unexpected commit size`, `"" failed size validation`, `short read`,
		`failed to read expected number of bytes`, `read past expected size`, `httpReadSeeker: read past expected size`,
		`read exceeds expected size`, `writer offset`, `wrong diff id`, `"" in header not a valid digest`,
		`filesystem layer verification failed`, `gzip: `, `flate: corrupt input`, `archive/tar: `, `invalid archive`,
		`invalid tar header`, `zlib: `, `magic number mismatch`, `corrupt input`,
		`layer verification failed`, `layers from manifest don't match image configuration`,
		`invalid rootfs in image configuration`, `blob digest mismatch`, `blob size mismatch`,
		`Digest did not match, expected`, `digest mismatch, expected`, `digest invalid`,
	}},
	{cause: "corrupt_content", stage: "blob", texts: []string{`image config verification failed`, `Download config.json digest`, `uncompressed digest of layer`}},
	{cause: "corrupt_content", stage: "manifest", texts: []string{
		`manifest verification failed`, `Manifest does not match provided manifest digest`,
		`Image manifest does not match selected manifest digest`,
	}},
}

// nodeTexts are the words of the kubelet, the runtime and their configuration: no
// registry had a part in it.
var nodeTexts = []group{
	{cause: "registry_configuration", texts: []string{
		`unable to read CA cert`, `unable to load CA cert`, `unable to read CERT file`, `failed to load X509 key pair`,
		`failed to load CA file`, `failed to load cert file`, `failed to load client`, `cert file "" was specified`,
		`key file "" was specified`, `get TLSConfig for registry`, `get registry endpoints`, `parse registry endpoint`,
		`parse endpoint url`, `get default host`, `unable to parse server`, "invalid `host` tree",
		`failed to decode hosts.toml`, `no resolve hosts`, `no pull hosts`, `failed to create OCI registry`,
		`unknown capability`, `invalid host name format`, `missing client certificate`, `loading registries`,
		`reading registries.conf.d`, `no policy.json file found`, `invalid policy in ""`, `tls: failed to find any PEM data`,
		`tls: private key does not match public key`, `open /etc/docker/certs.d`, `open /etc/containers`,
		`open /etc/containerd`, `lstat /etc/docker/certs.d`, `failed to update http client`, `unable to load client`,
		`failed to create tls client config`,
	}},
	{cause: "ambiguous_name", stage: "name", texts: []string{
		`short-name resolution enforced`, `short name mode is enforcing`, `short-name "" did not resolve`,
		`no containers-registries.conf`,
	}},
	{cause: "signature_rejected", stage: "manifest", texts: []string{
		`Source image rejected`, `SignatureValidationFailed`, `image verifier `, `blocking pull of `,
		`A signature was required`, `None of the signatures were accepted`, `remote trust data does not exist`,
		`No valid trust data`, `checking signature of`,
	}},
	{cause: "invalid_image_name", stage: "name", texts: []string{
		`couldn't parse image name`, `failed to parse image reference`, `invalid reference format`,
		`Failed to apply default image tag`, `invalid repository name`, `invalid tag format`, `repository name must`,
		`repository name ""`, `invalid checksum digest`, `invalid digest format`, `object required`, `parse image name`,
		`Error parsing reference`, `InvalidImageName`,
	}},
	{cause: "pull_secret_invalid", stage: "secret", texts: []string{
		`illegal base64 data`, `unable to parse auth field`, `invalid decoded auth`, `parse server address`,
		`error occurred while trying to unmarshal json`, `couldn't find valid `,
	}},
	{cause: "never_pull", texts: []string{`ErrImageNeverPull`}},
}

// group is texts of one cause.
type group struct {
	cause    string
	stage    string
	whole    bool
	hostless bool
	weak     bool
	texts    []string
}

func leavesOf(base leaf, groups []group) []leaf {
	var out []leaf
	for _, g := range groups {
		for _, text := range g.texts {
			l := base
			l.text, l.cause, l.whole, l.weak = text, g.cause, g.whole, g.weak
			l.hostless = l.hostless || g.hostless
			if g.stage != "" {
				l.stage = g.stage
			}
			out = append(out, l)
		}
	}
	return out
}

// anywhere are the client's texts, which are so long that no name can be
// mistaken for one.
var anywhere = sync.OnceValue(func() []leaf { return leavesOf(leaf{}, clientTexts) })

var leaves = sync.OnceValue(func() *table[leaf] {
	return newTable(slices.Concat(
		anywhere(), leavesOf(leaf{}, registryTexts), leavesOf(leaf{hostless: true, stage: "resolve"}, nodeTexts),
	))
})
