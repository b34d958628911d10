package policytest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Ablation is what became of the passes when their evidence was taken away.
type Ablation struct {
	// Passes is how many results passed in the cases; Removals how often evidence
	// was removed from below one.
	Passes   int `json:"passes"`
	Removals int `json:"removals"`
	// Vacuous are passes that no lack of evidence shakes.
	Vacuous []Vacuous `json:"vacuous"`
}

// Vacuous is a pass that stayed one without the evidence.
type Vacuous struct {
	Policy  string `json:"policy"`
	Case    string `json:"case"`
	Subject string `json:"subject"`
	// Removed is what was taken away: "section nodes could not be had", "record
	// /nodes/wk-1".
	Removed string `json:"removed"`
}

// ablate judges each passing case again with less evidence: each section that the
// policy needs turned into a gap, then all that it reads, optional or not, and the
// record that each pass points to. A verdict that stays a pass never needed it.
func ablate(ctx context.Context, l *engine.Library, policies []*engine.Policy, cases map[string][]Case, opt Options) (*Ablation, error) {
	out := &Ablation{Vacuous: []Vacuous{}}
	var mu sync.Mutex
	err := inParallel(ctx, opt.jobs(), len(policies), func(i int) error {
		one, err := ablatePolicy(ctx, l, policies[i], cases[policies[i].ID])
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		out.Passes += one.Passes
		out.Removals += one.Removals
		out.Vacuous = append(out.Vacuous, one.Vacuous...)
		return nil
	})
	slices.SortFunc(out.Vacuous, func(a, b Vacuous) int {
		return strings.Compare(a.Policy+"\x00"+a.Case+"\x00"+a.Subject+"\x00"+a.Removed, b.Policy+"\x00"+b.Case+"\x00"+b.Subject+"\x00"+b.Removed)
	})
	return out, err
}

func ablatePolicy(ctx context.Context, l *engine.Library, p *engine.Policy, cases []Case) (*Ablation, error) {
	out := &Ablation{}
	needed, all := sectionsOf(p)
	for i := range cases {
		c := &cases[i]
		if c.Want != report.Pass {
			continue
		}
		before, err := judgeCase(ctx, l, p, c, nil)
		if err != nil {
			return nil, err
		}
		passes := passing(before)
		out.Passes += len(passes)
		for _, r := range removals(needed, all, passes) {
			vacuous, tried, err := r.try(ctx, l, p, c)
			if err != nil {
				return nil, err
			}
			if tried {
				out.Removals++
			}
			out.Vacuous = append(out.Vacuous, vacuous...)
		}
	}
	return out, nil
}

// removal is evidence to take away, and the passes that must not survive it.
type removal struct {
	what   string
	passes map[string]report.Result
	change func(doc map[string]any) bool
}

func removals(needed, all []string, passes map[string]report.Result) []removal {
	var out []removal
	for _, section := range needed {
		out = append(out, removal{"section " + section + " could not be had", passes, func(doc map[string]any) bool { return loseSections(doc, section) }})
	}
	out = append(out, removal{"nothing that it reads could be had", passes, func(doc map[string]any) bool { return loseSections(doc, all...) }})
	for subject, r := range passes {
		if len(r.Evidence) > 0 {
			out = append(out, removal{"record " + pointersText(r), map[string]report.Result{subject: r}, func(doc map[string]any) bool { return removeAll(doc, r.Evidence) }})
		}
	}
	return out
}

// try judges a case without the evidence; tried is false where there was nothing to
// remove.
func (r *removal) try(ctx context.Context, l *engine.Library, p *engine.Policy, c *Case) (vacuous []Vacuous, tried bool, err error) {
	less, err := without(c, r.change)
	if err != nil || less == nil {
		return nil, false, err
	}
	after, err := judgeCase(ctx, l, p, less, nil)
	if err != nil {
		return nil, false, err
	}
	for subject := range passing(after) {
		if _, ok := r.passes[subject]; ok {
			vacuous = append(vacuous, Vacuous{Policy: p.ID, Case: c.Name, Subject: subject, Removed: r.what})
		}
	}
	return vacuous, true, nil
}

func removeAll(doc map[string]any, pointers []report.Pointer) bool {
	removed := false
	for _, e := range pointers {
		removed = removeAt(doc, e.Pointer) || removed
	}
	return removed
}

func pointersText(r report.Result) string {
	out := make([]string, len(r.Evidence))
	for i, e := range r.Evidence {
		out[i] = e.Pointer
	}
	return strings.Join(out, " and ")
}

// sectionsOf are the collected sections that a policy reads: those it cannot do
// without, and all.
func sectionsOf(p *engine.Policy) (needed, all []string) {
	for _, r := range p.Reads {
		if _, ok := evidence.SectionCollectors[r.Section]; !ok || slices.Contains(all, r.Section) {
			continue
		}
		all = append(all, r.Section)
		if !slices.Contains(p.Optional, r.Section) {
			needed = append(needed, r.Section)
		}
	}
	return needed, all
}

func passing(results []report.Result) map[string]report.Result {
	out := map[string]report.Result{}
	for _, r := range results {
		if r.Verdict == report.Pass {
			out[r.Subject.String()] = r
		}
	}
	return out
}

// without is a case with less evidence; nil where change removed nothing.
func without(c *Case, change func(doc map[string]any) bool) (*Case, error) {
	var plain map[string]any
	if err := json.Unmarshal(c.Input.Bytes, &plain); err != nil {
		return nil, fmt.Errorf("reading case %q: %w", c.Name, err)
	}
	if !change(plain) {
		return nil, nil
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return nil, fmt.Errorf("removing evidence of case %q: %w", c.Name, err)
	}
	doc, err := evidence.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("removing evidence of case %q: %w", c.Name, err)
	}
	less := *c
	less.Input = engine.Input{URI: c.Input.URI, Bytes: encoded, Document: doc}
	return &less, nil
}

// loseSections empties sections and says in the coverage that they could not be had.
func loseSections(doc map[string]any, sections ...string) bool {
	coverage, ok := doc["coverage"].(map[string]any)
	if !ok || len(sections) == 0 {
		return false
	}
	for _, section := range sections {
		doc[section] = map[string]any{}
		for _, name := range evidence.SectionCollectors[section] {
			coverage[name] = evidence.Coverage{
				Requested: true, Asked: 1,
				Gaps: []evidence.Gap{{Subject: evidence.Section(name), Reason: "internal", Detail: "removed by ablation"}},
			}
		}
	}
	return true
}

// removeAt removes what a JSON pointer names.
func removeAt(doc map[string]any, pointer string) bool {
	parent, key := lookUp(doc, pointer)
	m, ok := parent.(map[string]any)
	if !ok || len(m) == 0 || pointer == "/"+key {
		return false
	}
	_, found := m[key]
	delete(m, key)
	return found
}
