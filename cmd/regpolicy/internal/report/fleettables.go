package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// FleetTable is one view of a fleet, the same in every format for people.
type FleetTable struct {
	// Name is "clusters", "policies", "authorities", "registries" or "unused".
	Name, Title string
	Columns     []FleetColumn
	Rows        []FleetRow
	// More rows stand in the JSON report alone.
	More int
}

// FleetColumn is a heading; numbers stand to the right.
type FleetColumn struct {
	Title   string
	Numbers bool
}

// FleetRow is a row; its first cell is what the row is about.
type FleetRow struct {
	Verdict Verdict // the worst of it; empty where there is none
	Cells   []string
}

// FleetTables are the views of a fleet, each with so many rows at most; nil where the
// report is of one document.
func (w Words) FleetTables(r *Report, most int) []FleetTable {
	f := r.Fleet
	if f == nil {
		return nil
	}
	var out []FleetTable
	for _, t := range []FleetTable{w.absentClusters(f), w.fleetClusters(f), w.fleetPolicies(f), w.fleetAuthorities(r), w.fleetRegistries(f), w.unusedDocuments(f)} {
		if len(t.Rows) == 0 {
			continue
		}
		if len(t.Rows) > most {
			t.Rows, t.More = t.Rows[:most], len(t.Rows)-most
		}
		out = append(out, t)
	}
	return out
}

// FleetLine says how much of the fleet the report is about.
func (w Words) FleetLine(r *Report) string {
	f := r.Fleet
	line := w.Sayf("%s judged by %s", w.count(len(f.Clusters), "cluster", "clusters"), w.count(r.Run.Policies.Count, "policy", "policies"))
	if first, last := collectedBetween(f); len(f.Clusters) > 0 {
		line += w.Sayf(", collected %s to %s", stamp(first), stamp(last))
	}
	line += "."
	if f.Expected > 0 {
		line += " " + w.Sayf("%d of %d on the list have no document that could be judged.", len(f.Missing), f.Expected)
	}
	if n := len(f.Unused); n > 0 {
		line += " " + w.Sayf("%s not judged.", w.count(n, "document was", "documents were"))
	}
	return line
}

func collectedBetween(f *Fleet) (first, last evidence.Time) {
	for i := range f.Clusters {
		at := f.Clusters[i].CollectedAt
		if i == 0 || at.Before(first.Time) {
			first = at
		}
		if i == 0 || at.After(last.Time) {
			last = at
		}
	}
	return first, last
}

func columns(titles ...string) []FleetColumn {
	out := make([]FleetColumn, 0, len(titles))
	for _, t := range titles {
		title, numbers := strings.CutPrefix(t, "#")
		out = append(out, FleetColumn{title, numbers})
	}
	return out
}

func (w Words) absentClusters(f *Fleet) FleetTable {
	t := FleetTable{Name: "missing", Title: w.Say("On the list, and not judged"), Columns: columns(w.Say("cluster"))}
	for _, name := range f.Missing {
		t.Rows = append(t.Rows, FleetRow{Inconclusive, []string{name}})
	}
	return t
}

func (w Words) fleetClusters(f *Fleet) FleetTable {
	t := FleetTable{
		Name: "clusters", Title: w.Say("Clusters, the worst first"),
		Columns: columns(w.Say("cluster"), w.Say("worst"), "#"+w.Say("fail"), "#"+w.Say("inconclusive"), "#"+w.Say("pass"), "#"+w.Say("nodes"), "#"+w.Say("pods"), "#"+w.Say("gaps"), w.Say("collected (UTC)")),
	}
	order := slices.Clone(f.Clusters)
	slices.SortStableFunc(order, func(a, b FleetCluster) int {
		return cmp.Or(
			cmp.Compare(slices.Index(Severities, b.Worst), slices.Index(Severities, a.Worst)),
			cmp.Compare(b.Summary.Fail, a.Summary.Fail),
			cmp.Compare(b.Summary.Inconclusive+b.Summary.Error, a.Summary.Inconclusive+a.Summary.Error))
	})
	for i := range order {
		c := &order[i]
		t.Rows = append(t.Rows, FleetRow{worstVerdict(c.Summary), []string{
			c.Cluster, w.Say(c.Worst), strconv.Itoa(c.Summary.Fail), strconv.Itoa(c.Summary.Inconclusive + c.Summary.Error), strconv.Itoa(c.Summary.Pass),
			strconv.Itoa(c.Nodes), strconv.Itoa(c.Pods), strconv.Itoa(c.Gaps), c.CollectedAt.UTC().Format("2006-01-02 15:04"),
		}})
	}
	return t
}

