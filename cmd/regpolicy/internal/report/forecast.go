package report

import (
	"github.com/jedib0t/go-pretty/v6/text"
)

// Of is what the gap is of: the policy, and the cluster where there are several.
func (g *ForecastGap) Of() string {
	if g.Cluster == "" {
		return g.ID
	}
	return g.ID + " (" + g.Cluster + ")"
}

// shownGaps is how many have a line of their own: where time is short, all policies of
// all clusters have the same.
const shownGaps = 5

// forecast lists the dates to come, and what is not known of them, where somebody asked.
func (p *printer) forecast(r *Report) {
	p.dates(r)
	asked := r.Run.Forecast != "" || len(r.Forecast) > 0 // older reports do not tell the first
	if !asked || len(r.ForecastGaps) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.paint(p.Say("Dates to come that are not known in full:"), text.Bold))
	for i := range r.ForecastGaps {
		if i == shownGaps {
			p.line("  %s", p.Sayf("... and %d more (-o json)", len(r.ForecastGaps)-shownGaps))
			break
		}
		g := &r.ForecastGaps[i]
		p.paragraph("  ", p.Sayf("from %s on  %s: %s", stamp(g.From), g.Of(), g.Reason))
	}
}

// dates has one line for all subjects of a policy that change on a date in the same way.
func (p *printer) dates(r *Report) {
	if len(r.Forecast) == 0 {
		return
	}
	type key struct {
		at, id   string
		from, to Verdict
	}
	groups := map[key][]*Change{}
	var order []key
	for i := range r.Forecast {
		c := &r.Forecast[i]
		k := key{stamp(c.At), c.ID, c.From, c.To}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], c)
	}
	p.line("")
	p.line("%s", p.paint(p.Say("Dates to come, if nobody changes anything:"), text.Bold))
	for _, k := range order {
		first := groups[k][0]
		why := first.Message
		if why == "" {
			why = first.Title + " (" + subjectText(first.Subject) + ")"
		}
		p.paragraph("  ", p.Sayf("%s  %s: %s becomes %s%s: %s", k.at, k.id, p.Say(string(k.from)), p.Say(string(k.to)), p.times(len(groups[k])), why))
	}
}

// unusedWaivers names the waivers that excuse nothing: what they were for may be
// repaired, or their subject misspelt.
func (p *printer) unusedWaivers(r *Report) {
	if len(r.Run.Waivers.UnusedNames) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.paint(p.Say("Waivers that excuse nothing; remove them, or mend their subject:"), text.Bold))
	for _, name := range r.Run.Waivers.UnusedNames {
		p.paragraph("  ", name)
	}
}
