package merge

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// plan is what is to be judged and what cannot be.
type plan struct {
	chosen []file // by cluster
	absent []engine.Absence
	unused []report.UnusedDocument
	others []string // files that are no documents
	old    []string // what to tell of documents that are much older than others

	expected   []string
	unexpected []string
}

// newPlan takes the newest document of each cluster and holds the clusters against
// those that are expected; nil means that anything is.
func newPlan(files []file, expected []string, limit ageLimit) *plan {
	p := &plan{expected: expected}
	slices.SortStableFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), b.head.collectedAt.Compare(a.head.collectedAt.Time))
	})
	var newest *file // of the cluster at hand
	for i := range files {
		f := &files[i]
		switch {
		case f.other && !f.named:
			p.others = append(p.others, f.path)
		case f.other:
			p.broken(*f, fault{"parse_error", "it is a report, no evidence document", "`regpolicy collect -o FILE` writes documents"})
		case f.fault != nil:
			p.broken(*f, *f.fault)
		case limit.ahead(f):
			p.broken(*f, fault{"internal", "it says that it was collected " + stamp(f.head.collectedAt.Time) + ", which is yet to come", "set the clock of the machine that collected it, and collect again"})
		case newest != nil && newest.name() == f.name():
			p.second(f, newest)
		default:
			newest = f
			p.first(f, limit)
		}
	}
	slices.Sort(p.others)
	p.old = limit.behind(p.chosen)
	return p
}

// first takes the newest document of a cluster, unless it is too old.
func (p *plan) first(f *file, limit ageLimit) {
	if detail := limit.exceeded(f); detail != "" {
		p.unusable(*f, report.Stale, fault{"not_found", detail, "collect that cluster again, or give more with --max-age"})
		return
	}
	p.chosen = append(p.chosen, *f)
}

// second passes an older document of a cluster over, if it is one.
func (p *plan) second(f, newest *file) {
	if why := f.clash(newest); why != nil {
		p.broken(*f, *why)
		return
	}
	p.unused = append(p.unused, report.UnusedDocument{
		URI: f.path, Cluster: f.name(), Reason: report.Superseded,
		Detail: fmt.Sprintf("%q is of the same cluster, collected %s", newest.path, stamp(newest.head.collectedAt.Time)),
		Hint:   "remove the older one; clusters of one name need other names",
	})
}

// broken notes a file that cannot be judged. It counts for the cluster that it says
// it is of, or is called after.
func (p *plan) broken(f file, why fault) { p.unusable(f, report.Unreadable, why) }

func (p *plan) unusable(f file, reason string, why fault) {
	p.unused = append(p.unused, report.UnusedDocument{URI: f.path, Cluster: f.head.cluster, Reason: reason, Detail: why.detail, Hint: why.hint})
	p.absent = append(p.absent, engine.Absence{Cluster: f.head.cluster, URI: f.path, Reason: why.reason, Detail: why.detail, Hint: why.hint})
}

// settle returns the expected clusters that have a document, and completes what is
// absent, once it is known what could be judged.
func (p *plan) settle(judged map[string]bool) (present, missing []string) {
	wanted := map[string]bool{}
	for _, name := range p.expected {
		wanted[name] = true
	}
	broken := map[string]bool{}
	for i := range p.absent {
		a := &p.absent[i]
		if file := strings.TrimSuffix(filepath.Base(a.URI), ".json"); a.Cluster == "" && wanted[file] {
			a.Cluster = file
		}
		// One result for a cluster; what else is broken of it stands for itself.
		if judged[a.Cluster] || broken[a.Cluster] {
			a.Cluster = ""
		}
		broken[a.Cluster] = true
	}
	for _, name := range p.expected {
		if judged[name] {
			present = append(present, name)
			continue
		}
		missing = append(missing, name)
		if !broken[name] {
			p.absent = append(p.absent, engine.Absence{
				Cluster: name, Reason: "not_found", Detail: "it is on the list, and no document is of that name",
				Hint: "collect that cluster, or take it off the list",
			})
		}
	}
	for _, f := range p.chosen {
		if name := f.name(); p.expected != nil && judged[name] && !wanted[name] {
			p.unexpected = append(p.unexpected, name)
		}
	}
	return present, missing
}
