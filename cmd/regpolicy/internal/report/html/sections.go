package html

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// What the sections beside the findings show at most; the rest is counted.
const (
	shownMessages = 3
	moreMessages  = 30
	causePaths    = 2
	shownPaths    = 30
	shownGaps     = 50
	shownDates    = 100
	shownWaived   = 100
	shownFleet    = 500
)

// cause is a diagnosis.
type cause struct {
	Number              int
	ID, Severity, Title string
	Subjects            int
	Messages, Further   [][]part
	Left                int // messages that are not shown
	Repair              []block
	Explains            []report.Explained
	Clusters            string
	Paths               []picture
}

// causes puts the broken paths below the causes that bear on their registries; the
// others are a section of their own, broken ones first.
func causes(r *report.Report) (out []cause, others []picture, more int) {
	used := map[int]bool{}
	for i := range r.Diagnosis {
		d := &r.Diagnosis[i]
		c := newCause(i+1, d)
		for j := range r.TrustPaths {
			p := &r.TrustPaths[j]
			if len(c.Paths) == causePaths || used[j] || !slices.Contains(d.Registries, p.Registry) || p.Cluster != "" && !slices.Contains(d.Clusters, p.Cluster) {
				continue
			}
			if drawn := newPicture(p); drawn.Broken {
				c.Paths, used[j] = append(c.Paths, drawn), true
			}
		}
		out = append(out, c)
	}
	var whole []picture
	for j := range r.TrustPaths {
		if used[j] {
			continue
		}
		if drawn := newPicture(&r.TrustPaths[j]); drawn.Broken {
			others = append(others, drawn)
		} else {
			whole = append(whole, drawn)
		}
	}
	others = append(others, whole...)
	if len(others) > shownPaths {
		return out, others[:shownPaths], len(others) - shownPaths
	}
	return out, others, 0
}

func newCause(n int, d *report.Diagnosis) cause {
	c := cause{Number: n, ID: show(d.ID), Severity: show(d.Severity), Title: show(d.Title), Subjects: d.Subjects, Repair: blocks(d.Remediation)}
	for i, message := range d.Messages {
		switch {
		case i < shownMessages:
			c.Messages = append(c.Messages, parts(show(message)))
		case i < moreMessages:
			c.Further = append(c.Further, parts(show(message)))
		default:
			c.Left++
		}
	}
	if n := len(d.Clusters); n > 0 {
		const named = 8
		names := strings.Join(d.Clusters[:min(n, named)], ", ")
		if n > named {
			names += ", …"
		}
		c.Clusters = show(say("in clusters", counted(n, "1 cluster", "n clusters"), names))
	}
	for _, e := range d.Explains {
		c.Explains = append(c.Explains, report.Explained{ID: show(e.ID), Title: show(e.Title), Subjects: e.Subjects})
	}
	return c
}

// gathered is the coverage of one kind of evidence.
type gathered struct {
	Name string
	evidence.Coverage
	Shown []evidence.Gap
	Left  int
}

