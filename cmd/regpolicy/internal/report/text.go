package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TextOptions are how the text report is laid out.
type TextOptions struct {
	// Width is the terminal's; zero means 100.
	Width int
	// Color writes ANSI colours.
	Color bool
	// ShowPassed lists what passed, too.
	ShowPassed bool
	// Quiet leaves everything out but diagnosis and summary.
	Quiet bool
	// Words are the report's own in the reader's language.
	Words Words
}

// Text writes the report for people: first what is broken, for whom, why and
// the repair that comes first; then every finding; then what was not looked at;
// last one line that can be grepped.
func Text(w io.Writer, r *Report, opt TextOptions) error {
	out := bufio.NewWriter(w)
	p := &printer{w: out, opt: opt, Words: opt.Words, width: max(cmp.Or(opt.Width, 100), 40)}
	p.headline(r)
	for i := range r.Diagnosis {
		p.diagnosis(i+1, &r.Diagnosis[i])
	}
	if !opt.Quiet {
		p.findings(r)
		p.fleet(r)
		p.forecast(r)
		p.unusedWaivers(r)
		p.notLookedAt(r)
	}
	p.summary(r)
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing text report: %w", err)
	}
	return nil
}

type printer struct {
	Words
	w     *bufio.Writer
	opt   TextOptions
	width int
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintf(p.w, format, args...)
	p.w.WriteByte('\n') //nolint:errcheck // Flush tells of it
}

// paragraph writes text folded to the width, each line behind indent. Lines of
// the text that are indented themselves are commands and are not folded.
func (p *printer) paragraph(indent, body string, colors ...text.Color) {
	for line := range strings.SplitSeq(body, "\n") {
		line = Visible(line)
		if isCommand(line) {
			p.line("%s%s", indent, line)
			continue
		}
		for _, folded := range fold(line, p.width-len(indent)) {
			if len(colors) > 0 {
				folded = p.paint(folded, colors...)
			}
			p.line("%s%s", indent, folded)
		}
	}
}

// fold breaks a line at spaces; a word that is wider by itself is not broken, so
// that names and commands can be copied.
func fold(line string, width int) []string {
	var lines []string
	current, used := "", 0
	for i, word := range strings.Split(line, " ") {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
			current, used = word, n
		case used+1+n <= width:
			current += " " + word
			used += 1 + n
		default:
			lines = append(lines, strings.TrimRight(current, " "))
			current, used = word, n
		}
	}
	return append(lines, strings.TrimRight(current, " "))
}

// Visible replaces what would act on a terminal in place of being seen on it: a
// report quotes events, file names and servers' answers, which may be anybody's.
// Besides control characters that is what changes the direction of text.
func Visible(s string) string {
	return strings.Map(visible, s)
}

func (p *printer) paint(s string, colors ...text.Color) string {
	return paint(p.opt.Color, s, colors...)
}

func paint(on bool, s string, colors ...text.Color) string {
	if !on {
		return s
	}
	return text.Colors(colors).EscapeSeq() + s + text.Reset.EscapeSeq()
}

// namedDocuments is up to how many documents each has a line of its own.
const namedDocuments = 3

func (p *printer) headline(r *Report) {
	p.paragraph("", p.Headline(r), text.Bold)
	if r.Fleet != nil {
		p.paragraph("", p.FleetLine(r))
	}
	if len(r.Run.Documents) > namedDocuments {
		return
	}
	for _, d := range r.Run.Documents {
		name := cmp.Or(d.Cluster, d.URI)
		p.paragraph("", p.Sayf("%s, collected %s, judged as of %s by %s.", name, stamp(d.CollectedAt), stamp(r.Run.At), p.count(r.Run.Policies.Count, "policy", "policies")))
	}
}

