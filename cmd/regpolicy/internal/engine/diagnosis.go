package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// diagnose names the causes among the failures. A failure is a symptom when a
// failed policy explains its policy (METADATA custom.explains) and has a failure
// that bears on the same pod, node or registry; it stands under its cause then.
// 400 pods that lack one CA are one paragraph, and a pod that lacks a password
// beside them is another.
func diagnose(results []report.Result, policies []*Policy, told map[string]told) []report.Diagnosis {
	d := diagnosing{explains: map[string][]string{}, from: map[string]string{}, failed: map[string][]failure{}}
	for _, p := range policies {
		d.explains[p.ID] = p.Explains
		if p.ExplainsFrom != "" {
			d.from[p.ID] = p.ExplainsFrom
		}
	}
	for i := range results {
		r := &results[i]
		if r.Verdict != report.Fail {
			continue
		}
		if d.failed[r.ID] == nil {
			d.ids = append(d.ids, r.ID)
		}
		d.failed[r.ID] = append(d.failed[r.ID], failure{Result: r, bearing: bearingOf(r, told[r.Fingerprint])})
	}
	out := []report.Diagnosis{}
	for _, id := range d.ids {
		if roots := d.unexplained(id); len(roots) > 0 {
			out = append(out, d.newDiagnosis(roots))
		}
	}
	slices.SortStableFunc(out, func(a, b report.Diagnosis) int {
		return cmp.Or(
			cmp.Compare(len(b.Explains), len(a.Explains)),
			cmp.Compare(slices.Index(report.Severities, b.Severity), slices.Index(report.Severities, a.Severity)),
			cmp.Compare(a.ID, b.ID))
	})
	return out
}

type diagnosing struct {
	explains map[string][]string
	from     map[string]string // ExplainsFrom, of those that have one
	failed   map[string][]failure
	ids      []string // of failed policies, sorted
}

// failure is a failed result and what it bears on.
type failure struct {
	*report.Result
	bearing
}

// bearing is what a failure bears on, as far as that can be told: a pod, nodes,
// registries as host:port, all of one cluster where there are several.
type bearing struct {
	cluster, pod string
	told
}

func bearingOf(r *report.Result, t told) bearing {
	b := bearing{cluster: r.Subject["cluster"], told: told{untrusted: t.untrusted}}
	switch r.Subject["kind"] {
	case "pod":
		b.pod = r.Subject["namespace"] + "/" + r.Subject["name"]
	case "node":
		b.nodes = []string{r.Subject["name"]}
	case "endpoint", "registry":
		b.hosts = []string{r.Subject["name"]}
	}
	if endpoint := r.Subject["endpoint"]; endpoint != "" { // a registry's token service
		b.hosts = append(b.hosts, endpoint)
	}
	if node := r.Subject["node"]; node != "" {
		b.nodes = []string{node}
	}
	if len(b.nodes) == 0 {
		b.nodes = t.nodes
	}
	b.hosts = append(b.hosts, t.hosts...)
	return b
}

// reachOf sums up what several failures bear on, by cluster.
type reachOf map[string]*clusterReach

type clusterReach struct {
	pods, nodes, hosts        map[string]bool
	anyPod, anyNode, anyHosts bool // some failure does not say
	time                      bool // they are about time that has run out
}

func sum(failures []failure) reachOf {
	all := reachOf{}
	for _, f := range failures {
		s := all[f.cluster]
		if s == nil {
			s = &clusterReach{pods: map[string]bool{}, nodes: map[string]bool{}, hosts: map[string]bool{}}
			all[f.cluster] = s
		}
		s.anyPod = s.anyPod || f.pod == ""
		s.anyNode = s.anyNode || len(f.nodes) == 0
		s.anyHosts = s.anyHosts || len(f.hosts) == 0
		s.pods[f.pod] = true
		for _, n := range f.nodes {
			s.nodes[n] = true
		}
		for _, h := range f.hosts {
			s.hosts[h] = true
		}
	}
	return all
}

// hosts are those of all clusters.
func (all reachOf) hosts() map[string]bool {
	out := map[string]bool{}
	for _, s := range all {
		maps.Copy(out, s.hosts)
	}
	return out
}

// covers tells whether a failure may stem from those summed up: they agree in
// all that both sides say.
func (all reachOf) covers(f failure) bool {
	s := all[f.cluster]
	if s == nil || s.time && f.untrusted {
		return false
	}
	share := func(any bool, names []string, of map[string]bool) bool {
		return any || len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return of[name] })
	}
	return share(s.anyHosts, f.hosts, s.hosts) && share(s.anyNode, f.nodes, s.nodes) && (f.pod == "" || s.anyPod || s.pods[f.pod])
}

