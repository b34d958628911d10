package html

import (
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// picture is a trust path to look at: what the registry presents, what the
// configuration wants trusted, what nodes trust. It is drawn twice, for wide and for
// narrow pages, and told once in words.
type picture struct {
	Registry, Cluster string
	Broken            bool
	Wide, Narrow      drawing
	Words             []string
	// Break says where the path ends; empty where it does not.
	Break string
	Notes []string
}

// box is a thing on the path; In is how the path reaches it.
type box struct {
	state  string // "ok", "broken", "missing", "idle", "plain"
	kicker string
	title  string
	lines  []boxLine
	in     way
}

type boxLine struct{ state, text string }

// way is a link of the path: "ok", "broken" (here it ends) or "idle" (it has ended
// before).
type way struct{ state, label string }

// path is what a picture is drawn from.
type path3 struct {
	chain, configured, nodes []box
}

const (
	shownDomains = 4
	shownStores  = 5
	shownLines   = 4
)

func newPicture(p *report.TrustPath) picture {
	d := describing{TrustPath: p}
	d.wanted, d.omitted = d.root()
	three := path3{chain: d.chain(), configured: d.configured()}
	three.nodes = d.nodes()
	out := picture{Registry: show(p.Registry), Cluster: show(p.Cluster), Wide: three.wide(), Narrow: three.narrow()}
	out.Words = three.words()
	out.Break = three.breaks()
	out.Broken = out.Break != ""
	out.Notes = d.notes
	return out
}

// breaks says where the path ends, first of all; empty where it does not.
func (p *path3) breaks() string {
	for i, column := range [][]box{p.chain, p.configured, p.nodes} {
		for _, b := range column {
			switch {
			case b.in.state == "broken":
				return show(say([]string{"breaks at", "breaks before domain", "breaks before nodes"}[i], b.title, b.in.label))
			case i == 0 && b.state == "broken":
				return show(say("breaks at", b.title, b.lines[0].text))
			}
		}
	}
	return ""
}

// words tell the picture to who does not see it.
func (p *path3) words() []string {
	var out []string
	for i, column := range [][]box{p.chain, p.configured, p.nodes} {
		for _, b := range column {
			said := make([]string, 0, len(b.lines)+1)
			said = append(said, columnName(i)+": "+b.kicker+" "+b.title)
			for _, l := range b.lines {
				said = append(said, l.text)
			}
			text := strings.Join(said, "; ")
			switch b.in.state {
			case "broken":
				text += ". " + say("the path breaks here", b.in.label)
			case "idle":
				text += ". " + say("the path does not reach it")
			}
			out = append(out, show(text)+".")
		}
	}
	return out
}

func columnName(i int) string {
	return []string{say("the registry presents"), say("configured"), say("nodes trust")}[i]
}