// Headline says in one sentence how things stand.
func (w Words) Headline(r *Report) string {
	switch s := r.Summary; {
	case r.Affected.Pods > 0:
		return w.affectedLine(r.Affected)
	case s.Fail > 0:
		return w.failingLine(r)
	case s.Inconclusive+s.Error > 0:
		return w.Sayf("Nothing is known to be broken, but %s could not be settled.", w.count(s.Inconclusive+s.Error, "check", "checks"))
	case s.Pass+s.Warn+s.Waived == 0:
		return w.Say("Nothing was evaluated.")
	default:
		return w.inOrder(r)
	}
}

// inOrder is for reports without failures: how much that says hangs on how much was
// looked at.
func (w Words) inOrder(r *Report) string {
	const few = 4 // less than a quarter
	n, all := r.judged(), w.count(r.Run.Policies.Count, "policy", "policies")
	if n*few < r.Run.Policies.Count {
		return w.Sayf("Nothing fails, but little was looked at: only %d of %s had evidence.", n, all)
	}
	return w.Sayf("Registry trust is in order as far as it was looked at: %d of %s had evidence.", n, all)
}

// judged counts the policies that came to a verdict on something. Some results, as
// that a cluster has a document, are no policy's.
func (r *Report) judged() int {
	policies := map[string]bool{}
	for i := range r.Rules {
		policies[r.Rules[i].ID] = true
	}
	ids := map[string]bool{}
	for i := range r.Results {
		switch id := r.Results[i].ID; r.Results[i].Verdict {
		case Pass, Fail, Warn, Waived:
			if policies[id] {
				ids[id] = true
			}
		}
	}
	for _, p := range r.Packed {
		ids[p.like.ID] = true
	}
	if r.Fleet != nil { // its results may leave out what passed
		for _, p := range r.Fleet.Policies {
			if s := p.Summary; s.Pass+s.Fail+s.Warn+s.Waived > 0 {
				ids[p.ID] = true
			}
		}
	}
	return len(ids)
}

// Headline says in one English sentence how things stand.
func Headline(r *Report) string { return Words(nil).Headline(r) }

// failingLine is for failures without a pod that cannot pull, which says
// something only where pods were looked at.
func (w Words) failingLine(r *Report) string {
	fails := w.count(r.Summary.Fail, "check fails", "checks fail")
	if r.Coverage[evidence.Pods].Answered == 0 {
		return w.Sayf("%s; whether pods can pull was not looked at.", fails)
	}
	return w.Sayf("No pod fails to pull, yet %s.", fails)
}

func (w Words) affectedLine(a Affected) string {
	line := w.Sayf("%s cannot pull from %s", w.count(a.Pods, "pod", "pods"), w.list(a.Registries, 3))
	switch len(a.Namespaces) {
	case 0:
	case 1:
		line += w.Sayf(" (namespace %s)", a.Namespaces[0])
	default:
		line += w.Sayf(" (%d namespaces: %s)", len(a.Namespaces), w.list(a.Namespaces, 3))
	}
	if len(a.Nodes) > 0 {
		line += ", " + w.plural(len(a.Nodes), "on node", "on nodes") + " " + w.list(a.Nodes, 4)
	}
	return line + "."
}

func (p *printer) diagnosis(number int, d *Diagnosis) {
	p.line("")
	id := Visible(fmt.Sprintf("%s %s", strings.ToUpper(p.Say(d.Severity)), d.ID))
	for i, folded := range fold(Visible(fmt.Sprintf("%s  %s: %s", id, d.Title, p.Say("fail"))), p.width-3) {
		if i > 0 {
			p.line("   %s", folded)
			continue
		}
		p.line("%d. %s", number, strings.Replace(folded, id, p.paint(id, severityColor(d.Severity), text.Bold), 1))
	}
	const shown = 2
	for i, message := range d.Messages {
		if i == shown {
			p.line("   %s", p.Sayf("... and %d more like these", len(d.Messages)-shown))
			break
		}
		p.paragraph("   ", message+".")
		if i == 0 && d.Location != nil {
			p.line("   %s", p.Sayf("at %s", Visible(d.Location.String())))
		}
	}
	if len(d.Clusters) > 0 {
		p.paragraph("   ", p.Sayf("In %s: %s.", p.count(len(d.Clusters), "cluster", "clusters"), p.list(d.Clusters, 5)))
	}
	if len(d.Explains) > 0 {
		p.line("   %s", p.Say("This explains:"))
		for _, e := range d.Explains {
			p.paragraph("     ", fmt.Sprintf("%s  %s: %s%s", e.ID, e.Title, p.Say("fail"), p.times(e.Subjects)))
		}
	}
	if d.Remediation != "" {
		p.line("   %s", p.paint(p.Say("Repair:"), text.Bold))
		p.paragraph("     ", d.Remediation)
	}
}

