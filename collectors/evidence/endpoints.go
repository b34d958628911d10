package evidence

// Endpoint is one host and port that pulls talk to.
type Endpoint struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	// Roles say why it was probed: "registry", "token", "requested".
	Roles []string `json:"roles"`
	// Probes are the observations by vantage: "collector", "node/<name>" or
	// "transcript/<file>".
	Probes map[string]Probe `json:"probes"`
	// Chains are the distinct chains presented, by ChainKey. Verdicts stand here
	// once, however many vantage points saw the chain.
	Chains map[string]Chain `json:"chains"`
}

// Probe is one look at an endpoint from one vantage point.
type Probe struct {
	// Address is the IP:port dialled, where it is known.
	Address string `json:"address,omitempty"`
	SNI     string `json:"sni,omitempty"`
	// Proxy is the proxy's host:port that the connection went through.
	Proxy string `json:"proxy,omitempty"`
	// Reached tells that a TCP connection came about.
	Reached bool `json:"reached"`
	// Scheme is "https", "http" (a plain-HTTP server) or "unknown".
	Scheme string `json:"scheme"`
	// Failure is absent where the handshake completed.
	Failure *ProbeFailure `json:"failure,omitempty"`
	TLS     *TLS          `json:"tls,omitempty"`
	// VersionsAccepted and VersionsRefused are the TLS versions that were tried one
	// by one, "1.0" to "1.3", sorted, from the collector's vantage alone; both empty
	// where only one handshake was made. One that got no answer is in neither; a
	// connection that the server dropped twice is an answer.
	VersionsAccepted []string `json:"versions_accepted,omitempty"`
	VersionsRefused  []string `json:"versions_refused,omitempty"`
	// Chain is a key of Endpoint.Chains; absent where none was presented.
	Chain string `json:"chain,omitempty"`
	V2    *V2    `json:"v2,omitempty"`
	// ClientCertificateRequested: the server asked for one. Required: it also
	// refused to go on without.
	ClientCertificateRequested bool       `json:"client_certificate_requested"`
	ClientCertificateRequired  bool       `json:"client_certificate_required"`
	ProbedAt                   *Time      `json:"probed_at,omitempty"`
	Provenance                 Provenance `json:"provenance"`
}

// ProbeFailure says why no certificate was had from an endpoint.
type ProbeFailure struct {
	// Cause is one of Causes: "refused", "timeout", "dns", "http_not_https",
	// "tls_version", "tls_handshake", "reset", "proxy", ...
	Cause string `json:"cause"`
	// Stage is "dial", "proxy", "handshake".
	Stage  string `json:"stage"`
	Detail string `json:"detail"`
}

// TLS is what was negotiated.
type TLS struct {
	Version string `json:"version"` // "1.3"
	Cipher  string `json:"cipher"`
	ALPN    string `json:"alpn,omitempty"`
}

// V2 is the answer to GET /v2/ on the probed connection.
type V2 struct {
	Status int `json:"status"`
	// APIVersion is the Docker-Distribution-Api-Version header.
	APIVersion string `json:"api_version,omitempty"`
	// AuthScheme is "basic" or "bearer"; RealmHost the token service's host:port.
	AuthScheme string `json:"auth_scheme,omitempty"`
	RealmHost  string `json:"realm_host,omitempty"`
	Error      string `json:"error,omitempty"`
}

// Chain is a chain as a server presented it.
type Chain struct {
	// Certificates are fingerprints in the order presented, the leaf first.
	Certificates []string `json:"certificates"`
	// Name is how the leaf's names fit the host.
	Name NameVerdict `json:"name"`
	// RootSent: the last certificate presented is self-signed.
	RootSent bool `json:"root_sent"`
	// OrderWrong: some certificate was not issued by the one after it.
	OrderWrong bool `json:"order_wrong"`
	// Verdicts are by trust store digest, by Go's rules; by OpenSSL's for the ends
	// of paths and key identifiers where the store's verifier is "openssl". They leave
	// time and names out: what verifies here still may have expired.
	Verdicts map[string]ChainVerdict `json:"verdicts"`
}

// NameVerdict is whether a certificate is good for a host (RFC 9525).
type NameVerdict struct {
	OK bool `json:"ok"`
	// Reason is "", "name_mismatch", "ip_mismatch" or "legacy_common_name".
	Reason string `json:"reason,omitempty"`
	// Names are what the certificate is good for instead.
	Names []string `json:"names,omitempty"`
}

// ChainVerdict is whether a chain leads to an anchor of one trust store.
type ChainVerdict struct {
	OK bool `json:"ok"`
	// Reason is one of BreakReasons where it does not.
	Reason string `json:"reason,omitempty"`
	// Break is the certificate whose issuer link is broken, a fingerprint.
	Break string `json:"break,omitempty"`
	// Issuer is the name of the issuer that was looked for (RFC 4514).
	Issuer string `json:"issuer,omitempty"`
	// Candidates are known certificates that bear on the break: the re-keyed CA,
	// the missing intermediate held elsewhere.
	Candidates []string `json:"candidates,omitempty"`
	// Detail says it in words, Go's own text included.
	Detail string `json:"detail,omitempty"`
	// Paths are the ways to an anchor, each from leaf to anchor, at most four.
	Paths [][]string `json:"paths,omitempty"`
}

// BreakReasons is the closed list of ChainVerdict.Reason.
var BreakReasons = []string{
	"server_omits_intermediate", "root_absent", "issuer_rekeyed", "issuer_not_ca", "name_constraint",
	"wrong_key_usage", "weak_signature", "path_length", "self_signed_leaf", "chain_invalid", "no_anchors",
}
