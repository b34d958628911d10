package html

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// What stands in the page as it is; the rest is kept as compact data, see rest.go.
const (
	shownPatterns = 10 // of a row
	shownSubjects = 10 // of a pattern
	shownPasses   = 5
	excerptBudget = 1 << 20 // bytes of all excerpts
)

// verdicts in their order of reading.
var verdicts = []report.Verdict{
	report.Fail, report.Error, report.Inconclusive, report.Warn, report.Waived, report.Pass, report.Skip,
}

// row is all results of a policy with one verdict and severity.
type row struct {
	ID, Policy, Title, Area, Domain string
	Verdict                         report.Verdict
	Severity                        string
	VerdictRank, SeverityRank       int
	Count                           int
	Patterns                        []*pattern
	Why                             []block
	Repair                          []block
	Controls                        []string
}

// pattern is results whose messages differ in their subjects' names alone.
type pattern struct {
	Message  []part
	Count    int
	Subjects []subject
	// Data is the number of its list in the page's data, -1 for none; Kept are in
	// the page, More in the JSON report alone.
	Data, Kept, More int

	message string
	results []*report.Result
	same    map[string]string // placeholders that stand for one value
}

type subject struct {
	Text     string
	Evidence []quote
	Missing  []report.Missing
	Notes    []string
}

type quote struct{ Pointer, Role, Excerpt string }

type rowKey struct {
	id, severity string
	verdict      report.Verdict
}

// grouping makes rows of results.
type grouping struct {
	nodes  map[string]bool
	budget int
}

func rows(r *report.Report) []*row {
	g := grouping{nodes: nodeNames(r), budget: excerptBudget}
	byKey := map[rowKey]*row{}
	patterns := map[rowKey]map[string]*pattern{}
	for i := range r.Results {
		res := &r.Results[i]
		key := rowKey{res.ID, res.Severity, res.Verdict}
		if byKey[key] == nil {
			byKey[key], patterns[key] = newRow(res), map[string]*pattern{}
		}
		g.add(byKey[key], patterns[key], res)
	}
	out := slices.SortedFunc(maps.Values(byKey), func(a, b *row) int {
		return cmp.Or(
			cmp.Compare(a.VerdictRank, b.VerdictRank), cmp.Compare(b.SeverityRank, a.SeverityRank),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Severity, b.Severity))
	})
	rules := map[string]*report.Rule{}
	for i := range r.Rules {
		rules[show(r.Rules[i].ID)] = &r.Rules[i]
	}
	for _, row := range out {
		g.finish(row)
		if rule := rules[row.ID]; rule != nil {
			row.Why = blocks(rule.Description)
		}
	}
	return out
}

func newRow(r *report.Result) *row {
	rank := slices.Index(verdicts, r.Verdict)
	if rank < 0 {
		rank = len(verdicts)
	}
	return &row{
		ID: show(r.ID), Policy: show(r.Policy), Title: show(cmp.Or(r.Title, r.ID)), Area: area(r.Policy), Domain: show(r.TrustDomain),
		Verdict: report.Verdict(show(string(r.Verdict))), Severity: show(r.Severity), VerdictRank: rank, SeverityRank: slices.Index(report.Severities, r.Severity),
		Repair: blocks(r.Remediation), Controls: controlTags(r.Controls),
	}
}

// area is the second part of a built-in policy's package: "tls", "cfg".
func area(policy string) string {
	rest, ok := strings.CutPrefix(policy, "regpolicy.")
	if name, _, more := strings.Cut(rest, "."); ok && more {
		return show(name)
	}
	return "own"
}

func controlTags(controls map[string][]string) []string {
	var out []string
	for _, framework := range slices.Sorted(maps.Keys(controls)) {
		for _, c := range controls[framework] {
			out = append(out, show(framework+" "+c))
		}
	}
	return out
}

func (g *grouping) add(row *row, patterns map[string]*pattern, r *report.Result) {
	row.Count++
	message, values := g.pattern(r)
	p := patterns[message]
	if p == nil && len(patterns) >= shownPatterns {
		// One more pattern takes all further messages.
		const others = "\x00others"
		if p = patterns[others]; p == nil {
			p = &pattern{message: others}
			patterns[others] = p
			row.Patterns = append(row.Patterns, p)
		}
	}
	if p == nil {
		p = &pattern{message: message, same: values}
		patterns[message] = p
		row.Patterns = append(row.Patterns, p)
	}
	for name, value := range p.same {
		if values[name] != value {
			delete(p.same, name)
		}
	}
	p.Count++
	p.results = append(p.results, r)
}