func worstVerdict(s Summary) Verdict {
	all := counts(s)
	for _, v := range verdicts {
		if all[v] > 0 && v != Skip {
			return v
		}
	}
	return Skip // there is nothing else
}

func (w Words) fleetPolicies(f *Fleet) FleetTable {
	t := FleetTable{
		Name: "policies", Title: w.Say("Policies that fail, those in the most clusters first"),
		Columns: columns(w.Say("policy"), w.Say("severity"), "#"+w.Say("clusters failing"), "#"+w.Say("inconclusive"), w.Say("title")),
	}
	for i := range f.Policies {
		p := &f.Policies[i]
		open := p.Clusters[Inconclusive] + p.Clusters[Error]
		if p.Clusters[Fail] == 0 && open == 0 {
			continue
		}
		t.Rows = append(t.Rows, FleetRow{worstVerdict(p.Summary), []string{p.ID, w.Say(p.Severity), strconv.Itoa(p.Clusters[Fail]), strconv.Itoa(open), p.Title}})
	}
	return t
}

// shownNames is how many clusters or registries are named in a cell.
const shownNames = 2

func (w Words) fleetAuthorities(r *Report) FleetTable {
	t := FleetTable{
		Name: "authorities", Title: w.Say("CAs, the first to expire first"),
		Columns: columns("CA", w.Say("valid until"), "#"+w.Say("configured"), "#"+w.Say("on nodes"), w.Say("clusters"), w.Say("registries")),
	}
	for i := range r.Fleet.Authorities {
		a := &r.Fleet.Authorities[i]
		v := Pass
		if r.Run.At.After(a.NotAfter.Time) {
			v = Fail
		}
		t.Rows = append(t.Rows, FleetRow{v, []string{
			fmt.Sprintf("%s (%.12s)", a.name(), a.Fingerprint), a.NotAfter.UTC().Format("2006-01-02"),
			strconv.Itoa(len(a.Configured)), strconv.Itoa(len(a.OnNodes)), w.clusters(a.Clusters), w.list(a.Registries, shownNames),
		}})
	}
	return t
}

func (a *Authority) name() string { return cmp.Or(a.CommonName, a.Subject) }

// clusters counts clusters and names some.
func (w Words) clusters(names []string) string {
	if len(names) <= shownNames {
		return join(names)
	}
	return w.Sayf("%d clusters: %s, ...", len(names), names[0])
}

func (w Words) fleetRegistries(f *Fleet) FleetTable {
	t := FleetTable{
		Name: "registries", Title: w.Say("Registries, and who gets along with them"),
		Columns: columns(w.Say("registry"), "#"+w.Say("used by"), "#"+w.Say("reached by"), w.Say("fails in"), w.Say("trusted by")),
	}
	names := map[string]string{}
	for i := range f.Authorities {
		names[f.Authorities[i].Fingerprint] = f.Authorities[i].name()
	}
	for i := range f.Registries {
		r := &f.Registries[i]
		v := Pass
		var failing, anchors []string
		for _, cause := range slices.Sorted(maps.Keys(r.Failing)) {
			v = Fail
			failing = append(failing, fmt.Sprintf("%s: %s", cause, w.clusters(r.Failing[cause])))
		}
		for _, fingerprint := range slices.Sorted(maps.Keys(r.Anchors)) {
			anchors = append(anchors, fmt.Sprintf("%s (%.12s): %s", names[fingerprint], fingerprint, w.count(len(r.Anchors[fingerprint]), "cluster", "clusters")))
		}
		t.Rows = append(t.Rows, FleetRow{v, []string{
			r.Registry, strconv.Itoa(len(r.Clusters)), strconv.Itoa(len(r.Reached)), strings.Join(failing, "; "), strings.Join(anchors, "; "),
		}})
	}
	return t
}

func (w Words) unusedDocuments(f *Fleet) FleetTable {
	t := FleetTable{Name: "unused", Title: w.Say("Documents that were not judged"), Columns: columns(w.Say("document"), w.Say("cluster"), w.Say("why"))}
	for i := range f.Unused {
		u := &f.Unused[i]
		v := Inconclusive
		if u.Reason == Superseded {
			v = Skip
		}
		t.Rows = append(t.Rows, FleetRow{v, []string{u.URI, u.Cluster, u.Detail}})
	}
	return t
}

// FleetTables are the views of a fleet in English.
func FleetTables(r *Report, most int) []FleetTable { return Words(nil).FleetTables(r, most) }

// FleetLine says in English how much of the fleet the report is about.
func FleetLine(r *Report) string { return Words(nil).FleetLine(r) }
