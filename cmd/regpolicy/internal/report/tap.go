package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// TAP writes the Test Anything Protocol, version 14: one plan, then a test point
// per result.
func TAP(w io.Writer, r *Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "TAP version 14")
	if len(r.Results) == 0 {
		fmt.Fprintln(out, "1..0 # SKIP nothing was evaluated")
	} else {
		fmt.Fprintf(out, "1..%d\n", len(r.Results))
	}
	stands := placesOf(r)
	for i := range r.Results {
		tapPoint(out, stands, i+1, &r.Results[i])
	}
	fmt.Fprintf(out, "# %s\n", summaryLine(r))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("writing TAP report: %w", err)
	}
	return nil
}

func tapPoint(out *bufio.Writer, stands *places, number int, res *Result) {
	status, directive := "ok", ""
	switch res.Verdict {
	case Fail, Inconclusive, Error:
		status = "not ok"
	case Skip:
		directive = " # SKIP " + tapText(said(res))
	case Waived: // not ok, and known not to be
		status, directive = "not ok", " # TODO "+tapText(said(res))
	case Pass, Warn:
	}
	fmt.Fprintf(out, "%s %d - %s%s\n", status, number, tapText(res.ID+" "+subjectOf(res)), directive)
	if res.Verdict == Pass || res.Verdict == Skip {
		return
	}
	file, line, _ := stands.of(res)
	fmt.Fprintln(out, "  ---")
	for _, entry := range [][2]string{
		{"verdict", string(res.Verdict)},
		{"severity", res.Severity},
		{"message", said(res)},
		{"remediation", res.Remediation},
		{"at", fmt.Sprintf("%s:%d", file, line)},
		{"evidence", list(pointers(res), 20)},
		{"fingerprint", res.Fingerprint},
	} {
		if entry[1] != "" {
			fmt.Fprintf(out, "  %s: %s\n", entry[0], tapQuoted(entry[1]))
		}
	}
	fmt.Fprintln(out, "  ...")
}

// tapQuoted is a scalar of YAML in double quotes and on one line, which also the
// readers understand that know little of YAML.
func tapQuoted(s string) string {
	return `"` + quotedTAP.Replace(plain(s)) + `"`
}

// tapText is text for one line in which nothing is a directive.
func tapText(s string) string {
	return escapedTAP.Replace(Visible(s))
}

// A Replacer is built when it is used first, which takes longer than using it.
var (
	quotedTAP  = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
	escapedTAP = strings.NewReplacer(`\`, `\\`, `#`, `\#`)
)
