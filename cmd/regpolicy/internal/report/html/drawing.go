package html

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// drawing is a laid out picture: what the template turns into SVG.
type drawing struct {
	W, H  int
	Heads []label
	Cards []card
	Links []link
}

type label struct {
	X, Y  int
	Class string
	Text  string
	// Full is the text where Text is cut.
	Full string
}

type card struct {
	X, Y, W, H int
	State      string
	Labels     []label
}

type link struct {
	D      string // of the path
	State  string
	X, Y   int // of the mark
	Labels []label
}

// The measures of a drawing, in its own units. An average letter is letter wide.
const (
	cardWidth   = 262
	gapWidth    = 136
	narrowWidth = 328
	cardGap     = 18
	chainGap    = 40
	headHeight  = 36
	lineHeight  = 18
	padding     = 14
	letter      = 7.0
	bold        = 85 // percent of the letters, where they are bold
	markRadius  = 10
)

// cut shortens a text to a width, in its middle: ends of names tell them apart.
func cut(text string, width int) (short, full string) {
	text = show(text)
	most := int(float64(width) / letter)
	n := utf8.RuneCountInString(text)
	if n <= most {
		return text, ""
	}
	runes := []rune(text)
	head := most/2 - 1
	return string(runes[:head]) + "…" + string(runes[n-(most-head-1):]), text
}

func (b *box) height() int { return 2*padding + 34 + len(b.lines)*lineHeight }

func (b *box) card(x, y, w int) card {
	c := card{X: x, Y: y, W: w, H: b.height(), State: b.state}
	inner := w - 2*padding
	at := y + padding + 9
	add := func(class, text string, width int) {
		l := label{X: x + padding, Y: at, Class: class}
		l.Text, l.Full = cut(text, width)
		c.Labels = append(c.Labels, l)
	}
	add("kicker", b.kicker, inner)
	at += 21
	add("title", b.title, inner*8/10)
	for _, line := range b.lines {
		at += lineHeight
		text := line.text
		width := inner
		switch line.state {
		case "broken":
			text, width = "✕ "+text, inner*bold/100
		case "ok":
			text, width = "✓ "+text, inner*bold/100
		case "strong":
			width = inner * bold / 100
		case "mono":
			width = inner * 9 / 10
		}
		add(line.state, text, width)
	}
	return c
}

// wide lays the columns side by side.
func (p *path3) wide() drawing {
	d := drawing{W: 3*cardWidth + 2*gapWidth + 4}
	columns := [][]box{p.chain, p.configured, p.nodes}
	heights := make([]int, 3)
	for i, column := range columns {
		gap := cardGap
		if i == 0 {
			gap = chainGap
		}
		heights[i] = -gap
		for _, b := range column {
			heights[i] += b.height() + gap
		}
	}
	tallest := max(heights[0], heights[1], heights[2])
	d.H = headHeight + tallest + 4
	from := 0 // where links come from
	for i, column := range columns {
		x := 2 + i*(cardWidth+gapWidth)
		d.Heads = append(d.Heads, label{X: x, Y: 16, Text: columnName(i)})
		y := headHeight + (tallest-heights[i])/2
		next := from
		for j := range column {
			b := &column[j]
			c := b.card(x, y, cardWidth)
			middle := c.Y + c.H/2
			switch {
			case i > 0:
				d.Links = append(d.Links, across(x, from, middle, b.in))
			case j > 0:
				d.Links = append(d.Links, down(x+cardWidth/2, y-chainGap, chainGap, b.in))
			}
			if i == 0 || j == p.source() {
				next = middle
			}
			d.Cards = append(d.Cards, c)
			y += c.H + cardGap
			if i == 0 {
				y += chainGap - cardGap
			}
		}
		from = next
	}
	return d
}

// source is the configured box that the nodes' trust comes from.
func (p *path3) source() int {
	for i, b := range p.configured {
		if reachesNodes(b.title) || b.title == say("of the nodes") {
			return i
		}
	}
	return 0
}

// across links two columns: along a trunk beside the source, then straight to the
// target. The mark and its label sit between the trunk and the target.
func across(x, from, to int, w way) link {
	const bend, before = 12, 54
	start, trunk := x-gapWidth, 18
	if w.state == "broken" { // beside the trunk of what holds
		trunk = 27
	}
	l := link{State: w.state, X: x - before, Y: to}
	switch step := min(bend, max(to-from, from-to)/2); {
	case step == 0:
		l.D = fmt.Sprintf("M%d %dH%d", start, from, x)
	case to < from:
		l.D = fmt.Sprintf("M%d %dH%dq%d 0 %d %dV%dq0 %d %d %dH%d", start, from, start+trunk-step, step, step, -step, to+step, -step, step, -step, x)
	default:
		l.D = fmt.Sprintf("M%d %dH%dq%d 0 %d %dV%dq0 %d %d %dH%d", start, from, start+trunk-step, step, step, step, to-step, step, step, step, x)
	}
	for i, line := range wrap(w.label, 15) {
		l.Labels = append(l.Labels, label{X: l.X, Y: to + markRadius + 16 + i*14, Text: show(line)})
	}
	return l
}

func down(x, y, h int, w way) link {
	l := link{State: w.state, X: x, Y: y + h/2, D: fmt.Sprintf("M%d %d L%d %d", x, y, x, y+h)}
	if w.label != "" {
		text, _ := cut(w.label, 200)
		l.Labels = []label{{X: x + markRadius + 6, Y: y + h/2 + 4, Class: "beside", Text: text}}
	}
	return l
}

// narrow lays everything below one another.
func (p *path3) narrow() drawing {
	d := drawing{W: narrowWidth + 4, H: 2}
	for i, column := range [][]box{p.chain, p.configured, p.nodes} {
		if i > 0 {
			d.H += 14
		}
		d.Heads = append(d.Heads, label{X: 2, Y: d.H + 16, Text: columnName(i)})
		d.H += headHeight - 8
		for j := range column {
			b := &column[j]
			if i > 0 || j > 0 {
				d.Links = append(d.Links, down(2+padding+markRadius, d.H, chainGap, b.in))
				d.H += chainGap
			}
			c := b.card(2, d.H, narrowWidth)
			d.Cards = append(d.Cards, c)
			d.H += c.H
		}
	}
	d.H += 2
	return d
}

// wrap breaks a label at spaces into at most three lines.
func wrap(text string, width int) []string {
	var out []string
	for word := range strings.FieldsSeq(text) {
		if n := len(out); n > 0 && utf8.RuneCountInString(out[n-1])+1+utf8.RuneCountInString(word) <= width {
			out[n-1] += " " + word
			continue
		}
		out = append(out, word)
	}
	if len(out) > 3 {
		out = append(out[:2], out[2]+" …")
	}
	return out
}
