// Package evidence defines the evidence document regpolicy.evidence/v1: what
// the collectors write and the policies read. It states facts and judges none.
//
// Maps are keyed by the thing's own name, so that policies look up instead of
// searching and a JSON pointer (RFC 6901) into a document stays valid. Each
// certificate and each trust store stands once and is referred to by its
// fingerprint or digest. No type has a field that could hold a private key, a
// token or a password.
package evidence

// SchemaVersion names the shape of Document.
const SchemaVersion = "regpolicy.evidence/v1"

// Document is one cluster's evidence, gathered at one time.
type Document struct {
	SchemaVersion string `json:"schema_version"`
	// CollectedAt is the time that policies judge by when no other is asked for.
	CollectedAt Time `json:"collected_at"`
	// At, set by `--at` when the document is judged, replaces CollectedAt.
	At *Time `json:"at,omitempty"`
	// Tool is what wrote the document.
	Tool Tool `json:"tool"`
	// Cluster is the name of the cluster that was looked at, where it is known.
	Cluster string `json:"cluster,omitempty"`
	// Sources tells where the facts come from, by the id other records name.
	Sources map[string]Source `json:"sources"`

	Certificates map[string]Certificate `json:"certificates"` // by fingerprint
	TrustStores  map[string]TrustStore  `json:"trust_stores"` // by digest

	// Domains are the trust domains that were looked at, by name ("workload",
	// "supervisor", "kapp"): the store that all their resolved entries make up.
	Domains map[string]Domain `json:"domains"`
	// PublicStore is the key of the store of Mozilla's roots.
	PublicStore string `json:"public_store,omitempty"`

	Pods         map[string]*Pod        `json:"pods"`          // by "namespace/name"
	PullFailures map[string]PullFailure `json:"pull_failures"` // by "namespace/pod/container", see PullFailureKey
	Registries   map[string]Registry    `json:"registries"`    // by "host:port", derived from images
	EventWindows map[string]EventWindow `json:"event_windows"` // by namespace

	Nodes     map[string]Node     `json:"nodes"`     // by node name
	Endpoints map[string]Endpoint `json:"endpoints"` // by "host:port"

	Trust    map[string]TrustEntry `json:"trust"`    // by TrustEntryKey
	Secrets  map[string]Secret     `json:"secrets"`  // by "namespace/name"
	Clusters map[string]Cluster    `json:"clusters"` // by "namespace/name"
	Machines map[string]Machine    `json:"machines"` // by "namespace/name"
	Proxies  map[string]Proxy      `json:"proxies"`  // by where they are configured
	// Verification are the switches that turn TLS verification off, on or off, by
	// "Kind/namespace/name/field".
	Verification map[string]VerificationSwitch `json:"verification"`

	Views    Views               `json:"views"`
	Coverage map[string]Coverage `json:"coverage"` // by Collector
}

// Tool identifies the program that wrote a document.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Source is one place that facts were gathered from.
type Source struct {
	// Kind is one of SourceKinds.
	Kind string `json:"kind"`
	// URI is a path, a cluster's API address or a host, never with credentials.
	URI string `json:"uri"`
	// SHA256 is the digest of the bytes read, where the source is one file.
	SHA256 string `json:"sha256,omitempty"`
	// Folder is the folder within it that the paths of records begin in, where that
	// is not its root: an archive that holds one capture folder.
	Folder string `json:"folder,omitempty"`
	// CollectedAt is when this source's facts were true, where that is known to
	// differ from the document's own time (a saved transcript, a bundle).
	CollectedAt *Time `json:"collected_at,omitempty"`
	// CollectedAtFrom is how that is known, one of TimesFrom.
	CollectedAtFrom string `json:"collected_at_from,omitempty"`
	// Format is what made the source, one of Formats, where another tool did.
	Format string `json:"format,omitempty"`
}

// How Source.CollectedAt is known.
const (
	TimeFromContent = "content"   // the source says it
	TimeFromName    = "name"      // the name of a file or folder does, in a time zone that is not known
	TimeFromFiles   = "file_time" // the newest of its files; copying may have changed that
	TimeFromObjects = "objects"   // the newest heartbeat or event, which is before it was made
)

// TimesFrom lists the values of Source.CollectedAtFrom.
var TimesFrom = []string{TimeFromContent, TimeFromName, TimeFromFiles, TimeFromObjects}

// The formats of Source that other tools write.
const (
	FormatTroubleshoot     = "troubleshoot"      // a support bundle of troubleshoot.sh
	FormatMustGather       = "must_gather"       // oc adm must-gather, oc adm inspect
	FormatClusterDump      = "cluster_info_dump" // kubectl cluster-info dump
	FormatCrashDiagnostics = "crash_diagnostics" // an archive of crashd
)

// Formats lists the values of Source.Format.
var Formats = []string{FormatTroubleshoot, FormatMustGather, FormatClusterDump, FormatCrashDiagnostics}

// The kinds of Source.
const (
	SourceCluster    = "cluster"
	SourceSupervisor = "supervisor"
	SourceSSH        = "ssh"
	SourceCapture    = "capture"
	SourceManifests  = "manifests"
	SourceArchive    = "archive"
	SourceHostRoot   = "host_root"
	SourceAgent      = "agent" // pods on nodes, by their logs
	SourceProbe      = "probe"
	SourceTranscript = "transcript" // saved `openssl s_client` output
)

// Provenance says how one record came to be known.
type Provenance struct {
	// Source is a key of Document.Sources.
	Source string `json:"source"`
	// Method is how it was read: "list", "get", "exec", "file", "handshake", ...
	Method string `json:"method,omitempty"`
	// Path is the file within the source, with "#N" for the N-th document of a
	// stream, or the API path.
	Path string `json:"path,omitempty"`
	// Line is the 1-based line of the object in a file.
	Line int `json:"line,omitempty"`
	// ResourceVersion is the API object's or list's own.
	ResourceVersion string `json:"resource_version,omitempty"`
}

// Views are joins made once in Go, so that policies need not search. Every value
// is a sorted list of keys of the section that the name says.
type Views struct {
	FailuresByCause    map[string][]string `json:"failures_by_cause"`
	FailuresByRegistry map[string][]string `json:"failures_by_registry"`
	FailuresByNode     map[string][]string `json:"failures_by_node"`
	FailuresByPod      map[string][]string `json:"failures_by_pod"`
	// CertificatesBySubject lists fingerprints by subject name (RFC 4514 text).
	CertificatesBySubject map[string][]string `json:"certificates_by_subject"`
	// CertificatesBySubjectKeyID lists fingerprints by hex subject key id.
	CertificatesBySubjectKeyID map[string][]string `json:"certificates_by_subject_key_id"`
	// NodesByTrustStore lists nodes by the digest of their system store as Go sees it.
	NodesByTrustStore map[string][]string `json:"nodes_by_trust_store"`
	// TrustByCertificate lists trust entries by the fingerprint of what they hold.
	TrustByCertificate map[string][]string `json:"trust_by_certificate"`
}