// unexplained are the failures of a policy that no other failed policy accounts
// for.
func (d *diagnosing) unexplained(id string) []failure {
	var causes []reachOf
	for _, other := range d.ids {
		if other != id && slices.Contains(d.explains[other], id) {
			causes = append(causes, d.reach(other, d.failed[other]))
		}
	}
	var out []failure
	for _, f := range d.failed[id] {
		if !slices.ContainsFunc(causes, func(c reachOf) bool { return c.covers(f) }) {
			out = append(out, f)
		}
	}
	return out
}

// reach is what failures of a policy can explain: of one that grades by time left what
// has run out.
func (d *diagnosing) reach(id string, failures []failure) reachOf {
	from, graded := d.from[id]
	if !graded {
		return sum(failures)
	}
	var out []failure
	for _, f := range failures {
		if slices.Index(report.Severities, f.Severity) >= slices.Index(report.Severities, from) {
			out = append(out, f)
		}
	}
	all := sum(out)
	for _, s := range all {
		s.time = true
	}
	return all
}

// symptoms are the failures that stem from some, directly or through others, by
// policy id.
func (d *diagnosing) symptoms(id string, roots []failure) map[string][]failure {
	out := map[string][]failure{id: roots}
	queue := []string{id}
	for len(queue) > 0 {
		current := queue[0]
		queue = queue[1:]
		s := d.reach(current, out[current])
		for _, next := range d.explains[current] {
			var found []failure
			for _, f := range d.failed[next] {
				if s.covers(f) {
					found = append(found, f)
				}
			}
			if len(found) > len(out[next]) && next != id {
				out[next] = found
				queue = append(queue, next)
			}
		}
	}
	delete(out, id)
	return out
}

func (d *diagnosing) newDiagnosis(roots []failure) report.Diagnosis {
	worst := roots[0]
	var messages, repairs []string
	known := map[string]bool{"": true}
	for _, f := range roots {
		if slices.Index(report.Severities, f.Severity) > slices.Index(report.Severities, worst.Severity) {
			worst = f
		}
		messages = append(messages, f.Message)
		if !known[f.Remediation] {
			known[f.Remediation] = true
			repairs = append(repairs, f.Remediation)
		}
	}
	slices.Sort(messages)
	// The worst comes first; more than a few are read one after another anyway.
	slices.SortStableFunc(repairs, func(a, b string) int {
		switch {
		case a == worst.Remediation && b != a:
			return -1
		case b == worst.Remediation && a != b:
			return 1
		default:
			return 0
		}
	})
	const shown = 3
	if len(repairs) > shown {
		repairs = append(repairs[:shown], fmt.Sprintf("... and %d more repairs of this kind: they stand at their findings (-o json)", len(repairs)-shown))
	}
	out := report.Diagnosis{
		ID: worst.ID, Severity: worst.Severity, Title: worst.Title, Messages: slices.Compact(messages),
		Subjects: len(roots), Remediation: strings.Join(repairs, "\n"), Explains: []report.Explained{}, Example: maps.Clone(worst.Subject),
	}
	for _, f := range roots {
		if f.Message == out.Messages[0] && f.Location != nil {
			out.Location = f.Location
			break
		}
	}
	out.Clusters = clustersOf(roots)
	symptoms := d.symptoms(worst.ID, roots)
	hosts := sum(roots).hosts()
	for _, id := range slices.Sorted(maps.Keys(symptoms)) {
		maps.Copy(hosts, sum(symptoms[id]).hosts())
		out.Explains = append(out.Explains, report.Explained{ID: id, Title: symptoms[id][0].Title, Subjects: len(symptoms[id])})
	}
	delete(hosts, "")
	out.Registries = sorted(hosts)
	return out
}

// clustersOf are those of failures; nil where there is one document.
func clustersOf(failures []failure) []string {
	clusters := map[string]bool{}
	for _, f := range failures {
		clusters[f.cluster] = true
	}
	delete(clusters, "")
	if len(clusters) == 0 {
		return nil
	}
	return sorted(clusters)
}

func sorted[T any](set map[string]T) []string {
	out := slices.AppendSeq(make([]string, 0, len(set)), maps.Keys(set))
	slices.Sort(out)
	return out
}
