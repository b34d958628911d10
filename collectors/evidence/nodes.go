package evidence

// Node is one node: what the API says of it and what was read from its files.
type Node struct {
	Role    string `json:"role,omitempty"` // "control_plane", "worker" or, an ESXi host of a Supervisor, "agent"
	Address string `json:"address,omitempty"`
	OS      string `json:"os,omitempty"` // os-release PRETTY_NAME, or the API's osImage
	// OSFamily is "photon", "debian", "rhel", "esxi" or "other": it decides where
	// trust files belong. ESXi hosts keep none that this tool reads.
	OSFamily string `json:"os_family,omitempty"`
	// Cluster is the Cluster API cluster the node says it belongs to.
	Cluster string `json:"cluster,omitempty"`
	// Read tells that the node's files were read. Without it the fields below
	// are absent.
	Read bool `json:"read"`
	// Access is how the files were read.
	Access *Access `json:"access,omitempty"`

	// TrustFiles are the files in the trust places, by absolute path, without
	// those that belong to the distribution's own bundle.
	TrustFiles map[string]TrustFile `json:"trust_files,omitempty"`
	// TrustStore is the system store as Go loads it, a key of trust_stores.
	TrustStore string `json:"trust_store,omitempty"`
	// OpenSSLStore is the system store as OpenSSL loads it.
	OpenSSLStore string `json:"openssl_store,omitempty"`
	// Bundle is the first system bundle that exists.
	Bundle *Bundle `json:"bundle,omitempty"`
	// HashLinks are the names of OpenSSL hash links that point to files outside
	// the distribution's own, with their targets.
	HashLinks map[string]string `json:"hash_links,omitempty"`

	Runtime *Runtime `json:"runtime,omitempty"`
	// RegistryConfig is the runtime's configuration of registries.
	RegistryConfig *RegistryConfig `json:"registry_config,omitempty"`
	// Environment holds SSL_CERT_FILE and SSL_CERT_DIR of the runtime's unit.
	Environment map[string]string `json:"environment,omitempty"`
	// Proxy is a key of Document.Proxies.
	Proxy string `json:"proxy,omitempty"`
	// Clock is the node's clock against the collector's.
	Clock *Clock `json:"clock,omitempty"`

	Provenance Provenance `json:"provenance"`
}

// Access is how a node's files were reached.
type Access struct {
	Method string `json:"method"` // "ssh", "tree", "host_root", "agent"
	User   string `json:"user,omitempty"`
	// HostKeyVerified is false where the host key was not checked, and absent
	// where there is none.
	HostKeyVerified *bool  `json:"host_key_verified,omitempty"`
	HostKey         string `json:"host_key,omitempty"` // "SHA256:..." fingerprint
	// HostKeyPolicy is "strict", "accept-new" or "insecure".
	HostKeyPolicy string `json:"host_key_policy,omitempty"`
	Jump          string `json:"jump,omitempty"`
}

// TrustFile is one file in a trust place of a node.
type TrustFile struct {
	Content
	// Place is one of the trust places: "system" (/etc/ssl/certs), "debian"
	// (/usr/local/share/ca-certificates), "rhel" (ca-trust anchors),
	// "containerd", "docker".
	Place string `json:"place"`
	// Entry is the <name> of a tkg-<name>.pem file, in whichever form its
	// operating system moved it to.
	Entry string `json:"entry,omitempty"`
	// Status is "ok", "dangling", "unreadable", "directory", "escapes" (a link
	// out of what was collected), "loop" (of links), "not_regular" (a device, a
	// pipe), "too_large", or "absent" (a configuration names it).
	Status string `json:"status"`
	// RealPath is where the symbolic links end, under the node's root.
	RealPath   string `json:"real_path,omitempty"`
	LinkTarget string `json:"link_target,omitempty"`
	Mode       string `json:"mode,omitempty"` // octal, "0644"
	Owner      *int   `json:"owner,omitempty"`
	Group      *int   `json:"group,omitempty"`
	ModifiedAt *Time  `json:"modified_at,omitempty"`
}

// Bundle is the system bundle of a node.
type Bundle struct {
	Path string `json:"path"`
	// SHA256 is of the bundle without the indented lines that openssl x509 -text
	// writes between certificates, as in Photon's; elsewhere it is the file's own.
	SHA256       string `json:"sha256"`
	Certificates int    `json:"certificates"`
	ModifiedAt   *Time  `json:"modified_at,omitempty"`
}

