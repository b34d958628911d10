package report

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const homepage = "https://github.com/regpolicy/regpolicy"

// verdicts lists the verdicts, the worst first.
var verdicts = []Verdict{Fail, Error, Inconclusive, Warn, Waived, Skip, Pass}

// allRules are the report's rules, and one for each id that only a result has:
// expired waivers and missing evidence are found by the engine itself, and a report
// saved by an older version has no rules.
func allRules(r *Report) []Rule {
	rules := slices.Clone(r.Rules)
	known := map[string]bool{}
	for i := range rules {
		known[rules[i].ID] = true
	}
	for i := range r.Results {
		res := &r.Results[i]
		if known[res.ID] {
			continue
		}
		known[res.ID] = true
		rules = append(rules, Rule{
			ID: res.ID, Policy: res.Policy, Title: res.Title, Severity: res.Severity, Remediation: res.Remediation, Controls: res.Controls,
		})
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

// group is all results of a policy.
type group struct {
	id      string
	results []*Result
}

func byPolicy(r *Report) []group {
	var groups []group
	at := map[string]int{}
	for i := range r.Results {
		res := &r.Results[i]
		n, ok := at[res.ID]
		if !ok {
			n = len(groups)
			at[res.ID] = n
			groups = append(groups, group{id: res.ID})
		}
		groups[n].results = append(groups[n].results, res)
	}
	return groups
}

// said is a result's message, the reason of what is missing or of a waiver included.
func said(res *Result) string {
	text := cmp.Or(res.Message, res.Title, res.ID)
	var missing []string
	for _, m := range res.Missing {
		if why := m.Reason; !strings.Contains(text, why) || !strings.Contains(text, m.Detail) {
			if m.Detail != "" {
				why += ": " + m.Detail
			}
			missing = append(missing, fmt.Sprintf("%s (%s)", m.Pointer, why))
		}
	}
	if len(missing) > 0 {
		text += "; missing: " + list(missing, 3)
	}
	if res.Waiver != nil {
		text += "; " + excuse(res.Waiver)
	}
	return plain(text)
}

func excuse(w *Waiver) string {
	return plain(fmt.Sprintf("waived by %s until %s: %s", w.Owner, w.Expires, w.Reason))
}

// plain is text that every format can hold: valid UTF-8, and of the control
// characters only the ends of lines. Quoted events and file names may be anybody's.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' {
			return r
		}
		return visible(r)
	}, s)
}

// line is text in one line without blanks at its ends.
func line(s string) string { return strings.TrimSpace(Visible(s)) }

// short cuts text where a format has a limit.
func short(s string, most int) string {
	if len(s) <= most {
		return s
	}
	const mark = " [cut]"
	s = s[:most-len(mark)]
	for s != "" && !utf8.ValidString(s[max(0, len(s)-utf8.UTFMax):]) {
		s = s[:len(s)-1]
	}
	return s + mark
}

// filePath is a file's name with slashes, without a leading "./".
func filePath(name string) string {
	name = Visible(strings.ReplaceAll(name, `\`, "/"))
	if name == "" || name == "-" {
		return "stdin"
	}
	return path.Clean(name)
}

// fileURI is a relative reference (RFC 3986), or file: for an absolute path.
func fileURI(file string) string {
	u := url.URL{Path: file}
	if strings.HasPrefix(file, "/") {
		u = url.URL{Scheme: "file", Path: file}
	}
	return u.String()
}

// tags are the policy's own and its controls.
func (r *Rule) tags() []string {
	tags := slices.Clone(r.Tags)
	for _, framework := range slices.Sorted(maps.Keys(r.Controls)) {
		for _, id := range r.Controls[framework] {
			tags = append(tags, framework+"/"+id)
		}
	}
	return tags
}

// area is what a policy is about, the second part of its package.
func area(policy string) string {
	parts := strings.Split(policy, ".")
	if len(parts) < 2 {
		return policy
	}
	return parts[1]
}

// isCommand tells a command from prose in a remediation.
func isCommand(line string) bool {
	return strings.HasPrefix(line, " ") || strings.HasPrefix(line, "kubectl ")
}

func subjectOf(res *Result) string {
	return Visible(cmp.Or(res.Subject.String(), "kind=document"))
}

func pointers(res *Result) []string {
	all := make([]string, 0, len(res.Evidence)+len(res.Missing))
	for _, e := range res.Evidence {
		all = append(all, Visible(e.Pointer))
	}
	return all
}

func visible(r rune) rune {
	switch {
	case ' ' <= r && r <= '~': // most are
		return r
	case r == '\t', r == '\n':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029', r == '\ufeff',
		r == '\ufffe', r == '\uffff':
		return unicode.ReplacementChar
	}
	return r
}

func counts(s Summary) map[Verdict]int {
	return map[Verdict]int{
		Pass: s.Pass, Fail: s.Fail, Warn: s.Warn, Inconclusive: s.Inconclusive, Error: s.Error, Skip: s.Skip, Waived: s.Waived,
	}
}

// summaryLine is the line that can be grepped, the same in every format for people.
func summaryLine(r *Report) string {
	s := r.Summary
	return fmt.Sprintf("regpolicy: fail=%d warn=%d inconclusive=%d error=%d pass=%d skip=%d waived=%d policies=%d",
		s.Fail, s.Warn, s.Inconclusive, s.Error, s.Pass, s.Skip, s.Waived, r.Run.Policies.Count)
}

func iso(t evidence.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