const open, shut = "\x01", "\x02" // around a placeholder's name

// pattern is a message with placeholders for what its subject and nodes are called.
func (g *grouping) pattern(r *report.Result) (message string, values map[string]string) {
	message, values = r.Message, map[string]string{}
	if message == "" {
		return "", values
	}
	keys := slices.SortedFunc(maps.Keys(r.Subject), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(r.Subject[b]), len(r.Subject[a])), cmp.Compare(a, b))
	})
	for _, key := range keys {
		const tooShort = 3 // to be a name rather than a part of a word
		value := r.Subject[key]
		if key == "kind" || len(value) < tooShort || !strings.Contains(message, value) {
			continue
		}
		name := key
		if key == "name" {
			name = cmp.Or(r.Subject["kind"], "name")
		}
		values[name] = value
		message = strings.ReplaceAll(message, value, open+name+shut)
	}
	if strings.Contains(message, " on ") {
		message = g.nodesIn(message, values)
	}
	return message, values
}

// nodesIn replaces names of nodes that the subject does not tell.
func (g *grouping) nodesIn(message string, values map[string]string) string {
	tokens := strings.Split(message, " ")
	for i, token := range tokens {
		bare := strings.TrimRight(token, ",:;.")
		if g.nodes[bare] {
			values["node"] = bare
			tokens[i] = open + "node" + shut + token[len(bare):]
		}
	}
	return strings.Join(tokens, " ")
}

func nodeNames(r *report.Report) map[string]bool {
	out := map[string]bool{}
	for _, n := range r.Affected.Nodes {
		out[n] = true
	}
	for i := range r.Results {
		s := r.Results[i].Subject
		if s["kind"] == "node" {
			out[s["name"]] = true
		} else if s["node"] != "" {
			out[s["node"]] = true
		}
	}
	delete(out, "")
	return out
}

// finish writes what the page shows of a row.
func (g *grouping) finish(row *row) {
	slices.SortStableFunc(row.Patterns, func(a, b *pattern) int { return cmp.Compare(b.Count, a.Count) })
	most := shownSubjects
	if row.Verdict == report.Pass || row.Verdict == report.Skip {
		most = shownPasses
	}
	for _, p := range row.Patterns {
		p.Message = p.text()
		for i, r := range p.results {
			if i == most {
				break
			}
			p.Subjects = append(p.Subjects, g.subject(r))
		}
	}
}

// text is the pattern's message; a placeholder with one value is that value.
func (p *pattern) text() []part {
	if p.message == "\x00others" {
		return parts(show(say("other messages", number(p.Count), p.results[0].Message)))
	}
	if p.Count == 1 {
		return parts(show(p.results[0].Message))
	}
	var out []part
	for i, piece := range strings.Split(p.message, open) {
		name, rest, found := strings.Cut(piece, shut)
		if i == 0 || !found {
			out = append(out, parts(show(piece))...)
			continue
		}
		if value, ok := p.same[name]; ok {
			out = append(out, part{Text: show(value)})
		} else {
			out = append(out, part{Code: true, Text: "‹" + show(name) + "›"})
		}
		if rest != "" {
			out = append(out, parts(show(rest))...)
		}
	}
	return out
}

func (g *grouping) subject(r *report.Result) subject {
	s := subject{Text: subjectText(r.Subject), Missing: r.Missing}
	for _, e := range r.Evidence {
		q := quote{Pointer: show(e.Pointer), Role: show(e.Role)}
		if g.budget -= len(e.Excerpt); g.budget > 0 {
			q.Excerpt = lines(e.Excerpt)
		}
		s.Evidence = append(s.Evidence, q)
	}
	if w := r.Waiver; w != nil {
		s.Notes = append(s.Notes, show(say("waived by", w.Owner, w.Expires, w.Reason)))
	}
	if l := r.Location; l != nil {
		s.Notes = append(s.Notes, show(fmt.Sprintf("%s:%d", l.File, l.Line)))
	}
	if r.Known {
		s.Notes = append(s.Notes, say("known"))
	}
	if c := r.NextChange; c != nil {
		s.Notes = append(s.Notes, show(say("changes", c.Becomes, stamp(c.At))))
	}
	return s
}

func subjectText(s evidence.Subject) string { return show(report.SubjectText(s)) }
