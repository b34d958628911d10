package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// metrics writes gauges in Prometheus' text format, without timestamps of samples,
// which node_exporter's textfile collector refuses.
type metrics struct{ w *bufio.Writer }

// Prometheus writes gauges for node_exporter's textfile collector.
func Prometheus(w io.Writer, r *Report) error {
	m := metrics{bufio.NewWriter(w)}
	m.family("regpolicy_report_info", "What judged: the tool, OPA and the digest of the policies.")
	m.sample("regpolicy_report_info", 1, "version", r.Tool.Version, "opa", r.Tool.OPA, "policies_digest", r.Run.Policies.Digest, "profile", r.Run.Profile)
	m.family("regpolicy_report_timestamp_seconds", "The moment as of which the report judges.")
	m.sample("regpolicy_report_timestamp_seconds", r.Run.At.Unix())
	m.family("regpolicy_policies", "Policies that ran.")
	m.sample("regpolicy_policies", int64(r.Run.Policies.Count))
	m.documents(r)
	m.family("regpolicy_verdicts", "Results by verdict; verdicts that nothing has are 0.")
	for _, v := range verdicts {
		m.sample("regpolicy_verdicts", int64(counts(r.Summary)[v]), "verdict", string(v))
	}
	m.results(r)
	m.changes(r)
	m.coverage(r)
	m.fleet(r)
	m.family("regpolicy_waivers", "Waivers by what became of them.")
	m.sample("regpolicy_waivers", int64(r.Run.Waivers.Used), "state", "used")
	m.sample("regpolicy_waivers", int64(r.Run.Waivers.Unused), "state", "unused")
	m.sample("regpolicy_waivers", int64(r.Run.Waivers.Expired), "state", "expired")
	if err := m.w.Flush(); err != nil {
		return fmt.Errorf("writing Prometheus report: %w", err)
	}
	return nil
}

// documents are numbered: two may have one name, and equal label sets would make the
// file invalid.
func (m metrics) documents(r *Report) {
	if len(r.Run.Documents) == 0 {
		return
	}
	m.family("regpolicy_document_collected_timestamp_seconds", "When the evidence was collected.")
	for i, d := range r.Run.Documents {
		m.sample("regpolicy_document_collected_timestamp_seconds", d.CollectedAt.Unix(), "document", fmt.Sprint(i), "uri", d.URI, "cluster", d.Cluster)
	}
}

func (m metrics) results(r *Report) {
	type key struct{ policy, verdict, severity string }
	tally := map[key]int64{}
	for i := range r.Results {
		res := &r.Results[i]
		tally[key{Visible(res.ID), string(res.Verdict), Visible(res.Severity)}]++
	}
	if len(tally) == 0 {
		return
	}
	m.family("regpolicy_results", "Results by policy, verdict and severity.")
	for _, k := range slices.SortedFunc(maps.Keys(tally), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.policy, b.policy), cmp.Compare(a.verdict, b.verdict), cmp.Compare(a.severity, b.severity))
	}) {
		m.sample("regpolicy_results", tally[k], "policy", k.policy, "verdict", k.verdict, "severity", k.severity)
	}
}

// changes has the first date of each policy and verdict to come.
func (m metrics) changes(r *Report) {
	type key struct{ policy, becomes string }
	first := map[key]int64{}
	for i := range r.Results {
		next := r.Results[i].NextChange
		if next == nil {
			continue
		}
		k := key{Visible(r.Results[i].ID), string(next.Becomes)}
		if at, ok := first[k]; !ok || next.At.Unix() < at {
			first[k] = next.At.Unix()
		}
	}
	if len(first) == 0 {
		return
	}
	m.family("regpolicy_next_change_timestamp_seconds", "The next date at which a result of the policy becomes another, if nobody changes anything.")
	for _, k := range slices.SortedFunc(maps.Keys(first), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.policy, b.policy), cmp.Compare(a.becomes, b.becomes))
	}) {
		m.sample("regpolicy_next_change_timestamp_seconds", first[k], "policy", k.policy, "becomes", k.becomes)
	}
}

func (m metrics) coverage(r *Report) {
	var asked []string
	for _, name := range evidence.Collectors {
		if r.Coverage[name].Requested {
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return
	}
	m.family("regpolicy_coverage", "What was asked for, by collector, and what became of it.")
	for _, name := range asked {
		c := r.Coverage[name]
		m.sample("regpolicy_coverage", int64(c.Asked), "collector", name, "state", "asked")
		m.sample("regpolicy_coverage", int64(c.Answered), "collector", name, "state", "answered")
		m.sample("regpolicy_coverage", int64(c.Skipped), "collector", name, "state", "skipped")
		m.sample("regpolicy_coverage", int64(len(c.Gaps)), "collector", name, "state", "gap")
	}
}

// fleet has each cluster, so that an alert can name it.
func (m metrics) fleet(r *Report) {
	f := r.Fleet
	if f == nil {
		return
	}
	m.family("regpolicy_fleet_clusters", "Clusters that were judged, were expected, and have no document.")
	m.sample("regpolicy_fleet_clusters", int64(len(f.Clusters)), "state", "judged")
	m.sample("regpolicy_fleet_clusters", int64(f.Expected), "state", "expected")
	m.sample("regpolicy_fleet_clusters", int64(len(f.Missing)), "state", "missing")
	if len(f.Clusters) > 0 {
		m.family("regpolicy_cluster_verdicts", "Results of one cluster by verdict.")
	}
	for i, c := range f.Clusters {
		for _, v := range []Verdict{Fail, Inconclusive, Error} {
			m.sample("regpolicy_cluster_verdicts", int64(counts(c.Summary)[v]), "document", fmt.Sprint(i), "cluster", c.Cluster, "verdict", string(v))
		}
	}
	if len(f.Authorities) > 0 {
		m.family("regpolicy_ca_not_after_timestamp_seconds", "When a CA of the fleet expires.")
	}
	for _, a := range f.Authorities {
		m.sample("regpolicy_ca_not_after_timestamp_seconds", a.NotAfter.Unix(), "fingerprint", a.Fingerprint, "subject", a.Subject)
	}
}

func (m metrics) family(name, help string) {
	fmt.Fprintf(m.w, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name)
}

var escapedLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// sample writes one value with its labels, given as names and values in turn.
func (m metrics) sample(name string, value int64, labels ...string) {
	pairs := make([]string, 0, len(labels)/2)
	for i := 0; i+1 < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+`="`+escapedLabel.Replace(Visible(labels[i+1]))+`"`)
	}
	if len(pairs) > 0 {
		name += "{" + strings.Join(pairs, ",") + "}"
	}
	fmt.Fprintf(m.w, "%s %d\n", name, value)
}
