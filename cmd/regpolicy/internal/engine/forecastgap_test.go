package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// later is a policy over time that does something else from a date on.
func later(id, body string) string {
	return fmt.Sprintf(`# METADATA
# custom:
#   id: %[1]s
package org.%[1]s

subjects contains {"kind": "certificate", "name": name} if some name, _ in input.certificates

deny contains {"subject": {"kind": "certificate", "name": name}, "msg": "ended"} if {
	some name, c in input.certificates
	time.parse_rfc3339_ns(c.not_after) < time.parse_rfc3339_ns(input.at)
}

deny contains {"subject": {"kind": "certificate", "name": name}, "msg": msg} if {
	some name, _ in input.certificates
	input.at > "2026-12-25T00:00:00Z"
	%[2]s
}
`, id, body)
}

const (
	endless = "some a in numbers.range(1, 10000)\n\tsome b in numbers.range(1, 10000)\n\ta * b == 0\n\tmsg := \"x\""
	greedy  = "some i in numbers.range(1, 100000000)\n\tmsg := sprintf(\"%d\", [i])"
	broken  = "msg := sprintf(\"%d\", [time.parse_rfc3339_ns(name)])"
)

// TestForecastThatIsCutShort tells of policies that fail as of a date to come: what
// they would find from then on is not known.
func TestForecastThatIsCutShort(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body   string
		opt    Options
		reason string
	}{
		"time":                 {endless, Options{Timeout: time.Second}, "it took longer than 1s and was stopped"},
		"the time for all":     {endless, Options{Within: 3 * time.Second}, "the 3s for all judging were over before it was done"},
		"memory":               {greedy, Options{Memory: 256 << 20, Timeout: unhurried}, "it took too much memory and was stopped: the process may hold 256 MiB"},
		"a failure of its own": {broken, Options{}, "org/0.rego:16: eval_builtin_error: time.parse_rfc3339_ns: parsing time \"0"},
	} {
		t.Run(name, func(t *testing.T) {
			in := withCertificates(t, [2]int{-10, 20}, [2]int{-10, 40}, [2]int{-10, 60})
			l := loadWith(t, Config{}, later("slow", tc.body), later("quick", "false\n\tmsg := \"x\""))
			tc.opt.Forecast = 90 * 24 * time.Hour
			rep, err := l.Judge(t.Context(), []Input{in}, tc.opt)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"2027-01-02 slow: " + tc.reason}
			if diff := cmp.Diff(want, gapsOf(rep)); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
			// What was found before, and what others find, stays.
			changes := []string{"2026-12-13 0 pass->fail", "2026-12-13 0 pass->fail", "2027-01-02 1 pass->fail", "2027-01-22 2 pass->fail"}
			if diff := cmp.Diff(changes, changesOf(rep)); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForecastOfAPolicyThatFails looks ahead for no policy that fails as it is: at each
// date it would take its time again.
func TestForecastOfAPolicyThatFails(t *testing.T) {
	t.Parallel()
	in := withCertificates(t, [2]int{-10, 40}, [2]int{-10, 50}, [2]int{-10, 60})
	at := collectedAt.AddDate(0, 0, 39)
	rep, err := loadWith(t, Config{}, later("slow", endless)).Judge(t.Context(), []Input{in}, Options{At: &at, Timeout: time.Second, Forecast: 90 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	// The gap begins today; of a policy that was tried it would begin at the first date.
	want := []string{"2027-01-01 slow: it took longer than 1s and was stopped"}
	if diff := cmp.Diff(want, gapsOf(rep)); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
}

// TestFutureForgets drops what policies share at all dates, not at one alone.
func TestFutureForgets(t *testing.T) {
	l := loadWith(t, Config{}, later("one", broken))
	f := newFuture(1, ast.NewObject(), l.shared.Document(true, nil))
	first := f.at(evidence.At(collectedAt.AddDate(0, 0, 1)))
	if f.at(evidence.At(collectedAt.AddDate(0, 0, 1))) != first || len(f.dates) != 1 {
		t.Fatal("a date is not kept")
	}
	f.Drop()
	if f.at(evidence.At(collectedAt.AddDate(0, 0, 1))) == first || len(f.dates) != 0 {
		t.Errorf("%d dates are kept", len(f.dates))
	}
	(&future{}).Drop() // nothing shared
}

func gapsOf(rep *report.Report) []string {
	var out []string
	for _, g := range rep.ForecastGaps {
		out = append(out, fmt.Sprintf("%s %s: %.73s", g.From.Format(time.DateOnly), g.ID, g.Reason))
	}
	return out
}
