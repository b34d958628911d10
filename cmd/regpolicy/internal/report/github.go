package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// GitHubOptions are what GitHub's annotations depend on besides the report.
type GitHubOptions struct {
	// Summary takes the job summary; nil writes none.
	Summary io.Writer
}

// mostAnnotations is what GitHub shows of each level in one step.
const mostAnnotations = 10

// annotation stands for all results of a policy with one verdict at one place.
type annotation struct {
	level        string
	file         string
	line, column int
	verdict      Verdict
	results      []*Result
}

// GitHub writes annotations as workflow commands, the worst first, and the job
// summary.
func GitHub(w io.Writer, r *Report, opt GitHubOptions) error {
	out := bufio.NewWriter(w)
	found := annotations(r)
	for _, level := range []string{"error", "warning", "notice"} {
		same := slices.DeleteFunc(slices.Clone(found), func(a annotation) bool { return a.level != level })
		shown := len(same)
		if shown > mostAnnotations {
			shown = mostAnnotations - 1 // the last says how many more there are
		}
		for _, a := range same[:shown] {
			a.write(out)
		}
		if left := same[shown:]; len(left) > 0 {
			n := 0
			for _, a := range left {
				n += len(a.results)
			}
			fmt.Fprintf(out, "::%s title=regpolicy::%s\n", level, commandData(fmt.Sprintf("and %d more like these; the job summary and the report have them", n)))
		}
	}
	fmt.Fprintln(out, summaryLine(r))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing GitHub annotations: %w", err)
	}
	if opt.Summary != nil {
		if err := Markdown(opt.Summary, r); err != nil {
			return fmt.Errorf("writing GitHub job summary: %w", err)
		}
	}
	return nil
}

func annotations(r *Report) []annotation {
	type key struct {
		id, file     string
		line, column int
		verdict      Verdict
	}
	at := map[key]int{}
	stands := placesOf(r)
	var found []annotation
	for i := range r.Results {
		res := &r.Results[i]
		level := githubLevel(res.Verdict)
		if level == "" {
			continue
		}
		file, line, column := stands.of(res)
		k := key{res.ID, file, line, column, res.Verdict}
		n, ok := at[k]
		if !ok {
			n = len(found)
			at[k] = n
			found = append(found, annotation{level: level, file: file, line: line, column: column, verdict: res.Verdict})
		}
		found[n].results = append(found[n].results, res)
	}
	slices.SortStableFunc(found, func(a, b annotation) int {
		return cmp.Or(cmp.Compare(slices.Index(Severities, b.results[0].Severity), slices.Index(Severities, a.results[0].Severity)),
			cmp.Compare(slices.Index(verdicts, a.verdict), slices.Index(verdicts, b.verdict)))
	})
	return found
}

func githubLevel(v Verdict) string {
	switch v {
	case Fail, Error:
		return "error"
	case Warn, Inconclusive:
		return "warning"
	case Waived:
		return "notice"
	default:
		return ""
	}
}

func (a annotation) write(out io.Writer) {
	first := a.results[0]
	column := ""
	if a.column > 0 {
		column = fmt.Sprintf(",col=%d", a.column)
	}
	title := fmt.Sprintf("%s %s %s: %s", a.verdict, first.Severity, first.ID, first.Title)
	message := short(said(first), 4000)
	if more := len(a.results) - 1; more > 0 {
		message += fmt.Sprintf("\n(and %s)", count(more, "more subject", "more subjects"))
	}
	if first.Remediation != "" {
		message += "\nRepair: " + short(plain(first.Remediation), 4000)
	}
	fmt.Fprintf(out, "::%s file=%s,line=%d%s,title=%s::%s\n", a.level, commandProperty(a.file), a.line, column, commandProperty(short(Visible(title), 250)), commandData(message))
}

// commandData and commandProperty escape as the runner unescapes.
func commandData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func commandProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
