package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/repair"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// warnOfRecreation says first what a cluster's end takes with it: re-creating it is
// what many think of.
func warnOfRecreation(e *environment, s repair.State) {
	if s.Report.Summary.Fail == 0 {
		return
	}
	const suffix = "-user-trusted-ca-secret"
	secrets := map[string]evidence.KeyRef{}
	for _, t := range s.Document.Trust {
		if t.Secret != nil && t.Object.Kind == "Cluster" && strings.HasSuffix(t.Secret.Name, suffix) {
			secrets[t.Secret.Namespace+"/"+t.Secret.Name] = *t.Secret
		}
	}
	for key, c := range s.Document.Clusters {
		if held, ok := s.Document.Secrets[key+suffix]; ok && !held.Missing && c.Object.Kind == "Cluster" {
			secrets[key+suffix] = evidence.KeyRef{Namespace: c.Object.Namespace, Name: c.Object.Name + suffix}
		}
	}
	const most = 5
	for i, key := range slices.Sorted(maps.Keys(secrets)) {
		if i == most {
			fmt.Fprintf(e.stderr, "the same holds for the trust secrets of %d more clusters\n", len(secrets)-most)
			return
		}
		ref := secrets[key]
		kubectl := "kubectl"
		if ref.Namespace != "" {
			kubectl += " -n " + ref.Namespace
		}
		command := fmt.Sprintf(": %s get secret %s -o yaml >%s.yaml", kubectl, ref.Name, ref.Name)
		if !repair.Pasteable(ref.Namespace, ref.Name) {
			command = ""
		}
		fmt.Fprintln(e.stderr, oneLine(fmt.Sprintf("re-creating the cluster deletes %s with it: save it first%s", ref.Name, command)))
	}
}

// tellFix says what was repaired, what waits, and what is left.
func tellFix(e *environment, out *repair.Outcome, caFromRegistry bool) error {
	say := func(format string, args ...any) {
		fmt.Fprintln(e.stderr, report.Visible(evidence.Scrub(fmt.Sprintf(format, args...))))
	}
	for _, r := range out.Proven {
		say("%s  %s: %s", strings.Join(r.Policies, ", "), r.Of, r.Does)
		for _, note := range r.Notes {
			say("  %s", note)
		}
		say("  proven: judged again; no longer denied: %s; nothing else is worse", strings.Join(r.Policies, ", "))
	}
	if len(out.Proven) > 0 && len(out.Waiting) > 0 {
		say("nodes roll after you apply it; then run eval again: until then these look at nodes and pods as they are: %s", strings.Join(out.Waiting, ", "))
	}
	for _, failed := range out.Failed {
		say("not made, for it did not prove itself: %s  %s: %s: %s", strings.Join(failed.Repair.Policies, ", "), failed.Repair.Of, failed.Repair.Does, failed.Why)
	}
	tellLeft(say, out, caFromRegistry)
	say("regpolicy fix: repaired=%d failed=%d left=%d", len(out.Proven), len(out.Failed), len(out.Left))
	switch {
	case len(out.Left)+len(out.Failed) > 0:
		return &exitError{code: exitFailed}
	case len(out.Proven) == 0:
		say("nothing to repair%s", openResults(out.Report))
	}
	return nil
}

func tellLeft(say func(string, ...any), out *repair.Outcome, caFromRegistry bool) {
	reasons := map[string][]string{}
	silent := map[string]bool{}
	for _, p := range out.Problems {
		silent[p.Policy] = silent[p.Policy] || p.Remediation == ""
		if !slices.Contains(reasons[p.Policy], p.Why) {
			reasons[p.Policy] = append(reasons[p.Policy], p.Why)
		}
	}
	for _, d := range out.Left {
		for _, message := range d.Messages[:min(len(d.Messages), 3)] {
			say("not repaired: %s  %s", d.ID, message)
		}
		for _, why := range reasons[d.ID] {
			say("  why not: %s", why)
		}
		label := "do:"
		for line := range strings.Lines(d.Remediation) {
			if silent[d.ID] {
				break
			}
			say("  %-3s %s", label, strings.TrimSuffix(line, "\n"))
			label = ""
		}
		if d.ID == "RT-XEV-003" && !caFromRegistry {
			say("  hint: --ca-from-registry takes the CA that the registry presents, and shows its fingerprint")
		}
	}
}

func openResults(r *report.Report) string {
	if n := r.Summary.Inconclusive + r.Summary.Error; n > 0 {
		return fmt.Sprintf("; %d results are inconclusive: see eval", n)
	}
	return ""
}
