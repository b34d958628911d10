package engine

import (
	"fmt"
	"path"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Waiver excuses the failures of one policy on the subjects that a glob names,
// until a day.
type Waiver struct {
	Policy  string `yaml:"policy"`
	Subject string `yaml:"subject"`
	Reason  string `yaml:"reason"`
	Owner   string `yaml:"owner"`
	Expires string `yaml:"expires"` // 2027-01-31, the last day that counts, UTC
	// File and Line are where it stands.
	File string `yaml:"-"`
	Line int    `yaml:"-"`
	// Until is the moment after the last day.
	Until time.Time `yaml:"-"`
}

// Check says what is wrong with a waiver, and settles Until.
func (w *Waiver) Check() *Fault {
	fault := func(hint, format string, args ...any) *Fault {
		return &Fault{File: w.File, Line: w.Line, Message: fmt.Sprintf(format, args...), Hint: hint}
	}
	for _, field := range []struct{ name, value string }{
		{"policy", w.Policy}, {"subject", w.Subject}, {"reason", w.Reason}, {"owner", w.Owner}, {"expires", w.Expires},
	} {
		if field.value == "" {
			return fault("all of policy, subject, reason, owner and expires are needed", "waiver without %q", field.name)
		}
	}
	day, err := time.Parse(time.DateOnly, w.Expires)
	if err != nil {
		return fault("write it as 2027-01-31", "waiver's expires %q is no date", w.Expires)
	}
	w.Until = day.AddDate(0, 0, 1)
	if _, err := path.Match(w.Subject, ""); err != nil {
		return fault("`*` and `?` are wildcards, `[` starts a class", "waiver's subject %q is no glob", w.Subject)
	}
	return nil
}

type waiving struct {
	waivers []Waiver
	used    []bool
	expired []bool
}

func newWaiving(waivers []Waiver) *waiving {
	return &waiving{waivers: waivers, used: make([]bool, len(waivers)), expired: make([]bool, len(waivers))}
}

// expire notes the waivers that have ended at a document's time.
func (w *waiving) expire(at time.Time) {
	for i := range w.waivers {
		if !at.Before(w.waivers[i].Until) {
			w.expired[i] = true
		}
	}
}

func (w *waiving) apply(results []report.Result) {
	if len(w.waivers) == 0 {
		return
	}
	for r := range results {
		result := &results[r]
		if result.Verdict != report.Fail && result.Verdict != report.Warn {
			continue
		}
		if waiver := w.longest(result.ID, result.Subject.String()); waiver != nil {
			result.Waiver = &report.Waiver{Reason: waiver.Reason, Owner: waiver.Owner, Expires: waiver.Expires, Verdict: result.Verdict}
			result.Verdict = report.Waived
		}
	}
}

// longest is the waiver in force for a result that ends last; nil where none is.
func (w *waiving) longest(id, subject string) *Waiver {
	var found *Waiver
	for i := range w.waivers {
		waiver := &w.waivers[i]
		if waiver.Policy != id || !globMatches(waiver.Subject, subject) {
			continue
		}
		w.used[i] = true
		if !w.expired[i] && (found == nil || waiver.Until.After(found.Until)) {
			found = waiver
		}
	}
	return found
}

// covers tells whether a waiver excuses a verdict that is to come.
func (w *waiving) covers(c *report.Change) bool {
	if c.To != report.Fail && c.To != report.Warn {
		return false
	}
	for i := range w.waivers {
		waiver := &w.waivers[i]
		if waiver.Policy == c.ID && globMatches(waiver.Subject, c.Subject.String()) && c.At.Before(waiver.Until) {
			return true
		}
	}
	return false
}

// globMatches is path.Match over text in which `/` is nothing special.
func globMatches(pattern, text string) bool {
	const stand = "\x01"
	ok, err := path.Match(replaceSlash(pattern, stand), replaceSlash(text, stand))
	return err == nil && ok
}

func replaceSlash(s, with string) string {
	out := []byte(s)
	for i := range out {
		if out[i] == '/' {
			out[i] = with[0]
		}
	}
	return string(out)
}

// findings reports the waivers that no longer work.
func (w *waiving) findings() []report.Result {
	var out []report.Result
	for i, waiver := range w.waivers {
		if !w.expired[i] {
			continue
		}
		r := report.Result{
			ID: WaiverID, Policy: "regpolicy.waivers", Verdict: report.Fail, Severity: "medium",
			Title:       "Every waiver is in force",
			Message:     fmt.Sprintf("the waiver of %s for %q by %s expired on %s", waiver.Policy, waiver.Subject, waiver.Owner, waiver.Expires),
			Subject:     evidence.Subject{"kind": "waiver", "policy": waiver.Policy, "name": waiver.Subject},
			Evidence:    []report.Pointer{},
			Missing:     []report.Missing{},
			Remediation: "repair what it excused, or renew it with a new date and reason",
			Controls:    map[string][]string{},
		}
		r.Fingerprint = report.Fingerprint(r.ID, r.Subject.String())
		out = append(out, r)
	}
	return out
}

func (w *waiving) count() report.Waivers {
	var c report.Waivers
	for i := range w.waivers {
		switch {
		case w.expired[i]:
			c.Expired++
		case w.used[i]:
			c.Used++
		default:
			c.Unused++
			waiver := w.waivers[i]
			c.UnusedNames = append(c.UnusedNames, fmt.Sprintf("%s for %q by %s (%s:%d)", waiver.Policy, waiver.Subject, waiver.Owner, waiver.File, waiver.Line))
		}
	}
	return c
}
