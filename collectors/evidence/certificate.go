package evidence

// Certificate is one X.509 certificate (RFC 5280), keyed by the lower-case hex
// SHA-256 of its DER bytes.
type Certificate struct {
	Subject string `json:"subject"` // RFC 4514 text
	Issuer  string `json:"issuer"`  // RFC 4514 text
	// CommonName is the subject's CN, for messages.
	CommonName   string `json:"common_name,omitempty"`
	SerialNumber string `json:"serial_number"` // hex
	// SubjectKeyID and AuthorityKeyID are lower-case hex, empty where absent.
	SubjectKeyID   string `json:"subject_key_id,omitempty"`
	AuthorityKeyID string `json:"authority_key_id,omitempty"`
	NotBefore      Time   `json:"not_before"`
	NotAfter       Time   `json:"not_after"`

	IsCA                  bool `json:"is_ca"`
	BasicConstraintsValid bool `json:"basic_constraints_valid"`
	// BasicConstraintsCritical tells whether the extension is marked critical.
	BasicConstraintsCritical bool     `json:"basic_constraints_critical"`
	PathLength               *int     `json:"path_length,omitempty"`
	KeyUsage                 []string `json:"key_usage"`          // "digital_signature", "cert_sign", ...
	ExtendedKeyUsage         []string `json:"extended_key_usage"` // "server_auth", ... or a dotted OID
	DNSNames                 []string `json:"dns_names"`
	IPAddresses              []string `json:"ip_addresses"`
	// NameConstraints tells whether the extension is present.
	NameConstraints bool `json:"name_constraints"`

	KeyAlgorithm       string `json:"key_algorithm"` // "RSA", "ECDSA", "Ed25519", ...
	KeyBits            int    `json:"key_bits"`
	SignatureAlgorithm string `json:"signature_algorithm"` // Go's name, "SHA256-RSA"
	// SelfIssued is subject = issuer; SelfSigned is that and a signature that
	// its own key verifies.
	SelfIssued bool   `json:"self_issued"`
	SelfSigned bool   `json:"self_signed"`
	SPKISHA256 string `json:"spki_sha256"` // hex digest of the public key's DER
	// CAIssuers are the AIA caIssuers URLs, 16 at most. They are named, never fetched.
	CAIssuers []string `json:"ca_issuers,omitempty"`
	// PublicRoot tells that the certificate is in Mozilla's root programme.
	PublicRoot bool `json:"public_root"`
	// PEM is the certificate itself, dropped by --no-pem.
	PEM string `json:"pem,omitempty"`
}

// TrustStore is a set of anchors, keyed by the SHA-256 of its sorted
// fingerprints. Nodes that share a store name the same key.
type TrustStore struct {
	// Anchors are fingerprints, sorted.
	Anchors []string `json:"anchors"`
	// Verifier tells whose reading of the files this is.
	Verifier string `json:"verifier"` // "go", "openssl", "configured" or "public"
}

// The verifiers of a TrustStore.
const (
	VerifierGo         = "go"         // as containerd, CRI-O and the kubelet load roots
	VerifierOpenSSL    = "openssl"    // bundle and hash links
	VerifierConfigured = "configured" // what the trust configuration of a domain holds
	VerifierPublic     = "public"     // Mozilla's roots
)

// Content describes bytes that should hold certificates: a trust file on a node
// or a trust value in the configuration, after the layers of base64 that were
// found are taken off.
type Content struct {
	// Form is one of ContentForms, of the bytes as they lie there: a file that
	// still is base64 has form "base64_of_pem".
	Form string `json:"form"`
	// Base64Layers is how many layers had to be taken off to reach Inner.
	Base64Layers int `json:"base64_layers"`
	// Inner is the form below those layers; equal to Form when there are none.
	Inner string `json:"inner"`
	// Certificates are the fingerprints found below the layers, in their order.
	Certificates []string `json:"certificates"`
	// Blocks are the PEM blocks found, good and bad.
	Blocks []Block `json:"blocks"`
	// HasPrivateKey tells that a private key lies there. Its bytes are not kept.
	HasPrivateKey bool `json:"has_private_key"`
	// Glued: "-----END CERTIFICATE----------BEGIN CERTIFICATE-----".
	Glued bool `json:"glued"`
	// BOM: a UTF-8 byte order mark before the content.
	BOM bool `json:"bom"`
	// CRLF: Windows line ends (harmless to Go and OpenSSL).
	CRLF bool `json:"crlf"`
	// EscapedNewlines: literal backslash-n where line ends should be.
	EscapedNewlines bool `json:"escaped_newlines"`
	// Whitespace lists faults of white space: "newline_in_base64",
	// "space_in_base64", "trailing_space", "indented".
	Whitespace []string `json:"whitespace"`
	// Reason says, for people, why no certificate was found; empty where one was.
	Reason string `json:"reason,omitempty"`
	Size   int    `json:"size"`
	// SHA256 is absent for form "other", which may be a password.
	SHA256 string `json:"sha256,omitempty"`
}

// Block is one PEM block of a Content.
type Block struct {
	Label string `json:"label"` // "CERTIFICATE", "TRUSTED CERTIFICATE", ...
	OK    bool   `json:"ok"`
	// Reason says why a block is not OK.
	Reason      string `json:"reason,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
}

// The forms of a Content.
const (
	FormPEM         = "pem"           // at least one PEM certificate block
	FormBase64OfPEM = "base64_of_pem" // one or more layers of base64 around PEM
	FormBase64OfDER = "base64_of_der"
	FormDER         = "der"
	FormPKCS7       = "pkcs7"
	FormPKCS12      = "pkcs12"
	FormPrivateKey  = "private_key" // a key and no certificate
	FormCSR         = "csr"
	FormEmpty       = "empty"
	FormBroken      = "broken_pem" // PEM labels, yet no certificate can be read
	FormOther       = "other"
	FormUnreadable  = "unreadable"
)
