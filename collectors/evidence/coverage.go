package evidence

// Coverage says how much of one kind of evidence was looked for and had.
// Asked = Answered + len(Gaps) + Skipped always.
type Coverage struct {
	// Requested is false for evidence that nobody asked for. Hint says how to ask.
	Requested bool   `json:"requested"`
	Hint      string `json:"hint,omitempty"`
	Asked     int    `json:"asked"`
	Answered  int    `json:"answered"`
	Skipped   int    `json:"skipped"`
	Gaps      []Gap  `json:"gaps"`
}

// Gap is something that was asked for and not had.
type Gap struct {
	// Subject is what it is about, in the words policies use for theirs:
	// {"kind":"node","name":"wk-2"}. Kind "section" is the whole of it.
	Subject Subject `json:"subject"`
	// Field is the part of the subject's record that is missing, as named in
	// this document; empty when all of it is.
	Field string `json:"field,omitempty"`
	// Reason is one of Reasons.
	Reason string `json:"reason"`
	// Detail is for people; policies must not match on it.
	Detail string `json:"detail,omitempty"`
	// Attempts is how often it was tried.
	Attempts int `json:"attempts,omitempty"`
}

// The collectors, keys of Document.Coverage and words of --require.
const (
	Pods       = "pods"    // pods and their status
	Events     = "events"  // events
	Images     = "images"  // image references, from pods or manifests
	Nodes      = "nodes"   // files on nodes
	Handshakes = "tls"     // handshakes
	Trust      = "trust"   // trust configuration and the secrets it names
	Secrets    = "secrets" // secrets' shapes
	// Machines is Cluster API's machines.
	Machines = "machines"
)

// Collectors lists the keys of Document.Coverage in their order of reporting.
var Collectors = []string{Pods, Events, Images, Nodes, Handshakes, Trust, Secrets, Machines}

// Reasons is the closed list of Gap.Reason.
var Reasons = []string{
	"timeout_connect", "timeout_handshake", "timeout_exec", "refused", "unreachable", "dns",
	"auth_failed", "host_key_unknown", "host_key_changed", "forwarding_prohibited",
	"permission_denied", "not_found", "dangling_symlink", "not_regular", "parse_error", "truncated",
	"forbidden", "gone_410", "throttled_429", "unschedulable", "image_unavailable",
	"not_in_source", "cancelled", "internal",
}

// SectionCollectors tells which collectors fill a section of the document. A
// section counts as asked for when any of them was, and a gap of any of them is
// a gap of the section. Certificates, trust stores and views have none: they
// hold what the other sections refer to.
var SectionCollectors = map[string][]string{
	"pods":          {Pods},
	"pull_failures": {Pods, Events},
	"registries":    {Images},
	"nodes":         {Nodes},
	"endpoints":     {Handshakes},
	"trust":         {Trust},
	"domains":       {Trust},
	"secrets":       {Secrets},
	"clusters":      {Trust},
	"machines":      {Machines},
	"proxies":       {Nodes, Trust},
	"event_windows": {Events},
	"verification":  {Trust},

	"views.failures_by_cause":    {Pods, Events},
	"views.failures_by_registry": {Pods, Events},
	"views.failures_by_node":     {Pods, Events},
	"views.failures_by_pod":      {Pods, Events},
	"views.nodes_by_trust_store": {Nodes},
	"views.trust_by_certificate": {Trust},
}
