package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// needs is how a document's coverage bears on one policy.
type needs struct {
	// skip is why the policy has nothing to judge.
	skip string
	// required is evidence that nobody asked for but --require wants.
	required []report.Missing
	// gaps are those that touch what the policy reads.
	gaps []relevantGap
}

type relevantGap struct {
	evidence.Gap
	collector, section string
	whole              bool // it leaves nothing of the section certain
}

// needs holds what the policy reads against what was asked for and had.
func (p *Policy) needs(doc *evidence.Document, require []string) needs {
	var n needs
	fields := map[string][]string{}
	var sections []string
	for _, r := range p.Reads {
		if _, ok := evidence.SectionCollectors[r.Section]; !ok {
			continue
		}
		if _, ok := fields[r.Section]; !ok {
			sections = append(sections, r.Section)
		}
		fields[r.Section] = append(fields[r.Section], r.Field)
	}
	for _, section := range sections {
		if slices.Contains(p.Optional, section) {
			continue // it is not missed, for whatever reason it is not there
		}
		collectors := evidence.SectionCollectors[section]
		asked := slices.ContainsFunc(collectors, func(c string) bool { return doc.Coverage[c].Requested })
		if !asked {
			if c := firstRequired(collectors, require); c != "" {
				n.required = append(n.required, report.Missing{Pointer: "/" + section, Collector: c, Reason: "not_asked", Detail: doc.Coverage[c].Hint})
				continue
			}
			if n.skip == "" {
				n.skip = "not_asked: " + section + " were not asked for"
				if hint := doc.Coverage[collectors[0]].Hint; hint != "" {
					n.skip += "; " + hint
				}
			}
			continue
		}
		for _, c := range collectors {
			for _, gap := range doc.Coverage[c].Gaps {
				if touches(gap, fields[section]) {
					n.gaps = append(n.gaps, relevantGap{
						Gap: gap, collector: c, section: section,
						whole: gap.Subject["kind"] == "section" || gap.Subject["kind"] == "file",
					})
				}
			}
		}
	}
	if len(n.required) > 0 {
		n.skip = ""
	}
	return n
}

func firstRequired(collectors, require []string) string {
	for _, c := range collectors {
		if slices.Contains(require, c) {
			return c
		}
	}
	return ""
}

func touches(gap evidence.Gap, fields []string) bool {
	return gap.Field == "" || slices.Contains(fields, gap.Field) || slices.Contains(fields, anySegment)
}

// verdicts turns findings, subjects and gaps into one result per subject.
func (p *Policy) verdicts(doc *evidence.Document, found found, n needs) []report.Result {
	results, at := p.fromFindings(found.findings)
	index := indexGaps(n.gaps)
	used := make([]bool, len(n.gaps))
	anyWhole := slices.ContainsFunc(n.gaps, func(g relevantGap) bool { return g.whole })
	for _, subject := range found.subjects {
		matching := index.matching(subject)
		for _, g := range matching {
			used[g] = true
		}
		i, judged := at[subject.String()]
		switch {
		case judged && (results[i].Verdict == report.Fail || len(matching) == 0):
		case judged: // what would only warn may be worse
			results[i] = p.inconclusive(subject, n.gaps, matching)
		case len(matching) > 0:
			at[subject.String()] = len(results)
			results = append(results, p.inconclusive(subject, n.gaps, matching))
		case anyWhole: // one result for the policy says it, see uncovered
		default:
			r := p.result(report.Pass, subject, "")
			for _, pointer := range p.pointersOf(doc, subject) {
				r.Evidence = append(r.Evidence, report.Pointer{Pointer: pointer, Role: "supports"})
			}
			at[subject.String()] = len(results)
			results = append(results, r)
		}
	}
	results = append(results, p.uncovered(n.gaps, used, at)...)
	if len(results) > 0 {
		return results
	}
	if p.hasSubjects {
		return []report.Result{p.result(report.Skip, wholeDocument(), "nothing of the kind that this policy looks at is in the document")}
	}
	return []report.Result{p.result(report.Pass, wholeDocument(), "")}
}

// fromFindings makes one result per subject: failures first, and a warning only
// where nothing fails. The map gives each result's index by subject.
func (p *Policy) fromFindings(findings []finding) ([]report.Result, map[string]int) {
	var results []report.Result
	at := map[string]int{}
	for _, warn := range []bool{false, true} {
		for _, f := range findings {
			if f.warn != warn {
				continue
			}
			i, judged := at[f.subject.String()]
			switch {
			case !judged:
				at[f.subject.String()] = len(results)
				results = append(results, p.fromFinding(f))
			case warn && results[i].Verdict == report.Fail: // the failure says enough
			default:
				merge(&results[i], f)
			}
		}
	}
	return results, at
}

