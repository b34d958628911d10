package report

import "github.com/regpolicy/regpolicy/collectors/evidence"

// TrustPath is one chain that a registry presents, held against the trust stores
// that it is verified with. Nodes that share a store are one entry, so that a path
// grows with distinct facts and not with the cluster.
type TrustPath struct {
	Registry string `json:"registry"` // host:port
	// Cluster tells apart the paths of several documents.
	Cluster string `json:"cluster,omitempty"`
	// Certificates are those presented, the leaf first.
	Certificates []PathCertificate `json:"certificates"`
	// NameReason is why the leaf is not good for the host; empty where it is.
	NameReason string `json:"name_reason,omitempty"`
	// Public tells that a public root anchors the chain.
	Public bool `json:"public"`
	// Stores are the configured domains first, then what nodes hold, broken ones
	// before others.
	Stores []PathStore `json:"stores"`
	// MoreStores counts the nodes' stores that are left out.
	MoreStores int `json:"more_stores,omitempty"`
}

// PathCertificate is a certificate, as far as a picture shows it.
type PathCertificate struct {
	CommonName  string        `json:"common_name"`
	Issuer      string        `json:"issuer"`
	Fingerprint string        `json:"fingerprint"` // the first 16 digits
	NotAfter    evidence.Time `json:"not_after"`
	Expired     bool          `json:"expired,omitempty"` // as of the run's time
	SelfIssued  bool          `json:"self_issued,omitempty"`
}

// The kinds of PathStore.
const (
	StoreConfigured = "configured"
	StoreNodes      = "nodes"
)

// PathStore is a trust store and its verdict on a chain.
type PathStore struct {
	Kind    string `json:"kind"`
	Domain  string `json:"domain,omitempty"` // of a configured store
	Digest  string `json:"digest"`           // a key of the document's trust_stores
	Anchors int    `json:"anchors"`
	OK      bool   `json:"ok"`
	// Reason, Break, Issuer and Detail say where and why the chain breaks. Break is
	// the fingerprint, cut, of the certificate whose issuer is missed.
	Reason string `json:"reason,omitempty"`
	Break  string `json:"break,omitempty"`
	Issuer string `json:"issuer,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Anchor ends the chain where it holds; Candidates bear on the break.
	Anchor     *PathCertificate  `json:"anchor,omitempty"`
	Candidates []PathCertificate `json:"candidates,omitempty"`
	// Entries are what is configured, of a configured store.
	Entries     []PathEntry `json:"entries,omitempty"`
	MoreEntries int         `json:"more_entries,omitempty"`
	// Nodes counts the nodes that have the store, NodeNames are the first.
	Nodes     int      `json:"nodes,omitempty"`
	NodeNames []string `json:"node_names,omitempty"`
	// Files are the distinct trust files on those nodes.
	Files     []PathFile `json:"files,omitempty"`
	MoreFiles int        `json:"more_files,omitempty"`
}

// PathEntry is one CA that a configuration wants trusted.
type PathEntry struct {
	Label  string `json:"label"`
	Source string `json:"source"` // the object that holds it, Kind/namespace/name
	// Reason is why no value was found; empty where one was.
	Reason string `json:"reason,omitempty"`
	Form   string `json:"form,omitempty"`
	// Layers of base64 were counted, Expected are those the API accepts.
	Layers   *int  `json:"layers,omitempty"`
	Expected []int `json:"expected"`
	// AppliesToNone tells that no cluster reads the entry.
	AppliesToNone bool              `json:"applies_to_none,omitempty"`
	Certificates  []PathCertificate `json:"certificates"`
}

// PathFile is a trust file as Nodes nodes hold it.
type PathFile struct {
	Path         string            `json:"path"`
	Entry        string            `json:"entry,omitempty"`
	Status       string            `json:"status"`
	Form         string            `json:"form"`
	Nodes        int               `json:"nodes"`
	Certificates []PathCertificate `json:"certificates"`
}
