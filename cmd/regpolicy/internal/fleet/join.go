package fleet

import (
	"cmp"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// Join is what is known of the clusters so far.
type Join struct {
	clusters    []report.FleetCluster
	authorities map[string]*report.Authority
	registries  map[string]*report.FleetRegistry
	policies    map[string]*report.FleetPolicy
}

// NewJoin begins with no cluster.
func NewJoin() *Join {
	return &Join{
		authorities: map[string]*report.Authority{}, registries: map[string]*report.FleetRegistry{}, policies: map[string]*report.FleetPolicy{},
	}
}

// Add takes in a cluster: its document's facts and what became of them.
func (j *Join) Add(doc *report.Document, f *Facts, results []report.Result) {
	name := cmp.Or(doc.Cluster, doc.URI)
	j.clusters = append(j.clusters, report.FleetCluster{
		Cluster: name, URI: doc.URI, CollectedAt: doc.CollectedAt,
		Nodes: f.nodes, Pods: f.pods, PullFailures: f.pullFailures, Gaps: f.gaps,
		Summary: report.Count(results), Worst: worst(results),
	})
	for fingerprint, a := range f.authorities {
		j.authority(name, fingerprint, a)
	}
	for host, r := range f.registries {
		j.registry(name, host, r)
	}
	j.count(results)
}

// count adds a cluster's results, which are in the order of a report, by policy.
func (j *Join) count(results []report.Result) {
	for len(results) > 0 {
		id, n := results[0].ID, 1
		for n < len(results) && results[n].ID == id {
			n++
		}
		own := results[:n]
		results = results[n:]
		p := j.policies[id]
		if p == nil {
			p = &report.FleetPolicy{ID: id, Title: own[0].Title, Clusters: map[report.Verdict]int{}}
			j.policies[id] = p
		}
		p.Summary.Add(report.Count(own))
		seen := map[report.Verdict]bool{}
		for i := range own {
			if v := own[i].Verdict; !seen[v] {
				seen[v] = true
				p.Clusters[v]++
			}
		}
		p.Severity = severest(p.Severity, cmp.Or(worst(own), own[0].Severity), p.Summary.Fail > 0)
	}
}

// severest is the worse of two; a policy's own severity gives way to that of failures.
func severest(have, found string, failed bool) string {
	if have == "" || failed && rank(found) > rank(have) {
		return found
	}
	return have
}

func worst(results []report.Result) string {
	out := ""
	for i := range results {
		if results[i].Verdict == report.Fail && rank(results[i].Severity) > rank(out) {
			out = results[i].Severity
		}
	}
	return out
}

func rank(severity string) int { return slices.Index(report.Severities, severity) }

func (j *Join) authority(cluster, fingerprint string, a *authority) {
	have := j.authorities[fingerprint]
	if have == nil {
		have = &report.Authority{
			Fingerprint: fingerprint, Subject: a.subject, CommonName: a.commonName, NotAfter: a.notAfter, Public: a.public,
			Configured: []string{}, OnNodes: []string{}, Registries: []string{},
		}
		j.authorities[fingerprint] = have
	}
	have.Clusters = append(have.Clusters, cluster)
	if a.configured {
		have.Configured = append(have.Configured, cluster)
	}
	if a.nodes > 0 {
		have.OnNodes = append(have.OnNodes, cluster)
		have.Nodes += a.nodes
	}
	for _, host := range sorted(a.registries) {
		if i, found := slices.BinarySearch(have.Registries, host); !found {
			have.Registries = slices.Insert(have.Registries, i, host)
		}
	}
}

func (j *Join) registry(cluster, host string, r *registry) {
	have := j.registries[host]
	if have == nil {
		have = &report.FleetRegistry{
			Registry: host, Clusters: []string{}, Reached: []string{}, Failing: map[string][]string{}, Anchors: map[string][]string{},
		}
		j.registries[host] = have
	}
	if r.named {
		have.Clusters = append(have.Clusters, cluster)
	}
	if r.reached {
		have.Reached = append(have.Reached, cluster)
	}
	for cause := range r.causes {
		have.Failing[cause] = append(have.Failing[cause], cluster)
	}
	for fingerprint := range r.anchors {
		have.Anchors[fingerprint] = append(have.Anchors[fingerprint], cluster)
	}
	if r.notAfter != nil && (have.NotAfter == nil || r.notAfter.Before(have.NotAfter.Time)) {
		have.NotAfter = r.notAfter
	}
}

// Section is the fleet section of a report.
func (j *Join) Section() *report.Fleet {
	f := &report.Fleet{
		Missing: []string{}, Unexpected: []string{}, Unused: []report.UnusedDocument{}, Clusters: slices.Clone(j.clusters),
		Authorities: make([]report.Authority, 0, len(j.authorities)),
		Registries:  make([]report.FleetRegistry, 0, len(j.registries)),
		Policies:    make([]report.FleetPolicy, 0, len(j.policies)),
	}
	slices.SortStableFunc(f.Clusters, func(a, b report.FleetCluster) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.URI, b.URI))
	})
	for _, id := range sorted(j.authorities) {
		f.Authorities = append(f.Authorities, *j.authorities[id])
	}
	slices.SortStableFunc(f.Authorities, func(a, b report.Authority) int { return a.NotAfter.Compare(b.NotAfter.Time) })
	for _, host := range sorted(j.registries) {
		f.Registries = append(f.Registries, *j.registries[host])
	}
	slices.SortStableFunc(f.Registries, func(a, b report.FleetRegistry) int {
		return cmp.Or(cmp.Compare(b.FailingClusters(), a.FailingClusters()), cmp.Compare(len(b.Clusters), len(a.Clusters)))
	})
	for _, id := range sorted(j.policies) {
		f.Policies = append(f.Policies, *j.policies[id])
	}
	slices.SortStableFunc(f.Policies, func(a, b report.FleetPolicy) int {
		return cmp.Or(
			cmp.Compare(b.Clusters[report.Fail], a.Clusters[report.Fail]),
			cmp.Compare(b.Clusters[report.Inconclusive]+b.Clusters[report.Error], a.Clusters[report.Inconclusive]+a.Clusters[report.Error]))
	})
	return f
}
