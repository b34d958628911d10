package report

import "github.com/regpolicy/regpolicy/collectors/evidence"

// Fleet is what a run over several documents says of their clusters together.
type Fleet struct {
	// Expected counts the clusters on the list that the documents were held against;
	// 0 where there was none.
	Expected int `json:"expected"`
	// Missing are the clusters on the list of which there is no document.
	Missing []string `json:"missing"`
	// Unexpected are the clusters that have a document and are not on the list.
	Unexpected []string `json:"unexpected"`
	// Unused are the documents that were not judged.
	Unused []UnusedDocument `json:"unused"`
	// Clusters are those whose documents were judged, by name.
	Clusters []FleetCluster `json:"clusters"`
	// Authorities are the CAs that the clusters configure, hold on their nodes or meet
	// at registries; the one that expires first is the first.
	Authorities []Authority `json:"authorities"`
	// Registries are those that the clusters use, those that fail in most clusters first.
	Registries []FleetRegistry `json:"registries"`
	// Policies are counted over all clusters, those that fail in most clusters first.
	Policies []FleetPolicy `json:"policies"`
}

// UnusedDocument is a document that was not judged.
type UnusedDocument struct {
	URI     string `json:"uri"`
	Cluster string `json:"cluster,omitempty"`
	// Reason is "unreadable", "superseded" by a newer document of the same cluster, or
	// "stale" where it is older than was wanted.
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

// The values of UnusedDocument.Reason.
const (
	Unreadable = "unreadable"
	Superseded = "superseded"
	Stale      = "stale"
)

// FleetCluster is one cluster and what became of it.
type FleetCluster struct {
	Cluster      string        `json:"cluster"`
	URI          string        `json:"uri"`
	CollectedAt  evidence.Time `json:"collected_at"`
	Nodes        int           `json:"nodes"`
	Pods         int           `json:"pods"`
	PullFailures int           `json:"pull_failures"`
	// Gaps counts what was asked for and not had.
	Gaps    int     `json:"gaps"`
	Summary Summary `json:"summary"`
	// Worst is the severity of the worst failure, empty where nothing fails.
	Worst string `json:"worst,omitempty"`
}

// Authority is a CA and where in the fleet it counts.
type Authority struct {
	Fingerprint string        `json:"fingerprint"`
	Subject     string        `json:"subject"`
	CommonName  string        `json:"common_name,omitempty"`
	NotAfter    evidence.Time `json:"not_after"`
	// Public tells that it is one of Mozilla's roots.
	Public bool `json:"public"`
	// Clusters are all those that know it; Configured those whose trust configuration
	// holds it, and OnNodes those that have it in a trust file of a node.
	Clusters   []string `json:"clusters"`
	Configured []string `json:"configured"`
	OnNodes    []string `json:"on_nodes"`
	// Nodes counts the nodes of all clusters that hold it.
	Nodes int `json:"nodes"`
	// Registries are those whose chains contain or end in it.
	Registries []string `json:"registries"`
}

// FleetRegistry is a registry and who gets along with it.
type FleetRegistry struct {
	Registry string `json:"registry"`
	// Clusters are those whose images name it.
	Clusters []string `json:"clusters"`
	// Reached are the clusters from where a handshake with it completed.
	Reached []string `json:"reached"`
	// Failing are the clusters in which a pull or a handshake failed, by cause.
	Failing map[string][]string `json:"failing"`
	// Anchors are the CAs that its chains end in, by fingerprint, and for which clusters.
	Anchors map[string][]string `json:"anchors"`
	// NotAfter is the first end of a certificate that it presented.
	NotAfter *evidence.Time `json:"not_after,omitempty"`
}

// FleetPolicy counts one policy's results and the clusters that have such.
type FleetPolicy struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Severity string  `json:"severity"` // of the worst failure, else the policy's own
	Summary  Summary `json:"summary"`
	// Clusters counts clusters by verdict; one may count for several.
	Clusters map[Verdict]int `json:"clusters"`
}

// FailingClusters counts the clusters in which something fails with a registry.
func (r *FleetRegistry) FailingClusters() int {
	all := map[string]bool{}
	for _, clusters := range r.Failing {
		for _, c := range clusters {
			all[c] = true
		}
	}
	return len(all)
}

// Add counts the results of another summary, too.
func (s *Summary) Add(o Summary) {
	s.Pass += o.Pass
	s.Fail += o.Fail
	s.Warn += o.Warn
	s.Inconclusive += o.Inconclusive
	s.Error += o.Error
	s.Skip += o.Skip
	s.Waived += o.Waived
	if s.BySeverity == nil {
		s.BySeverity = map[string]int{}
	}
	for severity, n := range o.BySeverity {
		s.BySeverity[severity] += n
	}
}
