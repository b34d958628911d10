// Package html renders a report as one page that needs nothing else: to read, to
// print, to archive. It judges nothing.
package html

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

var (
	//go:embed page.html.tmpl
	pageSource string
	//go:embed style.css
	style string
	//go:embed script.js
	script string
)

// functions are what the template calls.
var functions = map[string]any{
	"say": say, "show": show, "number": number, "stamp": stamp, "day": day, "counted": counted, "title": title, "reason": reason,
	"subject": subjectText, "lines": lines,
	"add": func(a, b int) int { return a + b },
}

// Write renders the report.
func Write(w io.Writer, r *report.Report) error {
	t, err := template.New("page").Funcs(functions).Parse(pageSource)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	if err := t.Execute(out, newPage(r)); err != nil {
		return fmt.Errorf("writing HTML report: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing HTML report: %w", err)
	}
	return nil
}

// page is what the template renders.
type page struct {
	*report.Report
	Style  template.CSS
	Script template.JS
	Policy string // of content security

	Name, Headline, State string
	Counts                []tally
	Total                 int
	Severities            []tally
	Causes                []cause
	Paths                 []picture
	MorePaths             int
	Rows                  []*row
	Verdicts              []tally
	Areas                 []string
	Gathered              []gathered
	Dates                 []date
	MoreDates             int
	Unforeseen            []unforeseen
	MoreUnforeseen        int
	Waivers               waivers
	Controls              []controlled
	Data                  data
	FleetLine             string
	FleetTables           []report.FleetTable
}

// tally is a number with a name; X and Width place it in a bar of 1000.
type tally struct {
	Name     string
	Count    int
	X, Width int
}

func newPage(r *report.Report) *page {
	p := &page{
		Report: r, Style: template.CSS(style), Script: template.JS(script), //nolint:gosec // they are our own
		Policy: "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) + "; base-uri 'none'; form-action 'none'",
		Name:   name(r), Headline: show(report.Headline(r)), State: state(r),
		Rows: rows(r), Controls: controls(r),
	}
	p.Counts, p.Total = counts(&r.Summary)
	for _, severity := range slices.Backward(report.Severities) {
		if n := r.Summary.BySeverity[severity]; n > 0 {
			p.Severities = append(p.Severities, tally{Name: severity, Count: n})
		}
	}
	p.Causes, p.Paths, p.MorePaths = causes(r)
	p.choices()
	p.Gathered = gatherings(r)
	p.Dates, p.MoreDates = dates(r)
	p.Unforeseen, p.MoreUnforeseen = gapsOfDates(r)
	p.Waivers = waived(r)
	p.Data = pack(p.Rows)
	if r.Fleet != nil {
		p.FleetLine, p.FleetTables = show(report.FleetLine(r)), report.FleetTables(r, shownFleet)
	}
	return p
}

func hash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// name is what the page is about.
func name(r *report.Report) string {
	switch documents := r.Run.Documents; len(documents) {
	case 0:
		return ""
	case 1:
		if documents[0].Cluster != "" {
			return show(documents[0].Cluster)
		}
		return show(documents[0].URI)
	default:
		return say("n clusters", number(len(documents)))
	}
}

func state(r *report.Report) string {
	switch s := r.Summary; {
	case s.Fail > 0:
		return "fail"
	case s.Inconclusive+s.Error > 0:
		return "open"
	case s.Pass+s.Warn+s.Waived == 0:
		return "none"
	case s.Warn > 0 && slices.ContainsFunc(r.Results, func(res report.Result) bool { return res.Verdict == report.Warn && res.Severity != "info" }):
		return "warn"
	default:
		return "pass"
	}
}

func counts(s *report.Summary) (out []tally, total int) {
	const bar = 1000
	out = []tally{
		{Name: "fail", Count: s.Fail},
		{Name: "error", Count: s.Error},
		{Name: "inconclusive", Count: s.Inconclusive},
		{Name: "warn", Count: s.Warn},
		{Name: "waived", Count: s.Waived},
		{Name: "pass", Count: s.Pass},
		{Name: "skip", Count: s.Skip},
	}
	for i := range out {
		total += out[i].Count
	}
	x := 0
	for i := range out {
		if total > 0 {
			out[i].X, out[i].Width = x, out[i].Count*bar/total
			if out[i].Count > 0 { // what is there can be seen
				out[i].Width = max(out[i].Width, 4)
			}
			x += out[i].Width
		}
	}
	return out, total
}

// choices are what the findings can be filtered by.
func (p *page) choices() {
	count := map[report.Verdict]int{}
	for _, row := range p.Rows {
		count[row.Verdict]++
		if !slices.Contains(p.Areas, row.Area) {
			p.Areas = append(p.Areas, row.Area)
		}
	}
	slices.Sort(p.Areas)
	for _, v := range verdicts {
		if count[v] > 0 {
			p.Verdicts = append(p.Verdicts, tally{Name: string(v), Count: count[v]})
		}
	}
}

// Unsettled tells that something stands in the report that a reader should see first.
func (p *page) Unsettled() bool {
	s := p.Summary
	return s.Fail+s.Error+s.Inconclusive+s.Warn+s.Waived > 0
}

// HasWaivers tells that there is something to say of waivers.
func (p *page) HasWaivers() bool {
	w := p.Run.Waivers
	return w.Used+w.Unused+w.Expired+len(p.Waivers.Used) > 0
}

// StateIcon is the sign of the verdict on the whole.
func (p *page) StateIcon() string {
	switch p.State {
	case "open":
		return "inconclusive"
	case "none":
		return "skip"
	default:
		return p.State
	}
}
