package engine

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// verdicts turns findings, subjects and gaps into one result per subject. What may be
// packed goes to passes, which is nil where nothing may.
func (p *Policy) verdicts(doc *evidence.Document, found found, n needs, passes *packed) []report.Result {
	room := len(found.subjects)
	if passes = passes.forMany(room); passes != nil {
		room = 0
	}
	doubtful := passes.doubtful(found.subjects)
	results, at := p.fromFindings(found.findings, room)
	index := indexGaps(n.gaps)
	used := make([]bool, len(n.gaps))
	anyWhole := slices.ContainsFunc(n.gaps, func(g relevantGap) bool { return g.whole })
	var subject evidence.Subject // the next one's, too, where no result has it
	for k, element := range found.subjects {
		found.subjects[k] = nil // what has had its turn may go
		subject = toSubject(element, subject)
		text := subject.String()
		matching := index.matching(subject)
		for _, g := range matching {
			used[g] = true
		}
		i, judged := at[text]
		switch {
		case judged && (results[i].Verdict == report.Fail || len(matching) == 0):
		case judged: // what would only warn may be worse
			results[i] = p.inconclusive(subject, n.gaps, matching)
			subject = nil
		case len(matching) > 0:
			at[text] = len(results)
			results = append(results, p.inconclusive(subject, n.gaps, matching))
			subject = nil
		case anyWhole: // one result for the policy says it, see uncovered
		case !doubtful[text] && passes.takes(element):
			// No gap is left that is about it, and no other subject has its text.
			passes.add(p, text, p.pointersOf(doc, subject))
		default:
			at[text] = len(results)
			results = append(results, p.pass(doc, subject))
			subject = nil
		}
	}
	results = append(results, p.uncovered(n.gaps, used, at)...)
	if len(results)+passes.len() > 0 {
		return results
	}
	return p.withoutSubjects(n)
}

// pass points to the records of the subject that was looked at.
func (p *Policy) pass(doc *evidence.Document, subject evidence.Subject) report.Result {
	r := p.result(report.Pass, subject, "")
	r.Evidence = report.Supporting(r.Evidence, p.pointersOf(doc, subject))
	return r
}

// withoutSubjects is the result of a policy that said nothing.
func (p *Policy) withoutSubjects(n needs) []report.Result {
	switch {
	case p.hasSubjects:
		return []report.Result{p.result(report.Skip, wholeDocument(), "nothing of the kind that this policy looks at is in the document")}
	case n.none != "":
		return []report.Result{p.result(report.Skip, wholeDocument(), "the source holds none of the "+n.none+" that were looked for")}
	case len(p.Reads) == 0:
		return []report.Result{p.result(report.Skip, wholeDocument(), "this policy looks at nothing of the document")}
	default:
		return []report.Result{p.result(report.Pass, wholeDocument(), "")}
	}
}

// fromFindings makes one result per subject: failures first, a warning only where
// nothing fails, and what an exception takes out only where nothing else is said.
// The map gives each result's index by subject. There is room for as many subjects.
func (p *Policy) fromFindings(findings []finding, subjects int) ([]report.Result, map[string]int) {
	results := make([]report.Result, 0, max(len(findings), subjects))
	at := make(map[string]int, max(len(findings), subjects))
	for _, verdict := range []report.Verdict{report.Fail, report.Warn, report.Waived} {
		for _, f := range findings {
			if f.verdict() != verdict {
				continue
			}
			i, judged := at[f.text]
			switch {
			case !judged:
				at[f.text] = len(results)
				results = append(results, p.fromFinding(f))
			case results[i].Verdict != verdict: // what is worse says enough
			default:
				merge(&results[i], f)
			}
		}
	}
	return results, at
}

func (f *finding) verdict() report.Verdict {
	switch {
	case f.excepted:
		return report.Waived
	case f.warn:
		return report.Warn
	default:
		return report.Fail
	}
}

func (p *Policy) fromFinding(f finding) report.Result {
	r := p.result(f.verdict(), f.subject, f.message)
	if f.excepted {
		r.Waiver = exceptionWaiver(f.warn)
	}
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
		pointer += "/" + jsonpointer.Escape(name)
		if g.Field != "" {
			pointer += "/" + jsonpointer.Escape(g.Field)
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
