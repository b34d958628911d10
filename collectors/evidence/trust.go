package evidence

// TrustEntry is one CA that a configuration wants trusted.
type TrustEntry struct {
	// Domain is "workload", "supervisor", "kapp", "tap" or "openshift": whose
	// trust this entry is. A fix in one domain does nothing for another.
	Domain string `json:"domain"`
	// Object is what holds the entry; Field the path of the entry within it.
	Object ObjectRef `json:"object"`
	Field  string    `json:"field"`
	// Name is the entry's `name`, absent where the API has none.
	Name string `json:"name,omitempty"`
	// Label tells the entry from its object's others, in its key and in subjects:
	// its name, or "#0" (its index) where it has none, with "#2", "#3" after it
	// where that is taken.
	Label string `json:"label"`
	// Secret is the secret and key the entry takes its value from.
	Secret *KeyRef `json:"secret,omitempty"`
	// Resolved tells that a value was found; Reason is why not: one of
	// ResolveReasons.
	Resolved bool   `json:"resolved"`
	Reason   string `json:"reason,omitempty"`
	// Elsewhere names a secret of that name or key that exists in the wrong
	// place: "secret in namespace cis-ns", "key corp-CA".
	Elsewhere string `json:"elsewhere,omitempty"`
	// Clusters are the keys of the clusters the entry applies to; empty means
	// that it cannot be told, and it counts for all.
	Clusters []string `json:"clusters,omitempty"`
	// AppliesToNone tells that clusters are known and that the entry reaches none
	// of them: a TkgServiceConfiguration beside nothing but Cluster objects.
	AppliesToNone bool `json:"applies_to_none,omitempty"`
	// ExpectedLayers are the numbers of base64 layers, on the wire, that this
	// API accepts; several where its documents contradict each other.
	ExpectedLayers []int `json:"expected_layers"`
	// Layers is how many were counted on the wire form; absent without a value.
	Layers *int `json:"layers,omitempty"`
	// CountedOn is "wire" (data: of a secret, the field itself) or "string_data"
	// (stringData:, which gains one layer on the wire; already added to Layers).
	CountedOn string `json:"counted_on,omitempty"`
	// Value is what lies below; absent without a value.
	Value *Content `json:"value,omitempty"`
	// EntryAt is where the entry stands, and ValueAt where its value does: in the
	// secret's key, or in the entry itself. Both are absent where the object comes
	// from no file.
	EntryAt    *Position  `json:"entry_at,omitempty"`
	ValueAt    *Position  `json:"value_at,omitempty"`
	Provenance Provenance `json:"provenance"`
}

// Domain is a trust domain as a whole.
type Domain struct {
	// TrustStore is the store of everything its entries hold, a key of
	// trust_stores.
	TrustStore string `json:"trust_store"`
	// Entries are keys of trust, sorted.
	Entries []string `json:"entries"`
}

// The trust domains.
const (
	DomainWorkload   = "workload"
	DomainSupervisor = "supervisor"
	DomainKapp       = "kapp"
	DomainOpenShift  = "openshift"
)

// ResolveReasons is the closed list of TrustEntry.Reason.
var ResolveReasons = []string{
	"secret_not_found", "config_map_not_found", "key_not_found", "forbidden", "not_collected", "no_value", "unreadable",
}

// ObjectRef names an API object.
type ObjectRef struct {
	APIVersion string `json:"api_version"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
}

// KeyRef names a key of a secret.
type KeyRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Key       string `json:"key"`
}

// Secret is the shape of a secret, never its values.
type Secret struct {
	// Missing tells that something names the secret and that the source says it
	// does not exist; the other fields but UsedAs are empty then.
	Missing   bool       `json:"missing"`
	Type      string     `json:"type,omitempty"`
	Keys      []string   `json:"keys"`
	OwnerRefs []OwnerRef `json:"owner_refs,omitempty"`
	Immutable bool       `json:"immutable"`
	// ModifiedAt is when anybody last changed its data, from managedFields, or, where
	// they were not kept, when it was made.
	ModifiedAt *Time `json:"modified_at,omitempty"`
	// UsedAs says why it was read: "trust", "pull".
	UsedAs []string `json:"used_as"`
	// Registries are the hosts that a pull secret has credentials for.
	Registries []string   `json:"registries,omitempty"`
	Provenance Provenance `json:"provenance"`
}

// OwnerRef is an owner of an object: when it goes, the object goes.
type OwnerRef struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Cluster is a Cluster or TanzuKubernetesCluster.
type Cluster struct {
	Object ObjectRef `json:"object"`
	// Class is the ClusterClass, empty for a TanzuKubernetesCluster.
	Class             string `json:"class,omitempty"`
	KubernetesVersion string `json:"kubernetes_version,omitempty"`
	CreatedAt         *Time  `json:"created_at,omitempty"`
	// SpecChangedAt is the last time that anybody changed something below spec, the
	// cluster's controllers included, from managedFields; absent where they were not
	// kept (kubectl get leaves them out without --show-managed-fields).
	SpecChangedAt *Time `json:"spec_changed_at,omitempty"`
	// PodCIDRs and ServiceCIDRs are spec.clusterNetwork's, or a
	// TanzuKubernetesCluster's spec.settings.network's.
	PodCIDRs     []string    `json:"pod_cidrs,omitempty"`
	ServiceCIDRs []string    `json:"service_cidrs,omitempty"`
	Phase        string      `json:"phase,omitempty"`
	Conditions   []Condition `json:"conditions,omitempty"`
	// MisplacedTrust are trust settings in a field that this API does not read,
	// as field paths.
	MisplacedTrust []string `json:"misplaced_trust,omitempty"`
	// MisplacedAt is where in a file those of MisplacedTrust stand, by field path.
	MisplacedAt map[string]Position `json:"misplaced_at,omitempty"`
	Proxy       string              `json:"proxy,omitempty"` // a key of proxies
	Provenance  Provenance          `json:"provenance"`
}

// VerificationSwitch is a field by which somebody may turn TLS verification off:
// kapp-controller's dangerousSkipTLSVerify, OpenShift's insecureRegistries,
// tlsCertificateValidation of TKGm's imageRepository.
type VerificationSwitch struct {
	Domain string    `json:"domain"`
	Object ObjectRef `json:"object"`
	Field  string    `json:"field"`
	// Off tells that verification is off; Hosts for which, empty means for all.
	Off   bool     `json:"off"`
	Hosts []string `json:"hosts,omitempty"`
	// At is where the field stands in a file, or what is nearest to it where the
	// field is left out.
	At         *Position  `json:"at,omitempty"`
	Provenance Provenance `json:"provenance"`
}

// Condition is a condition that is out of its normal state: not True, or, for
// those that say something is going on (RollingOut, Paused, ...), not False.
type Condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason,omitempty"`
	Message string `json:"message,omitempty"`
}

// Machine is a Cluster API Machine.
type Machine struct {
	Cluster    string     `json:"cluster"` // a key of clusters, "namespace/name"
	Node       string     `json:"node,omitempty"`
	Phase      string     `json:"phase,omitempty"`
	CreatedAt  *Time      `json:"created_at,omitempty"`
	Provenance Provenance `json:"provenance"`
}
