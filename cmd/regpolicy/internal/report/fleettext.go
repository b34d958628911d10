package report

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// fleetRows is how many rows of a table the text report shows.
const fleetRows = 10

// fleet writes the tables over all clusters.
func (p *printer) fleet(r *Report) {
	for _, t := range p.FleetTables(r, fleetRows) {
		p.line("")
		p.line("%s", p.paint(t.Title+":", text.Bold))
		if p.width < narrow {
			p.fleetList(&t)
		} else {
			p.fleetTable(&t)
		}
		if t.More > 0 {
			p.line("  %s", p.Sayf("... and %d more (-o json)", t.More))
		}
	}
}

func (p *printer) fleetTable(t *FleetTable) {
	out := PlainTable()
	header := table.Row{}
	var configs []table.ColumnConfig
	widths := p.fleetWidths(t)
	for i, c := range t.Columns {
		header = append(header, c.Title)
		config := table.ColumnConfig{Number: i + 1, WidthMax: widths[i], WidthMaxEnforcer: text.WrapSoft}
		if c.Numbers {
			config.Align, config.AlignHeader = text.AlignRight, text.AlignRight
		}
		configs = append(configs, config)
	}
	out.AppendHeader(header)
	out.SetColumnConfigs(configs)
	for _, row := range t.Rows {
		cells := table.Row{}
		for i, cell := range row.Cells {
			cell = Visible(cell)
			if i == 0 {
				cell = p.paint(text.WrapSoft(cell, widths[0]), verdictColor(row.Verdict))
			}
			cells = append(cells, cell)
		}
		out.AppendRow(cells)
	}
	for line := range TableLines(out) {
		p.line("  %s", line)
	}
}

// fleetWidths gives each column what it needs, and takes from the widest what the
// terminal has not.
func (p *printer) fleetWidths(t *FleetTable) []int {
	widths := make([]int, len(t.Columns))
	room := p.width - 2
	for i, c := range t.Columns {
		widths[i] = text.StringWidthWithoutEscSequences(c.Title)
		for _, row := range t.Rows {
			widths[i] = max(widths[i], text.StringWidthWithoutEscSequences(Visible(row.Cells[i])))
		}
		room -= widths[i] + 2
	}
	const least = 12
	for ; room < 0; room++ {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	return widths
}

// fleetList is a table for a narrow terminal.
func (p *printer) fleetList(t *FleetTable) {
	for _, row := range t.Rows {
		p.paragraph("  ", row.Cells[0], verdictColor(row.Verdict))
		var rest []string
		for i, cell := range row.Cells[1:] {
			if cell != "" && cell != "0" {
				rest = append(rest, t.Columns[i+1].Title+" "+cell)
			}
		}
		if len(rest) > 0 {
			p.paragraph("    ", strings.Join(rest, ", "))
		}
	}
}
