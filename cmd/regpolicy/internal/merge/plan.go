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

	expected   []string
	unexpected []string
}

// newPlan takes the newest document of each cluster and holds the clusters against
// those that are expected; nil means that anything is.
func newPlan(files []file, expected []string) *plan {
	p := &plan{expected: expected}
	slices.SortStableFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(a.name(), b.name()), b.head.collectedAt.Compare(a.head.collectedAt.Time))
	})
	for _, f := range files {
		last := len(p.chosen) - 1
		switch {
		case f.other && !f.named:
			p.others = append(p.others, f.path)
		case f.other:
			p.broken(f, fault{"parse_error", "it is a report, no evidence document", "`regpolicy collect -o FILE` writes documents"})
		case f.fault != nil:
			p.broken(f, *f.fault)
		case last >= 0 && p.chosen[last].name() == f.name() && p.chosen[last].contradicts(f):
			p.broken(f, fault{
				"parse_error", fmt.Sprintf("%q is of the same cluster and the same time, and says something else", p.chosen[last].path),
				"remove the one that is not meant; clusters of one name need other names",
			})
		case last >= 0 && p.chosen[last].name() == f.name():
			newer := p.chosen[last]
			p.unused = append(p.unused, report.UnusedDocument{
				URI: f.path, Cluster: f.name(), Reason: report.Superseded,
				Detail: fmt.Sprintf("%q is of the same cluster, collected %s", newer.path, newer.head.collectedAt.UTC().Format("2006-01-02T15:04:05Z")),
				Hint:   "remove the older one; clusters of one name need other names",
			})
		default:
			p.chosen = append(p.chosen, f)
		}
	}
	slices.Sort(p.others)
	return p
}

// broken notes a file that cannot be judged. It counts for the cluster that it says
// it is of, or is called after.
func (p *plan) broken(f file, why fault) {
	p.unused = append(p.unused, report.UnusedDocument{URI: f.path, Cluster: f.head.cluster, Reason: report.Unreadable, Detail: why.detail, Hint: why.hint})
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