func gatherings(r *report.Report) []gathered {
	names := slices.DeleteFunc(slices.Clone(evidence.Collectors), func(name string) bool { _, ok := r.Coverage[name]; return !ok })
	for _, name := range slices.Sorted(maps.Keys(r.Coverage)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	out := make([]gathered, 0, len(names))
	for _, name := range names {
		c := r.Coverage[name]
		shown := c.Gaps[:min(len(c.Gaps), shownGaps)]
		out = append(out, gathered{Name: show(name), Coverage: c, Shown: shown, Left: len(c.Gaps) - len(shown)})
	}
	return out
}

// date is what changes on a day, for all subjects that change alike.
type date struct {
	At, ID, Severity, Why string
	From, To              report.Verdict
	Count                 int
}

func dates(r *report.Report) (out []date, more int) {
	type key struct {
		at, id   string
		from, to report.Verdict
	}
	at := map[key]int{}
	for i := range r.Forecast {
		c := &r.Forecast[i]
		k := key{stamp(c.At), c.ID, c.From, c.To}
		if j, ok := at[k]; ok {
			out[j].Count++
			continue
		}
		at[k] = len(out)
		why := cmp.Or(c.Message, c.Title+" ("+report.SubjectText(c.Subject)+")")
		out = append(out, date{At: k.at, ID: show(c.ID), Severity: show(c.Severity), Why: show(why), From: report.Verdict(show(string(c.From))), To: report.Verdict(show(string(c.To))), Count: 1})
	}
	if len(out) > shownDates {
		return out[:shownDates], len(out) - shownDates
	}
	return out, 0
}

// unforeseen is a policy whose dates to come are not known from one on.
type unforeseen struct{ At, Of, Why string }

func gapsOfDates(r *report.Report) (out []unforeseen, more int) {
	for i := range min(len(r.ForecastGaps), shownDates) {
		g := &r.ForecastGaps[i]
		out = append(out, unforeseen{At: stamp(g.From), Of: show(g.Of()), Why: show(g.Reason)})
	}
	return out, len(r.ForecastGaps) - len(out)
}

// waivers are what was excused.
type waivers struct {
	Used   []waiver
	Left   int
	Unused []string
}

type waiver struct{ ID, Subject, Owner, Reason, Expires, Verdict string }

func waived(r *report.Report) waivers {
	var out waivers
	for i := range r.Results {
		res := &r.Results[i]
		if res.Verdict != report.Waived || res.Waiver == nil {
			continue
		}
		if len(out.Used) == shownWaived {
			out.Left++
			continue
		}
		w := res.Waiver
		out.Used = append(out.Used, waiver{
			ID: show(res.ID), Subject: subjectText(res.Subject), Owner: show(w.Owner), Reason: show(w.Reason), Expires: show(w.Expires), Verdict: show(string(w.Verdict)),
		})
	}
	for _, name := range r.Run.Waivers.UnusedNames {
		out.Unused = append(out.Unused, show(name))
	}
	return out
}

// controlled is how the results of one control turned out.
type controlled struct {
	Framework, Control                   string
	Fail, Open, Warn, Waived, Pass, Skip int
}

func controls(r *report.Report) []controlled {
	type key struct{ framework, control string }
	by := map[key]*controlled{}
	for i := range r.Results {
		res := &r.Results[i]
		for framework, ids := range res.Controls {
			for _, id := range ids {
				k := key{framework, id}
				if by[k] == nil {
					by[k] = &controlled{Framework: show(framework), Control: show(id)}
				}
				by[k].count(res.Verdict)
			}
		}
	}
	return slices.SortedFunc(func(yield func(controlled) bool) {
		for _, c := range by {
			if !yield(*c) {
				return
			}
		}
	}, func(a, b controlled) int {
		return cmp.Or(strings.Compare(a.Framework, b.Framework), natural(a.Control, b.Control))
	})
}

func (c *controlled) count(v report.Verdict) {
	switch v {
	case report.Fail:
		c.Fail++
	case report.Inconclusive, report.Error:
		c.Open++
	case report.Warn:
		c.Warn++
	case report.Waived:
		c.Waived++
	case report.Pass:
		c.Pass++
	case report.Skip:
		c.Skip++
	}
}

// natural compares control ids so that A9 comes before A13: shorter runs of digits
// are smaller numbers.
func natural(a, b string) int {
	pad := func(s string) string {
		var out strings.Builder
		for i := 0; i < len(s); {
			j := i
			for j < len(s) && s[j] >= '0' && s[j] <= '9' {
				j++
			}
			if j > i {
				out.WriteString(strings.Repeat("0", max(8-(j-i), 0)) + s[i:j])
				i = j
				continue
			}
			out.WriteByte(s[i])
			i++
		}
		return out.String()
	}
	return cmp.Or(strings.Compare(pad(a), pad(b)), strings.Compare(a, b))
}
