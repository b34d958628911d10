package repair

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Repair is one change of manifests, and what it is for.
type Repair struct {
	// Policies are the ids of what failed, sorted.
	Policies []string
	// Of names what is repaired: Cluster/demo "corp-ca".
	Of string
	// Does says what is changed, in a sentence without a full stop.
	Does string
	// Notes are lines about it: the certificates that are used.
	Notes []string

	targets []target
	renames []rename
	changes []change
	// chains are what registries are to send, by endpoint: what no manifest does.
	chains map[string][]string
	// ahead tells that its targets pass only once nodes have rolled, or the registry
	// sends its chain.
	ahead bool
	// moves tells that places of other fields may be others afterwards, those of one
	// object.
	moves bool
	of    evidence.ObjectRef
}

// Proof says how far the repair is proven.
func (r *Repair) Proof() string {
	ids := strings.Join(r.Policies, ", ")
	pass := "passes"
	if len(r.Policies) > 1 {
		pass = "pass"
	}
	switch {
	case len(r.chains) > 0:
		return fmt.Sprintf("judged again as if the registry sent that: %s %s, nothing else is worse", ids, pass)
	case r.ahead:
		return fmt.Sprintf("judged again as if the nodes had rolled: %s %s, nothing else is worse", ids, pass)
	default:
		return fmt.Sprintf("proven: judged again with the repaired manifests: %s %s, nothing else is worse", ids, pass)
	}
}

// target is a verdict that the repair is for.
type target struct {
	policy  string
	subject evidence.Subject
}

// rename says that what a subject named is now named otherwise; after a split by
// several names.
type rename struct {
	// where is what the subject must have besides.
	where evidence.Subject
	key   string
	from  string
	to    []string
}

// forward is a subject under the names that it has after the repair.
func (r *Repair) forward(s evidence.Subject) []evidence.Subject {
	out := []evidence.Subject{s}
	for _, n := range r.renames {
		if !n.fits(s) {
			continue
		}
		var next []evidence.Subject
		for _, before := range out {
			for _, to := range n.to {
				after := maps.Clone(before)
				after[n.key] = to
				next = append(next, after)
			}
		}
		out = next
	}
	return out
}

func (n rename) fits(s evidence.Subject) bool {
	for k, v := range n.where {
		if s[k] != v {
			return false
		}
	}
	return s[n.key] == n.from
}

// entryNames are the renames of a trust entry: its own subject, and those of nodes
// that should hold it.
func entryNames(e evidence.TrustEntry, to []string) []rename {
	return []rename{
		{evidence.Subject{"kind": "trust_entry", "namespace": e.Object.Namespace, "source": e.Object.Kind + "/" + e.Object.Name}, "name", e.Label, to},
		{evidence.Subject{"kind": "node"}, "entry", e.Label, to},
	}
}

// Problem is what fails and is not repaired, and why.
type Problem struct {
	Policy, Message, Why, Remediation string
}

// Options say what a plan may take.
type Options struct {
	// CAFromRegistry allows to trust what a registry presents.
	CAFromRegistry bool
}

// Plan are the repairs that a state asks for, and what of it cannot be repaired though
// it is of a kind that could.
func Plan(ctx context.Context, s State, opt Options) ([]*Repair, []Problem, error) {
	p := &planner{manifests: s.Manifests, doc: s.Document, opt: opt, of: map[string]*wanted{}}
	for i := range s.Report.Results {
		p.take(&s.Report.Results[i])
	}
	for _, key := range slices.Sorted(slices.Values(p.order)) {
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		p.plan(key, p.of[key])
	}
	p.serve(s.ahead())
	// A CA from elsewhere comes late, and a rename that does nothing but roll nodes
	// last: another repair may make them needless.
	if len(p.repairs) == 0 {
		p.anchors(s.Report)
	}
	if len(p.repairs) == 0 {
		p.roll(s.ahead())
	}
	return p.repairs, p.problems, nil
}

// wanted is what a trust entry or a cluster is denied for.
type wanted struct {
	section, key string
	results      []*report.Result
}

func (w *wanted) has(id string) bool {
	return slices.ContainsFunc(w.results, func(r *report.Result) bool { return r.ID == id })
}

