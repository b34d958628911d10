package engine

import (
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// needs is how a document's coverage bears on one policy.
type needs struct {
	// skip is why the policy has nothing to judge.
	skip string
	// none is a section that the source holds nothing of: what does not look at it
	// in vain may fail, and nothing passes.
	none string
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
	for _, section := range p.reading.sections {
		if slices.Contains(p.Optional, section) {
			continue // it is not missed, for whatever reason it is not there
		}
		collectors := p.reading.collectors[section]
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
		if heldNone(doc, collectors) {
			n.none = section
		}
		for _, c := range collectors {
			for _, gap := range doc.Coverage[c].Gaps {
				if touches(gap, p.reading.fields[section]) {
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

// reading is what a policy's Reads come to for each document alike.
type reading struct {
	// sections are those that some collector fills, in the order of the Reads.
	sections []string
	// fields are those that are read of each section.
	fields map[string][]string
	// collectors are those that fill a section.
	collectors map[string][]string
}

func readingOf(reads []Read) reading {
	out := reading{fields: map[string][]string{}, collectors: collectorsOf(reads)}
	for _, r := range reads {
		if _, ok := out.collectors[r.Section]; !ok {
			continue
		}
		if _, ok := out.fields[r.Section]; !ok {
			out.sections = append(out.sections, r.Section)
		}
		out.fields[r.Section] = append(out.fields[r.Section], r.Field)
	}
	return out
}

// derived are sections that several collectors put together; whoever looks up
// something there reads one of their sections, too, and misses that.
var derived = map[string][]string{
	"certificates": {evidence.Nodes, evidence.Handshakes, evidence.Trust},
	"trust_stores": {evidence.Nodes, evidence.Trust},
}

// collectorsOf says which collectors fill a section. The derived ones count for a
// policy that reads nothing else.
func collectorsOf(reads []Read) map[string][]string {
	for _, r := range reads {
		if _, ok := evidence.SectionCollectors[r.Section]; ok {
			return evidence.SectionCollectors
		}
	}
	return derived
}

// heldNone tells whether all that was asked for is something that the source never
// held: a rule that looks at it sees nothing.
func heldNone(doc *evidence.Document, collectors []string) bool {
	skipped := 0
	for _, name := range collectors {
		c := doc.Coverage[name]
		if c.Answered+len(c.Gaps) > 0 {
			return false
		}
		skipped += c.Skipped
	}
	return skipped > 0
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
