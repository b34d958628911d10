package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// mostMarkdown is below what GitHub (65,536 characters) takes for one comment.
const mostMarkdown = 60_000

// Markdown writes a report for a comment on a pull request: what is broken and how to
// repair it, a table, and the rest to unfold.
func Markdown(w io.Writer, r *Report) error {
	// The details go first where there is no room for all.
	for _, most := range []int{20, 5, 1, 0} {
		text := markdown(r, most)
		if len(text) <= mostMarkdown || most == 0 {
			if _, err := w.Write(text); err != nil {
				return fmt.Errorf("writing Markdown report: %w", err)
			}
			return nil
		}
	}
	return nil
}

// markdown shows at most so many causes, rows and details of each.
func markdown(r *Report, most int) []byte {
	out := &bytes.Buffer{}
	fmt.Fprintf(out, "## regpolicy: %s\n\n", markdownVerdict(r))
	fmt.Fprintln(out, "| fail | warn | inconclusive | error | pass | skip | waived |")
	fmt.Fprintln(out, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	s := r.Summary
	fmt.Fprintf(out, "| %d | %d | %d | %d | %d | %d | %d |\n", s.Fail, s.Warn, s.Inconclusive, s.Error, s.Pass, s.Skip, s.Waived)
	for i := range r.Diagnosis {
		if i == most {
			fmt.Fprintf(out, "\n%s.\n", count(len(r.Diagnosis)-most, "more cause", "more causes"))
			break
		}
		markdownCause(out, i+1, &r.Diagnosis[i])
	}
	groups := markdownGroups(r)
	if len(groups) > 0 {
		markdownTable(out, groups, max(most*5, 10))
	}
	if most > 0 {
		markdownDetails(out, r, groups, most)
	}
	if r.Fleet != nil {
		markdownFleet(out, r, max(most, 3))
		return out.Bytes()
	}
	for i, d := range r.Run.Documents {
		if i == 5 {
			fmt.Fprintf(out, "\n<sub>and %s</sub>\n", count(len(r.Run.Documents)-i, "more document", "more documents"))
			break
		}
		fmt.Fprintf(out, "\n<sub>%s, collected %s, judged as of %s by %s, sha256 %.12s</sub>\n", escapeMarkdown(short(Visible(cmp.Or(d.Cluster, d.URI)), 200)),
			stamp(d.CollectedAt), stamp(r.Run.At), count(r.Run.Policies.Count, "policy", "policies"), escapeMarkdown(d.SHA256))
	}
	return out.Bytes()
}

func markdownVerdict(r *Report) string {
	switch s := r.Summary; {
	case r.Affected.Pods > 0:
		return escapeMarkdown(short(Visible(affectedLine(r.Affected)), 500))
	case s.Fail > 0:
		return escapeMarkdown(failingLine(r))
	case s.Inconclusive+s.Error > 0:
		return fmt.Sprintf("nothing is known to be broken, but %s could not be settled.", count(s.Inconclusive+s.Error, "check", "checks"))
	case s.Pass+s.Warn+s.Waived == 0:
		return "nothing was evaluated."
	default:
		line := Words(nil).inOrder(r)
		return strings.ToLower(line[:1]) + line[1:]
	}
}

func markdownCause(out io.Writer, number int, d *Diagnosis) {
	fmt.Fprintf(out, "\n### %d. %s %s: %s\n\n", number, escapeMarkdown(strings.ToUpper(short(d.Severity, 20))), escapeMarkdown(short(d.ID, 100)), escapeMarkdown(short(Visible(d.Title), 300)))
	for i, message := range d.Messages {
		if i == 2 {
			fmt.Fprintf(out, "- and %d more like these\n", len(d.Messages)-2)
			break
		}
		fmt.Fprintf(out, "- %s\n", escapeMarkdown(short(Visible(message), 1000)))
	}
	if n := len(d.Clusters); n > 0 {
		fmt.Fprintf(out, "- in %s: %s\n", count(n, "cluster", "clusters"), escapeMarkdown(short(Visible(list(d.Clusters, 5)), 500)))
	}
	for i, e := range d.Explains {
		if i == 10 {
			fmt.Fprintf(out, "- and explains %d more\n", len(d.Explains)-10)
			break
		}
		fmt.Fprintf(out, "- explains %s %s%s\n", escapeMarkdown(short(e.ID, 100)), escapeMarkdown(short(Visible(e.Title), 300)), times(e.Subjects))
	}
	if d.Remediation != "" {
		fmt.Fprintf(out, "\n**Repair**\n\n%s", repairMarkdown(short(d.Remediation, 3000)))
	}
}

// repairMarkdown keeps commands as they are, so that they can be copied.
func repairMarkdown(text string) string {
	var out strings.Builder
	fence := ""
	for line := range strings.SplitSeq(plain(text), "\n") {
		command := isCommand(line)
		if command && fence == "" {
			fence = fenceFor(text)
			out.WriteString("\n" + fence + "sh\n")
		}
		if !command && fence != "" {
			out.WriteString(fence + "\n\n")
			fence = ""
		}
		if command {
			out.WriteString(strings.TrimRight(strings.TrimPrefix(line, "  "), " ") + "\n")
		} else {
			out.WriteString(escapeMarkdown(line) + "\n")
		}
	}
	if fence != "" {
		out.WriteString(fence + "\n")
	}
	return out.String()
}

// fenceFor is longer than any run of backticks in the text.
func fenceFor(text string) string {
	longest, run := 2, 0
	for _, c := range text {
		if c != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat("`", longest+1)
}

// markdownGroup is the results of a policy with one verdict.
type markdownGroup struct {
	id      string
	verdict Verdict
	results []*Result
}

// markdownGroups leave out what passed and what was skipped; the worst come first.
func markdownGroups(r *Report) []markdownGroup {
	var groups []markdownGroup
	for _, g := range byPolicy(r) {
		for _, v := range verdicts {
			if v == Pass || v == Skip {
				continue
			}
			same := slices.DeleteFunc(slices.Clone(g.results), func(res *Result) bool { return res.Verdict != v })
			if len(same) > 0 {
				groups = append(groups, markdownGroup{g.id, v, same})
			}
		}
	}
	slices.SortStableFunc(groups, func(a, b markdownGroup) int {
		return cmp.Or(cmp.Compare(slices.Index(verdicts, a.verdict), slices.Index(verdicts, b.verdict)),
			cmp.Compare(slices.Index(Severities, b.results[0].Severity), slices.Index(Severities, a.results[0].Severity)))
	})
	return groups
}

func markdownTable(out io.Writer, groups []markdownGroup, most int) {
	fmt.Fprint(out, "\n### Findings\n\n| verdict | severity | policy | times | message, the first of each |\n| --- | --- | --- | ---: | --- |\n")
	for i, g := range groups {
		if i == most {
			fmt.Fprintf(out, "\nAnd %s.\n", count(len(groups)-most, "more row", "more rows"))
			break
		}
		first := g.results[0]
		fmt.Fprintf(out, "| %s | %s | %s | %d | %s |\n", g.verdict, escapeMarkdown(short(first.Severity, 20)), escapeMarkdown(short(g.id, 100)), len(g.results),
			escapeMarkdown(short(Visible(said(first)), 300)))
	}
}

func markdownDetails(out io.Writer, r *Report, groups []markdownGroup, most int) {
	stands := placesOf(r)
	for i, g := range groups {
		if i == most {
			break
		}
		fmt.Fprintf(out, "\n<details><summary>%s %s: %s</summary>\n\n", g.verdict, escapeHTML(short(Visible(g.id), 100)), count(len(g.results), "subject", "subjects"))
		for n, res := range g.results {
			if n == most {
				fmt.Fprintf(out, "- and %d more\n", len(g.results)-most)
				break
			}
			fmt.Fprintf(out, "- %s: %s", escapeMarkdown(short(subjectOf(res), 300)), escapeMarkdown(short(Visible(said(res)), 600)))
			if res.Location != nil {
				file, line, _ := stands.of(res)
				fmt.Fprintf(out, " (%s:%d)", escapeMarkdown(short(file, 200)), line)
			}
			fmt.Fprintln(out)
		}
		fmt.Fprint(out, "\n</details>\n")
	}
	if lines := notHad(r); len(lines) > 0 {
		fmt.Fprint(out, "\n<details><summary>Not looked at, and so not judged</summary>\n\n")
		for _, line := range lines {
			fmt.Fprintf(out, "- %s\n", escapeMarkdown(short(Visible(line), 600)))
		}
		fmt.Fprint(out, "\n</details>\n")
	}
}

// markdownFleet writes the tables over all clusters, to unfold.
func markdownFleet(out io.Writer, r *Report, most int) {
	for _, t := range FleetTables(r, most) {
		fmt.Fprintf(out, "\n<details><summary>%s</summary>\n\n|", escapeHTML(t.Title))
		for _, c := range t.Columns {
			fmt.Fprintf(out, " %s |", c.Title)
		}
		fmt.Fprint(out, "\n|")
		for _, c := range t.Columns {
			fmt.Fprint(out, map[bool]string{false: " --- |", true: " ---: |"}[c.Numbers])
		}
		for _, row := range t.Rows {
			fmt.Fprint(out, "\n|")
			for _, cell := range row.Cells {
				fmt.Fprintf(out, " %s |", escapeMarkdown(short(Visible(cell), 300)))
			}
		}
		if fmt.Fprintln(out); t.More > 0 {
			fmt.Fprintf(out, "\nAnd %s.\n", count(t.More, "more row", "more rows"))
		}
		fmt.Fprint(out, "\n</details>\n")
	}
	fmt.Fprintf(out, "\n<sub>%s</sub>\n", escapeMarkdown(FleetLine(r)))
}

func escapeHTML(s string) string {
	return escapedHTML.Replace(s)
}

var (
	escapedHTML     = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@&#8203;")
	escapedMarkdown = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@&#8203;",
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`, "!", `\!`)
)

// escapeMarkdown lets text stand as it is in a line or a cell of Markdown; a quoted
// message must neither make markup nor call anybody by @name.
func escapeMarkdown(s string) string {
	s = strings.TrimSpace(Visible(s))
	s = escapedMarkdown.Replace(s)
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") || strings.HasPrefix(s, "=") {
		return `\` + s
	}
	return s
}