// only tells whether it is denied for one thing alone.
func (w *wanted) only(id string) bool {
	return !slices.ContainsFunc(w.results, func(r *report.Result) bool { return r.ID != id })
}

type planner struct {
	manifests *Manifests
	doc       *evidence.Document
	opt       Options
	order     []string
	of        map[string]*wanted
	repairs   []*Repair
	problems  []Problem
	// done are entries that the repair of another one covers.
	done map[string]bool
	// placed are the entries that a CA was put at.
	placed []string
}

// kinds are the policies whose findings manifests can repair, and the section that
// their evidence points to.
var kinds = map[string]string{
	"RT-CFG-001": "trust", "RT-CFG-002": "trust", "RT-CFG-003": "trust", "RT-CFG-011": "trust", "RT-CFG-020": "trust",
	"RT-XEV-002": "trust", idUnique: "trust", idAuthority: "trust", idMisplaced: "clusters",
}

// early are the policies whose warnings are taken up, too.
var early = []string{"RT-CFG-011", idAuthority}

const idMisplaced = "RT-CFG-013"

// take sorts a finding to the entry or cluster that it is about.
func (p *planner) take(r *report.Result) {
	section, known := kinds[r.ID]
	if !known || r.Verdict != report.Fail && (r.Verdict != report.Warn || !slices.Contains(early, r.ID)) {
		return
	}
	key, ok := p.about(r, section)
	if !ok {
		return
	}
	id := section + "/" + key
	if p.of[id] == nil {
		p.of[id] = &wanted{section: section, key: key}
		p.order = append(p.order, id)
	}
	p.of[id].results = append(p.of[id].results, r)
}

// about is the key of what a finding is about: what its evidence points to, or the
// entry that is its subject.
func (p *planner) about(r *report.Result, section string) (string, bool) {
	for _, e := range r.Evidence {
		if key, ok := pointed(e.Pointer, section); ok {
			return key, true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.doc.Trust)) {
		e := p.doc.Trust[key]
		if r.Subject["kind"] == "trust_entry" && r.Subject["name"] == e.Label && r.Subject["namespace"] == e.Object.Namespace && r.Subject["source"] == e.Object.Kind+"/"+e.Object.Name {
			return key, true
		}
	}
	return "", false
}

// pointed is the key that a JSON pointer names within a section.
func pointed(pointer, section string) (string, bool) {
	rest, ok := strings.CutPrefix(pointer, "/"+section+"/")
	key, _, _ := strings.Cut(rest, "/")
	return jsonpointer.Unescape(key), ok
}

func (p *planner) plan(id string, w *wanted) {
	var err error
	switch e, ok := p.doc.Trust[w.key]; {
	case w.section == "clusters":
		err = p.misplaced(w)
	case !ok:
		err = errNotThere
	case w.has("RT-CFG-003"):
		err = p.reference(w, e)
	case p.done[id]:
		return
	case w.only(idUnique):
		err = p.repeated(w, e)
	case w.only(idAuthority) && e.Value != nil:
		err = p.leaf(w, e)
	default:
		err = p.value(w, e)
	}
	if err != nil {
		for _, r := range w.results {
			problem := Problem{r.ID, r.Message, err.Error(), r.Remediation}
			if errors.Is(err, errKey) {
				problem.Remediation = "" // it would copy the key
			}
			p.problems = append(p.problems, problem)
		}
	}
}

// add records a repair for what a finding wanted.
func (p *planner) add(r *Repair, results ...*report.Result) {
	r.take(results...)
	p.repairs = append(p.repairs, r)
}

// take makes findings the repair's own.
func (r *Repair) take(results ...*report.Result) {
	for _, res := range results {
		r.targets = append(r.targets, target{res.ID, res.Subject})
		if !slices.Contains(r.Policies, res.ID) {
			r.Policies = append(r.Policies, res.ID)
		}
	}
	slices.Sort(r.Policies)
}

func nameOf(e evidence.TrustEntry) string {
	return fmt.Sprintf("%s/%s %q", e.Object.Kind, e.Object.Name, e.Label)
}