// subjectText is a subject for reading: "pod shop/web-1", "node wk-1 entry=corp".
func subjectText(s evidence.Subject) string {
	name := s["name"]
	if s["namespace"] != "" {
		name = s["namespace"] + "/" + name
	}
	text := strings.TrimSpace(s["kind"] + " " + name)
	var rest []string
	for k, v := range s {
		switch k {
		case "kind", "name", "namespace":
		case "chain", "trust_store":
			rest = append(rest, k+"="+v[:min(len(v), 16)])
		default:
			rest = append(rest, k+"="+v)
		}
	}
	slices.Sort(rest)
	return strings.TrimSpace(text + " " + strings.Join(rest, " "))
}

func (p *printer) notLookedAt(r *Report) {
	lines := p.notHad(r)
	if len(lines) == 0 {
		return
	}
	p.line("")
	p.line("%s", p.paint(p.Say("Not looked at, and so not judged:"), text.Bold))
	for _, line := range lines {
		p.paragraph("  ", line)
	}
}

// notHad says by collector what was not asked for or not obtained.
func (w Words) notHad(r *Report) []string {
	var lines []string
	for _, name := range evidence.Collectors {
		c, ok := r.Coverage[name]
		if !ok {
			continue
		}
		switch {
		case !c.Requested:
			line := w.Sayf("%s: not asked for", name)
			if c.Hint != "" {
				line += "; " + c.Hint
			}
			lines = append(lines, line)
		case len(c.Gaps) > 0:
			lines = append(lines, w.Sayf("%s: %d asked, %d answered, %d skipped, %d not had: %s",
				name, c.Asked, c.Answered, c.Skipped, len(c.Gaps), w.gapList(c.Gaps)))
		case c.Skipped > 0:
			lines = append(lines, w.Sayf("%s: %d asked, %d answered, %d left out, because the source does not hold them",
				name, c.Asked, c.Answered, c.Skipped))
		}
	}
	return lines
}

func (w Words) gapList(gaps []evidence.Gap) string {
	items := make([]string, 0, len(gaps))
	for _, g := range gaps {
		items = append(items, fmt.Sprintf("%s (%s)", subjectText(g.Subject), w.Say(g.Reason)))
	}
	return w.list(items, 4)
}

func (p *printer) summary(r *Report) {
	p.line("")
	if b := r.Run.Baseline; b != nil {
		p.paragraph("", p.Sayf("Against %s: new=%d fixed=%d unchanged=%d not_comparable=%d", b.URI, b.New, b.Fixed, b.Unchanged, b.NotComparable))
	}
	p.line("%s", summaryLine(r))
}

func severityColor(severity string) text.Color {
	switch severity {
	case "critical", "high":
		return text.FgRed
	case "medium":
		return text.FgYellow
	default:
		return text.FgCyan
	}
}

func verdictColor(v Verdict) text.Color {
	switch v {
	case Fail, Error:
		return text.FgRed
	case Inconclusive, Warn:
		return text.FgYellow
	case Pass:
		return text.FgGreen
	default:
		return text.FgHiBlack
	}
}

func join(names []string) string { return strings.Join(names, ", ") }

func stamp(t evidence.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