// Runtime is the container runtime of a node.
type Runtime struct {
	Name      string `json:"name"` // "containerd", "cri-o", "docker"
	Version   string `json:"version,omitempty"`
	StartedAt *Time  `json:"started_at,omitempty"`
}

// RegistryConfig is what containerd's config.toml and certs.d say.
type RegistryConfig struct {
	// ConfigPath is config_path as set or as it defaults.
	ConfigPath string `json:"config_path,omitempty"`
	// Version is the configuration file's format version.
	Version int `json:"version,omitempty"`
	// ParseError is why config.toml could not be read.
	ParseError string `json:"parse_error,omitempty"`
	// SandboxImage is the pause image.
	SandboxImage string `json:"sandbox_image,omitempty"`
	// Hosts are per-registry settings by host[:port], "_default" for all others.
	Hosts map[string]RegistryHost `json:"hosts"`
}

// RegistryHost is a runtime's configuration of one registry.
type RegistryHost struct {
	// Origin is the file that says it.
	Origin string `json:"origin"`
	// Form is "hosts_toml", "config_toml" or "docker_certs_d".
	Form       string `json:"form"`
	ParseError string `json:"parse_error,omitempty"`
	// HasHostTree tells that hosts.toml has a [host] table.
	HasHostTree bool   `json:"has_host_tree"`
	Server      string `json:"server,omitempty"`
	// Mirrors are the hosts that stand in for it, in their order.
	Mirrors    []string `json:"mirrors,omitempty"`
	CAFiles    []string `json:"ca_files,omitempty"`
	SkipVerify bool     `json:"skip_verify"`
	PlainHTTP  bool     `json:"plain_http"`
	// ClientCertificate tells that one is configured.
	ClientCertificate bool `json:"client_certificate"`
	// TrustStore is what connections to the registry itself are verified with:
	// the node's store plus those CA files that count for it, a key of
	// trust_stores. It is absent where no CA file adds anything, or where the
	// runtime does not read these settings.
	TrustStore string `json:"trust_store,omitempty"`
	// Endpoints are the hosts of a hosts.toml in the order in which they are
	// asked, the registry itself last. CAFiles are those of all of them; SkipVerify,
	// PlainHTTP and ClientCertificate are true where they are for any.
	Endpoints []RegistryEndpoint `json:"endpoints,omitempty"`
}

// RegistryEndpoint is one host that is asked for a registry's images, with the
// settings that hold for it alone.
type RegistryEndpoint struct {
	// URL is the host as the file names it; empty for the registry's own.
	URL               string   `json:"url,omitempty"`
	Capabilities      []string `json:"capabilities,omitempty"` // "pull", "resolve", "push"; none means all
	CAFiles           []string `json:"ca_files,omitempty"`
	SkipVerify        bool     `json:"skip_verify"`
	PlainHTTP         bool     `json:"plain_http"`
	ClientCertificate bool     `json:"client_certificate"`
	OverridePath      bool     `json:"override_path"`
	// TrustStore is the node's store plus CAFiles, a key of trust_stores; absent
	// where they add nothing.
	TrustStore string `json:"trust_store,omitempty"`
}

// Clock compares a node's clock with the collector's.
type Clock struct {
	NodeTime Time `json:"node_time"`
	// SkewSeconds is node minus collector; absent where there is nothing to
	// compare with.
	SkewSeconds *int `json:"skew_seconds,omitempty"`
}

// Proxy is a proxy setting, without credentials.
type Proxy struct {
	HTTP    string   `json:"http,omitempty"`
	HTTPS   string   `json:"https,omitempty"`
	NoProxy []string `json:"no_proxy,omitempty"`
	// HasCredentials tells that a URL carried a user or password; both removed.
	HasCredentials bool `json:"has_credentials"`
	// Scope is what uses it: "node/<name>" for a node's container runtime,
	// "node/<name>/kubelet" where the kubelet's is another one,
	// "cluster/<namespace>/<name>", "kapp/<namespace>/<name>" for kapp-controller, or
	// "service" for all clusters of a Supervisor.
	Scope string `json:"scope"`
	// At is where the proxy is set in a manifest.
	At         *Position  `json:"at,omitempty"`
	Provenance Provenance `json:"provenance"`
}
