package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Comparison is what became of the failures of one report in another.
type Comparison struct {
	// New fail now and did not then; they may have been inconclusive.
	New []Result `json:"new"`
	// Fixed failed then, and now the same policy looked at the same evidence and
	// does not fail.
	Fixed []Result `json:"fixed"`
	// Unchanged fail in both.
	Unchanged []Result `json:"unchanged"`
	// NotComparable failed then, and now nobody looked: the policy did not run, or
	// its evidence was not had.
	NotComparable []Result `json:"not_comparable"`
}

// Compare holds a report against an older one. Results are the same when policy and
// subject are.
func Compare(older, newer *Report) Comparison {
	c := Comparison{New: []Result{}, Fixed: []Result{}, Unchanged: []Result{}, NotComparable: []Result{}}
	then, now := byFingerprint(older), byFingerprint(newer)
	looked := lookedAt(newer)
	for i := range newer.Results {
		r := newer.Results[i]
		if r.Verdict != Fail {
			continue
		}
		if old, ok := then[r.Fingerprint]; ok && old.Verdict == Fail {
			c.Unchanged = append(c.Unchanged, r)
			continue
		}
		c.New = append(c.New, r)
	}
	for i := range older.Results {
		r := older.Results[i]
		if r.Verdict != Fail {
			continue
		}
		current, ok := now[r.Fingerprint]
		switch {
		case ok && current.Verdict == Fail:
		case ok && settled(current.Verdict), !ok && looked[r.ID]:
			c.Fixed = append(c.Fixed, r)
		default:
			c.NotComparable = append(c.NotComparable, r)
		}
	}
	return c
}

// MarkKnown marks the failures that an older report has, too.
func MarkKnown(r, older *Report, uri string) {
	c := Compare(older, r)
	r.Run.Baseline = &Baseline{URI: uri, New: len(c.New), Fixed: len(c.Fixed), Unchanged: len(c.Unchanged), NotComparable: len(c.NotComparable)}
	then := byFingerprint(older)
	for i := range r.Results {
		if old, ok := then[r.Results[i].Fingerprint]; ok && old.Verdict == Fail && r.Results[i].Verdict == Fail {
			r.Results[i].Known = true
		}
	}
}

func byFingerprint(r *Report) map[string]*Result {
	out := make(map[string]*Result, len(r.Results))
	for i := range r.Results {
		out[r.Results[i].Fingerprint] = &r.Results[i]
	}
	return out
}

func settled(v Verdict) bool { return v == Pass || v == Warn || v == Waived }

// lookedAt are the policies that looked at all there was: a subject that is absent
// from their results is gone. One that skipped for want of a subject looked, too;
// one that nobody gave evidence to did not.
func lookedAt(r *Report) map[string]bool {
	out, open := map[string]bool{}, map[string]bool{}
	for i := range r.Results {
		res := &r.Results[i]
		switch {
		case settled(res.Verdict), res.Verdict == Fail, res.Verdict == Skip && !strings.HasPrefix(res.Message, "not_asked"):
			out[res.ID] = true
		case res.Verdict == Inconclusive || res.Verdict == Error:
			open[res.ID] = true
		}
	}
	for id := range open {
		delete(out, id)
	}
	return out
}

// ComparisonText writes a comparison for people: a line for each policy, with the
// first of its messages. Quiet leaves out what did not change.
func ComparisonText(w io.Writer, c *Comparison, opt TextOptions) error {
	var out strings.Builder
	say := opt.Words
	section := func(title string, results []Result, colors ...text.Color) {
		if len(results) == 0 {
			return
		}
		fmt.Fprintf(&out, "%s:\n", paint(opt.Color, title, append(colors, text.Bold)...))
		groups := map[string][]Result{}
		for _, r := range results {
			groups[r.ID] = append(groups[r.ID], r)
		}
		for _, id := range slices.Sorted(maps.Keys(groups)) {
			first := groups[id][0]
			line := fmt.Sprintf("%-8s %s%s  %s", say.Say(first.Severity), Visible(id), say.times(len(groups[id])), Visible(first.Message))
			out.WriteString(indented(line, opt.Width))
		}
		out.WriteString("\n")
	}
	section(say.Say("New"), c.New, text.FgRed)
	section(say.Say("Fixed"), c.Fixed, text.FgGreen)
	if !opt.Quiet {
		section(say.Say("Unchanged"), c.Unchanged)
	}
	section(say.Say("Not comparable, for nobody looked this time"), c.NotComparable, text.FgYellow)
	fmt.Fprintf(&out, "regpolicy diff: new=%d fixed=%d unchanged=%d not_comparable=%d\n", len(c.New), len(c.Fixed), len(c.Unchanged), len(c.NotComparable))
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing comparison: %w", err)
	}
	return nil
}

// indented is an entry of a list, folded where the width is known.
func indented(line string, width int) string {
	if width == 0 {
		return "  " + line + "\n"
	}
	return "  " + strings.Join(fold(line, max(width, 40)-4), "\n    ") + "\n"
}
