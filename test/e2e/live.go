package main

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// checkLive holds document and report of the live cluster against the cases.
func (l *lab) checkLive(ctx context.Context) error {
	doc, _, err := l.collect(ctx, "live", "--kubeconfig", l.reader)
	if err != nil {
		return err
	}
	rep, err := l.eval(ctx, "live", 1, "--kubeconfig", l.reader)
	if err != nil {
		return err
	}
	l.checkCauses(doc)
	l.checkPulled("live", rep)
	l.checkZoo(rep)
	l.checkCoverage("collect", doc.Coverage, nil)
	l.checkCoverage("eval", rep.Coverage, nil)
	for _, name := range []string{"nodes", "trust", "machines"} { // no --ssh, and no TKG here
		l.tally.check(name+" asked for", rep.Coverage[name].Requested, false)
	}
	return nil
}

// checkCauses: every case has the cause, stage and host of the table, and no pod
// has a failure that the table does not know.
func (l *lab) checkCauses(doc *document) {
	for _, c := range l.cases {
		failure, failed := doc.PullFailures["default/"+c.pod+"/app"]
		seen, want := running, c.pull
		if failed {
			seen = failure.Cause
		}
		if c.stage != "-" {
			seen, want = seen+" at "+failure.Stage, want+" at "+c.stage
		}
		if c.host != "-" {
			seen, want = seen+" of "+failure.Host, want+" of "+c.answerer()
		}
		l.tally.check("cause of "+c.pod, seen, want, failure.Message)
	}
	known := 0
	for _, c := range l.cases {
		if c.pull != running {
			known++
		}
	}
	l.tally.check("pull failures", len(doc.PullFailures), known, strings.Join(slices.Sorted(maps.Keys(doc.PullFailures)), " "))
	l.tally.check("pods", len(doc.Pods), len(l.cases))
}

// checkPulled: RT-EVT-001 fails for the pods that do not run and no others, and the
// policies of single causes for those among them that have it.
func (l *lab) checkPulled(name string, rep *report) {
	for _, p := range []struct {
		id    string
		fails func(testCase) bool
	}{
		{"RT-EVT-001", func(c testCase) bool { return c.pull != running }},
		{"RT-EVT-002", func(c testCase) bool { return c.pull == "unknown_authority" }},
		{"RT-EVT-003", func(c testCase) bool { return c.pull == "authority_rekeyed" }},
	} {
		var wrong []string
		for _, c := range l.cases {
			verdict := rep.verdict(p.id, map[string]string{"kind": "pod", "namespace": "default", "name": c.pod})
			if (verdict == "fail") != p.fails(c) {
				wrong = append(wrong, c.pod+": "+verdict)
			}
		}
		l.tally.check(name+": pods that "+p.id+" judges wrongly", orNone(wrong), "none")
	}
}

// zoo says which registry, or whose pod, each policy must fail for, and for no other.
var zoo = []struct{ id, fails string }{
	{"RT-EVT-004", "expired expired-root not-yet-valid"},
	{"RT-EVT-005", "cn-only wrong-host"},
	{"RT-EVT-006", "wrong-eku"},
	{"RT-EVT-007", "mtls plain-http tls11"},
	{"RT-EVT-008", "basic-auth denied-403"},
	{"RT-EVT-010", "dns-nxdomain dns-servfail refused"},
	{"RT-EVT-011", "toomany-429"},
	{"RT-TLS-003", "no-intermediate"},
	{"RT-TLS-004", "cn-only wrong-host"},
	{"RT-TLS-005", "cn-only"},
	{"RT-TLS-006", "expired"},
	{"RT-TLS-007", "not-yet-valid"},
	{"RT-TLS-008", "tls11"},
	{"RT-TLS-012", "wrong-eku"},
	{"RT-TLS-014", "self-signed"},
	{"RT-TLS-017", "plain-http"},
	{"RT-TLS-018", "denied-403 err-503 toomany-429"},
	{"RT-TLS-019", "bearer-ca"},
}

// checkZoo: each broken registry is found by the policy over its fault, and by it
// alone.
func (l *lab) checkZoo(rep *report) {
	for _, want := range zoo {
		l.tally.check("live: "+want.id+" fails for", orNone(rep.failing(want.id)), strings.ReplaceAll(want.fails, " ", "; "))
	}
}

// checkForbidden: without the right to list events that is a gap, and all else is
// as it was.
func (l *lab) checkForbidden(ctx context.Context) error {
	doc, _, err := l.collect(ctx, "forbidden", "--kubeconfig", l.noEvents)
	if err != nil {
		return err
	}
	rep, err := l.eval(ctx, "forbidden", 1, "--kubeconfig", l.noEvents)
	if err != nil {
		return err
	}
	want := map[string]string{"events": "section events: forbidden"}
	l.checkCoverage("collect", doc.Coverage, want)
	l.checkCoverage("eval", rep.Coverage, want)
	l.checkCauses(doc) // a kubelet of today says as much in the status of pods
	l.checkPulled("forbidden", rep)
	return nil
}

// checkCoverage: each section has the gaps that want names for it, or none, and
// asked for is what was answered, skipped or missing.
func (l *lab) checkCoverage(of string, sections map[string]coverage, want map[string]string) {
	l.tally.check(of+": sections", len(sections) > 4, true)
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		c := sections[name]
		expected := want[name]
		if expected == "" {
			expected = "none"
		}
		l.tally.check(of+": gaps of "+name, gaps(c), expected)
		if c.Asked != c.Answered+c.Skipped+len(c.Gaps) {
			l.tally.check(of+": sum of "+name, c, "asked = answered + skipped + gaps")
		}
	}
}

// gaps says in one line what is missing and why.
func gaps(c coverage) string {
	var lines []string
	for _, g := range c.Gaps {
		words := []string{g.Subject["kind"], g.Subject["name"]}
		if v := g.Subject["vantage"]; v != "" {
			words = append(words, "from "+v)
		}
		if g.Field != "" {
			words = append(words, "("+g.Field+")")
		}
		lines = append(lines, strings.TrimSpace(strings.Join(words, " "))+": "+g.Reason)
	}
	slices.Sort(lines)
	return orNone(lines)
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, "; ")
}