func (p *Policy) fromFinding(f finding) report.Result {
	verdict := report.Fail
	if f.warn {
		verdict = report.Warn
	}
	r := p.result(verdict, f.subject, f.message)
	r.Severity = cmp.Or(f.severity, r.Severity)
	r.Remediation = cmp.Or(f.remediation, r.Remediation)
	r.TrustDomain = cmp.Or(f.domain, r.TrustDomain)
	for _, pointer := range f.pointers {
		r.Evidence = append(r.Evidence, report.Pointer{Pointer: pointer, Role: "contradicts"})
	}
	return r
}

// merge adds a second finding on a subject: the worse severity leads.
func merge(r *report.Result, f finding) {
	if f.message != "" && !strings.Contains(r.Message, f.message) {
		r.Message += "; " + f.message
	}
	severity := cmp.Or(f.severity, r.Severity)
	if slices.Index(report.Severities, severity) > slices.Index(report.Severities, r.Severity) {
		r.Severity = severity
		r.Remediation = cmp.Or(f.remediation, r.Remediation)
	}
	for _, pointer := range f.pointers {
		p := report.Pointer{Pointer: pointer, Role: "contradicts"}
		if !slices.Contains(r.Evidence, p) {
			r.Evidence = append(r.Evidence, p)
		}
	}
}

func (p *Policy) inconclusive(subject evidence.Subject, gaps []relevantGap, which []int) report.Result {
	var reasons []string
	missing := make([]report.Missing, 0, len(which))
	for _, i := range which {
		g := gaps[i]
		missing = append(missing, missingOf(g))
		reasons = append(reasons, describe(g))
	}
	slices.Sort(reasons)
	r := p.result(report.Inconclusive, subject, strings.Join(slices.Compact(reasons), "; "))
	r.Missing = missing
	return r
}

func describe(g relevantGap) string {
	what := g.Subject["kind"]
	if name := g.Subject["name"]; name != "" {
		what += " " + name
	}
	if g.Field != "" {
		what += " (" + g.Field + ")"
	}
	text := fmt.Sprintf("%s: %s", what, g.Reason)
	if g.Detail != "" {
		text += ": " + g.Detail
	}
	return text
}

func missingOf(g relevantGap) report.Missing {
	pointer := "/" + strings.ReplaceAll(g.section, ".", "/")
	if g.Subject["kind"] == sectionKind[g.section] {
		name := g.Subject["name"]
		if ns := g.Subject["namespace"]; ns != "" {
			name = ns + "/" + name
		}
		pointer += "/" + escapePointer(name)
		if g.Field != "" {
			pointer += "/" + escapePointer(g.Field)
		}
	}
	return report.Missing{Pointer: pointer, Collector: g.collector, Reason: g.Reason, Detail: g.Detail}
}

// uncovered makes a result of every gap that no subject of the policy stands
// for: a node that could not be read has no record to be a subject.
func (p *Policy) uncovered(gaps []relevantGap, used []bool, at map[string]int) []report.Result {
	bySubject := map[string][]int{}
	var order []string
	for i, g := range gaps {
		if used[i] {
			continue
		}
		key := g.Subject.String()
		if _, judged := at[key]; judged {
			continue
		}
		if _, ok := bySubject[key]; !ok {
			order = append(order, key)
		}
		bySubject[key] = append(bySubject[key], i)
	}
	results := make([]report.Result, 0, len(order))
	for _, key := range order {
		which := bySubject[key]
		results = append(results, p.inconclusive(gaps[which[0]].Subject, gaps, which))
	}
	return results
}

// gapIndex finds the gaps that bear on a subject without trying each.
type gapIndex struct {
	gaps   []relevantGap
	byName map[string][]int // by kind and name
}

func indexGaps(gaps []relevantGap) gapIndex {
	index := gapIndex{gaps: gaps, byName: map[string][]int{}}
	for i, g := range gaps {
		if !g.whole {
			key := g.Subject["kind"] + "\x00" + g.Subject["name"]
			index.byName[key] = append(index.byName[key], i)
		}
	}
	return index
}

// matching are the gaps of the subject itself, and those of a thing that the
// subject names: {"kind":"trust_file","node":"wk-1"} is touched by a gap of node
// wk-1.
func (index gapIndex) matching(subject evidence.Subject) []int {
	if len(index.byName) == 0 {
		return nil
	}
	var out []int
	for _, i := range index.byName[subject["kind"]+"\x00"+subject["name"]] {
		if within(index.gaps[i].Subject, subject) {
			out = append(out, i)
		}
	}
	for key, value := range subject {
		if key != "kind" && key != "name" {
			out = append(out, index.byName[key+"\x00"+value]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// within tells whether two subjects of one kind and name agree in all that both
// of them say.
func within(gap, subject evidence.Subject) bool {
	for key, value := range gap {
		if other, ok := subject[key]; ok && other != value {
			return false
		}
	}
	return true
}
