package evidence

// Pod is what the policies need of one pod.
type Pod struct {
	Node           string `json:"node,omitempty"`
	Phase          string `json:"phase,omitempty"`
	ServiceAccount string `json:"service_account,omitempty"`
	// Images are the distinct references of all containers, init and ephemeral
	// containers included, sorted.
	Images []string `json:"images"`
	// PullSecrets are the names of the pod's imagePullSecrets, sorted.
	PullSecrets []string `json:"pull_secrets,omitempty"`
	// MissingPullSecrets are the names of those that the kubelet says it could
	// not retrieve, sorted.
	MissingPullSecrets []string `json:"missing_pull_secrets,omitempty"`
	// Platform is "vsphere_pod" where the pod runs on an ESXi host, else empty.
	Platform string `json:"platform,omitempty"`
	// AlwaysPulls: every container has imagePullPolicy Always, so that no cached
	// image can hide a failure.
	AlwaysPulls bool `json:"always_pulls,omitempty"`
	// Observed is false for a pod that a manifest declares and nobody ran.
	Observed bool `json:"observed"`
}

// PlatformVSpherePod marks pods that the Supervisor runs on ESXi hosts.
const PlatformVSpherePod = "vsphere_pod"

// PullFailure is one image that one pod could not get, from pod status and
// events together.
type PullFailure struct {
	Namespace string `json:"namespace"`
	Pod       string `json:"pod"`
	// Containers names the containers that want the image, sorted; empty for the
	// sandbox.
	Containers []string `json:"containers"`
	Image      string   `json:"image"`
	// Registry is the image's registry as host:port; docker.io:443 for none.
	Registry string `json:"registry"`
	// Origin is who pulled: "kubelet" or "vsphere_pod".
	Origin string `json:"origin"`
	// Runtime is "containerd", "crio", "docker" or "unknown".
	Runtime string `json:"runtime"`
	// Cause is one of Causes.
	Cause string `json:"cause"`
	// Stage is one of Stages: what was being fetched.
	Stage string `json:"stage"`
	// Host is whose answer it was, host:port: the registry, its token service, a
	// blob redirect, a mirror or the proxy. Empty where no host was involved.
	Host string `json:"host,omitempty"`
	Node string `json:"node,omitempty"`
	// NodeTime is the node's clock, where the message tells it (C5, C6).
	NodeTime *Time `json:"node_time,omitempty"`
	// Candidate is the name of the authority that was tried and did not fit (C3).
	Candidate string `json:"candidate,omitempty"`
	// Reason is the waiting or event reason: ErrImagePull, ImagePullBackOff, ...
	Reason string `json:"reason"`
	// Message is the raw message, scrubbed of credentials.
	Message   string `json:"message"`
	FirstSeen *Time  `json:"first_seen,omitempty"`
	LastSeen  *Time  `json:"last_seen,omitempty"`
	Count     int    `json:"count,omitempty"`
	// From is "status", "event" or "status+event".
	From string `json:"from"`
}

// Values of PullFailure.Origin.
const (
	OriginKubelet    = "kubelet"
	OriginVSpherePod = "vsphere_pod"
)

// EventWindow is how far the events of one namespace reach, where any was read.
// Events live about an hour, so what they do not tell may have happened all the
// same. A live cluster's are all listed; a capture's are those that it holds, which
// may be the warnings alone.
type EventWindow struct {
	// Count is how many events were read, of all kinds; a series is one.
	Count int `json:"count"`
	// Oldest is the earliest time that any of them tells, a series' first event
	// included, and Newest the latest, a series' last included.
	Oldest *Time `json:"oldest,omitempty"`
	Newest *Time `json:"newest,omitempty"`
}

// Registry is one registry that images name, derived from pods and manifests.
type Registry struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	// Images are the distinct references, sorted.
	Images []string `json:"images"`
	// Pods counts the pods that name it; Workloads lists manifests' objects
	// ("Deployment/ns/name") that do.
	Pods      int      `json:"pods"`
	Workloads []string `json:"workloads,omitempty"`
	// WorkloadsAt is where in a file each of Workloads names the registry first.
	WorkloadsAt map[string]Position `json:"workloads_at,omitempty"`
	// Platforms tells who pulls from it: "kubelet", "vsphere_pod".
	Platforms []string `json:"platforms"`
}

// Causes is the closed list of PullFailure.Cause.
var Causes = []string{
	"unknown_authority", "authority_rekeyed", "issuer_not_ca", "expired", "not_yet_valid",
	"legacy_common_name", "name_mismatch", "ip_mismatch", "wrong_key_usage", "name_constraint", "chain_invalid",
	"weak_signature", "no_system_roots", "tls_version", "tls_handshake", "client_certificate_required",
	"http_not_https", "https_not_http",
	"dns", "refused", "timeout", "reset", "unreachable", "proxy",
	"unauthorized", "forbidden", "not_found", "rate_limited", "server_error", "not_a_registry",
	"corrupt_content", "platform_mismatch", "unsupported_manifest",
	"invalid_image_name", "never_pull", "pull_secret_missing", "pull_secret_invalid",
	"registry_configuration", "blocked", "signature_rejected", "ambiguous_name", "disk_full", "stalled",
	"unknown",
}

// Stages is the closed list of PullFailure.Stage.
var Stages = []string{"resolve", "token", "manifest", "blob", "sandbox", "secret", "name"}
