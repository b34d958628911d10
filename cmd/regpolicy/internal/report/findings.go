package report

import (
	"iter"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// findingGroup is all results of a policy with the same verdict: a report on 400 pods is
// read by somebody who is in a hurry. JSON has each of them.
type findingGroup struct {
	id       string
	verdict  Verdict
	severity string
	first    *Result
	times    int
}

// narrow is the width below which a table's last column would be a tower.
const narrow = 72

func (p *printer) findings(r *Report) {
	groups := p.groups(r)
	if len(groups) == 0 {
		return
	}
	p.line("")
	if p.width < narrow {
		p.findingList(groups)
		return
	}
	headers := []string{p.Say("verdict"), "id", p.Say("severity"), p.Say("times"), p.Say("message, the first of each")}
	t := PlainTable()
	header := table.Row{}
	used := 0
	for i, title := range headers {
		header = append(header, title)
		if i < len(headers)-1 {
			used += p.columnWidth(groups, i, title) + 2
		}
	}
	t.AppendHeader(header)
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 4, Align: text.AlignRight, AlignHeader: text.AlignRight},
		{Number: 5, WidthMax: max(p.width-used-2, 20), WidthMaxEnforcer: wrapMessage},
	})
	for _, g := range groups {
		t.AppendRow(table.Row{
			p.paint(p.Say(string(g.verdict)), verdictColor(g.verdict)), Visible(g.id),
			p.paint(p.Say(g.severity), severityColor(g.severity)), g.times, p.groupMessage(&g),
		})
	}
	for line := range TableLines(t) {
		// A place that is wider than the terminal stays whole; the rule need not.
		if rule := []rune(line); strings.HasPrefix(line, "─") && len(rule) > p.width {
			line = string(rule[:p.width])
		}
		p.line("%s", line)
	}
}

// columnWidth is what the table needs for one of its first columns.
func (p *printer) columnWidth(groups []findingGroup, column int, title string) int {
	width := text.StringWidthWithoutEscSequences(title)
	for _, g := range groups {
		cell := ""
		switch column {
		case 0:
			cell = p.Say(string(g.verdict))
		case 1:
			cell = Visible(g.id)
		case 2:
			cell = p.Say(g.severity)
		}
		width = max(width, text.StringWidthWithoutEscSequences(cell))
	}
	return width
}

// findingList is the table for a narrow terminal: a line for each group, and its
// message below.
func (p *printer) findingList(groups []findingGroup) {
	for _, g := range groups {
		p.line("%s  %s  %s", p.paint(p.Say(string(g.verdict)), verdictColor(g.verdict)), Visible(g.id), p.paint(p.Say(g.severity), severityColor(g.severity)))
		message := p.groupMessage(&g)
		if g.times > 1 {
			message = strings.TrimPrefix(p.times(g.times), ", ") + ": " + message
		}
		p.paragraph("  ", message)
	}
}

// wrapMessage wraps a message, but not the place below it, so that it can be copied.
func wrapMessage(cell string, width int) string {
	message, place, located := strings.Cut(cell, "\n")
	message = text.WrapSoft(message, width)
	if located {
		message += "\n" + place
	}
	return message
}

// PlainTable is a table without borders: a rule below its header, two blanks
// between columns.
func PlainTable() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.Options{SeparateHeader: true}
	t.Style().Format.Header = text.FormatDefault
	t.Style().Box.PaddingLeft, t.Style().Box.PaddingRight = "", "  "
	return t
}

// TableLines are a table's lines without the blanks that pad their ends.
func TableLines(t table.Writer) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line := range strings.SplitSeq(t.Render(), "\n") {
			if !yield(strings.TrimRight(line, " ")) {
				return
			}
		}
	}
}

func (p *printer) groups(r *Report) []findingGroup {
	type key struct {
		id       string
		verdict  Verdict
		severity string
	}
	at := map[key]int{}
	var groups []findingGroup
	for i := range r.Results {
		res := &r.Results[i]
		if res.Verdict == Skip || (res.Verdict == Pass && !p.opt.ShowPassed) {
			continue
		}
		k := key{res.ID, res.Verdict, res.Severity}
		if _, ok := at[k]; !ok {
			at[k] = len(groups)
			groups = append(groups, findingGroup{id: res.ID, verdict: res.Verdict, severity: res.Severity, first: res})
		}
		groups[at[k]].times++
	}
	return groups
}

func (p *printer) groupMessage(g *findingGroup) string {
	message := g.first.Message
	if g.verdict == Pass {
		message = g.first.Title
	}
	switch waiver := g.first.Waiver; {
	case waiver == nil:
	case waiver.Owner == "":
		message = p.Sayf("%s (waived: %s)", message, waiver.Reason)
	default:
		message = p.Sayf("%s (waived by %s until %s: %s)", message, waiver.Owner, waiver.Expires, waiver.Reason)
	}
	message = Visible(message)
	if g.first.Location != nil {
		message += "\n" + p.Sayf("at %s", Visible(g.first.Location.String()))
	}
	return message
}
