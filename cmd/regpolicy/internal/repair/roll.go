package repair

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// lacking are the policies over nodes that lack what the configuration holds rightly.
var lacking = []string{"RT-NOD-001", "RT-XEV-001"}

// roll makes nodes get what the configuration holds rightly: they get it when they are
// made, and a changed name of one entry makes all nodes of its clusters anew.
func (p *planner) roll(rep *report.Report) {
	found := shortfalls(p.doc, rep)
	for _, object := range objectsOf(found) {
		if err := p.renew(found[object]); err != nil {
			for _, r := range found[object].results {
				p.problems = append(p.problems, Problem{r.ID, r.Message, err.Error(), r.Remediation})
			}
		}
	}
}

// shortfalls are what nodes lack of entries that the configuration holds.
func shortfalls(doc *evidence.Document, rep *report.Report) map[evidence.ObjectRef]*shortfall {
	found := map[evidence.ObjectRef]*shortfall{}
	for i := range rep.Results {
		r := &rep.Results[i]
		if r.Verdict != report.Fail || !slices.Contains(lacking, r.ID) {
			continue
		}
		for _, at := range r.Evidence {
			key, ok := pointed(at.Pointer, "trust")
			e, known := doc.Trust[key]
			if !ok || !known || e.Domain != evidence.DomainWorkload {
				continue
			}
			if found[e.Object] == nil {
				found[e.Object] = &shortfall{keys: map[string]bool{}, nodes: map[string]bool{}}
			}
			found[e.Object].keys[key] = true
			found[e.Object].nodes[r.Subject["name"]] = true
			found[e.Object].results = append(found[e.Object].results, r)
		}
	}
	return found
}

func objectsOf(found map[evidence.ObjectRef]*shortfall) []evidence.ObjectRef {
	return slices.SortedFunc(maps.Keys(found), func(a, b evidence.ObjectRef) int {
		return strings.Compare(a.Kind+"/"+a.Namespace+"/"+a.Name, b.Kind+"/"+b.Namespace+"/"+b.Name)
	})
}

// Roll is a change that was made, and that nodes do not have yet.
type Roll struct {
	Object evidence.ObjectRef
	// From is the name that an entry had, To the one it has.
	From, To string
	// Nodes are those that hold the entry's CA under its former name, sorted.
	Nodes []string
}

// Watch says what to look at before anything else is done about the nodes.
func (r *Roll) Watch() string { return watch(r.Object) }

func watch(object evidence.ObjectRef) string {
	text := "look first whether a rolling update is still going on, or stuck: it would be enough to let it end"
	if object.Namespace != "" && Pasteable(object.Namespace) {
		text += fmt.Sprintf(" (kubectl -n %s get machines)", object.Namespace)
	}
	return text
}

// Rolling are the objects of which an entry was renamed already while nodes still hold
// its CA under the former name: another name would not make them any sooner.
func Rolling(doc *evidence.Document, rep *report.Report) []Roll {
	var out []Roll
	found := shortfalls(doc, rep)
	for _, object := range objectsOf(found) {
		lack := found[object]
		nodes := slices.Sorted(maps.Keys(lack.nodes))
		for _, key := range slices.Sorted(maps.Keys(lack.keys)) {
			if from, before := formerName(doc, key, nodes); from != "" {
				out = append(out, Roll{object, from, doc.Trust[key].Name, before})
				break
			}
		}
	}
	return out
}

// formerName is the name that an entry had before a number was put behind it, or a
// higher one, and the nodes whose file of that name holds the entry's CA; empty where
// there is none, or where another entry has that name. A name alone is no sign: it may
// be left of an entry that has nothing to do with this one.
func formerName(doc *evidence.Document, key string, nodes []string) (former string, holders []string) {
	e := doc.Trust[key]
	stem, number := numberOf(e.Name)
	if number == 0 || e.Value == nil {
		return "", nil
	}
	taken := func(name string) bool {
		for other, t := range doc.Trust {
			if other != key && t.Object == e.Object && t.Name == name {
				return true
			}
		}
		return false
	}
	for _, node := range nodes {
		files := doc.Nodes[node].TrustFiles
		for _, path := range slices.Sorted(maps.Keys(files)) {
			name := files[path].Entry
			other, n := numberOf(name)
			before := name == stem || other == stem && n > 0 && n < number
			if !before || taken(name) || !sameCA(doc, files[path].Certificates, e.Value.Certificates) {
				continue
			}
			former = cmp.Or(former, name)
			holders = append(holders, node)
			break
		}
	}
	return former, holders
}

// sameCA tells whether one of some certificates is one of others, or is of a CA of the
// same name: what was renewed in place is renamed, too.
func sameCA(doc *evidence.Document, some, others []string) bool {
	return slices.ContainsFunc(some, func(a string) bool {
		return slices.ContainsFunc(others, func(b string) bool {
			subject := doc.Certificates[a].Subject
			return a == b || subject != "" && subject == doc.Certificates[b].Subject
		})
	})
}

// numberOf takes the number off a name that ends in one; 0 where none does.
func numberOf(name string) (stem string, number int) {
	found := numbered.FindStringSubmatch(name)
	if found == nil {
		return name, 0
	}
	number, err := strconv.Atoi(found[2])
	if err != nil {
		return name, 0
	}
	return found[1], number
}

// shortfall is what nodes lack of one object's entries.
type shortfall struct {
	keys, nodes map[string]bool
	results     []*report.Result
}

func (p *planner) renew(lack *shortfall) error {
	key := slices.Sorted(maps.Keys(lack.keys))[0]
	e := p.doc.Trust[key]
	place, err := p.placeOf(key, e)
	if err != nil {
		return err
	}
	certs, err := certificatesOf(place.raw)
	if err != nil {
		return err
	}
	if len(certs) != 1 {
		return fmt.Errorf("entry %q holds several certificates: rename it by hand", e.Label)
	}
	r, err := p.replace(place, certs)
	if err != nil {
		return err
	}
	r.ahead = true
	r.Notes = append(r.Notes, fmt.Sprintf("the value is right; %s was made without that CA, and nodes get CAs only when they are made", few(slices.Sorted(maps.Keys(lack.nodes)))))
	r.Notes = append(r.Notes, watch(e.Object))
	p.add(r, lack.results...)
	return nil
}

// few names some of many nodes.
func few(nodes []string) string {
	const most = 3
	switch {
	case len(nodes) == 1:
		return "node " + nodes[0]
	case len(nodes) <= most:
		return "each of the nodes " + strings.Join(nodes, ", ")
	default:
		return fmt.Sprintf("each of the nodes %s and %d more", strings.Join(nodes[:most], ", "), len(nodes)-most)
	}
}
