package main

import (
	"cmp"
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
		fmt.Fprintln(e.stderr, oneLine(fmt.Sprintf("re-creating the cluster deletes secret %s with it. Before you do anything, save it:", ref.Name)))
		if repair.Pasteable(ref.Namespace, ref.Name) {
			fmt.Fprintf(e.stderr, "  %s get secret %s -o yaml >%s.yaml\n", kubectl, ref.Name, ref.Name)
		}
	}
}

// tellFix says what was repaired, what of it is proven, what comes later, and what is
// left.
func tellFix(e *environment, out *repair.Outcome, caFromRegistry bool) error {
	say := func(format string, args ...any) {
		fmt.Fprintln(e.stderr, report.Visible(evidence.Scrub(fmt.Sprintf(format, args...))))
	}
	for _, r := range out.Proven {
		say("%s  %s", strings.Join(r.Policies, ", "), r.Of)
		say("  %s", r.Does)
		for _, note := range r.Notes {
			say("  %s", note)
		}
		say("  %s", r.Proof())
	}
	for _, r := range out.Rolling {
		say("%s/%s: nothing to repair, wait for the roll: %q was renamed to %q already, and %s made before that",
			r.Object.Kind, r.Object.Name, r.From, r.To, made(r.Nodes))
		say("  %s", r.Watch())
	}
	if len(out.Proven)+len(out.Rolling) > 0 {
		tellAhead(say, out)
	}
	for _, failed := range out.Failed {
		say("not made, for it did not prove itself: %s  %s: %s: %s", strings.Join(failed.Repair.Policies, ", "), failed.Repair.Of, failed.Repair.Does, failed.Why)
	}
	tellLeft(say, out, caFromRegistry)
	say("regpolicy fix: repaired=%d failed=%d left=%d later=%d open=%d",
		len(out.Proven), len(out.Failed), len(out.Left), len(out.Foreseen), len(out.Open))
	switch {
	case len(out.Left)+len(out.Failed) > 0:
		return &exitError{code: exitFailed}
	case len(out.Proven)+len(out.Rolling) == 0:
		say("nothing to repair%s", openResults(out.Report))
	}
	return nil
}

// made names nodes in front of "made before".
func made(nodes []string) string {
	const most = 3
	switch n := len(nodes); {
	case n == 1:
		return "node " + nodes[0] + " was"
	case n <= most:
		return "nodes " + strings.Join(nodes, ", ") + " were"
	default:
		return fmt.Sprintf("nodes %s and %d more were", strings.Join(nodes[:most], ", "), n-most)
	}
}

// tellAhead says what becomes true only later, and what to do until then.
func tellAhead(say func(string, ...any), out *repair.Outcome) {
	if a := out.Ahead; a != nil {
		if len(out.Foreseen) > 0 {
			say("not yet true, but foreseen by judging again %s:", foreseenWith(a))
			say("  these pass, too: %s", strings.Join(out.Foreseen, ", "))
		}
		if len(out.Open) > 0 {
			say("nobody can tell yet whether pods pull then: what the registry presents, or what the puller trusts, is not in the evidence (add --registry HOST):")
			say("  still open: %s", strings.Join(out.Open, ", "))
		}
		for _, cluster := range slices.Sorted(maps.Keys(a.Held)) {
			say("cluster %s gets no new nodes before this is repaired, too: %s", cluster, a.Held[cluster])
		}
		if len(a.Loose) > 0 {
			say("new nodes lack what was put on the old ones by hand, unless their image brings it: %s", strings.Join(a.Loose[:min(len(a.Loose), 5)], ", "))
		}
	}
	say("next:")
	for i, step := range nextSteps(out) {
		say("  %d. %s", i+1, step)
	}
}

// foreseenWith says what was put in the place of what is not there yet.
func foreseenWith(a *repair.Ahead) string {
	var with []string
	if len(a.Nodes) > 0 {
		with = append(with, "with new nodes in the place of "+strings.Join(a.Nodes[:min(len(a.Nodes), 3)], ", "))
	}
	if more := len(a.Nodes) - 3; more > 0 {
		with[0] += fmt.Sprintf(" and %d more", more)
	}
	if a.Served {
		with = append(with, "with the registry sending its chain")
	}
	if a.Pulled {
		with = append(with, "with pods that pull again")
	}
	if len(with) == 0 {
		return "with new nodes"
	}
	return strings.Join(with, " and ")
}

func nextSteps(out *repair.Outcome) []string {
	var steps []string
	if len(out.Manifests.Changed()) > 0 {
		steps = append(steps, "apply it: fix has changed nothing in any cluster")
	} else if len(out.Rolling) > 0 {
		steps = append(steps, "apply the files as they are, if that was not done yet")
	}
	a := out.Ahead
	if a == nil {
		return append(steps, "run eval again")
	}
	if a.Served {
		steps = append(steps, "let whoever runs the registry install the chain, and restart it")
	}
	for _, cluster := range a.Clusters[:min(len(a.Clusters), 3)] {
		step := fmt.Sprintf("wait until the nodes of %s have rolled", cluster)
		if namespace, name, _ := strings.Cut(cluster, "/"); namespace != "" && repair.Pasteable(namespace, name) {
			step += fmt.Sprintf(": kubectl -n %s get machines -w", namespace)
		}
		steps = append(steps, step)
	}
	if a.Pulled {
		steps = append(steps, "wait some minutes: waiting pods pull by themselves")
	}
	last := "run eval again"
	if len(out.Foreseen)+len(out.Open) > 0 {
		last = "collect anew and run eval: on what was collected before it still fails"
	}
	return append(steps, last)
}

func tellLeft(say func(string, ...any), out *repair.Outcome, caFromRegistry bool) {
	reasons := map[string][]string{}
	doing := map[string]string{}
	silent := map[string]bool{}
	for _, p := range out.Problems {
		silent[p.Policy] = silent[p.Policy] || p.Remediation == ""
		doing[p.Policy] = p.Remediation
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
		remediation := cmp.Or(doing[d.ID], d.Remediation)
		label := "do:"
		for line := range strings.Lines(remediation) {
			if silent[d.ID] {
				break
			}
			say("  %-3s %s", label, strings.TrimSuffix(line, "\n"))
			label = ""
		}
		if slices.Contains([]string{"RT-CFG-006", "RT-CFG-019", "RT-XEV-003"}, d.ID) && !caFromRegistry {
			say("  hint: --ca-from-registry, with --registry HOST, takes the CA that the registry presents, and shows its fingerprint")
		}
		if unseen := unseenRegistries(out.Document, &d); len(unseen) > 0 {
			say("  hint: which CA is wanted can be seen at the registry: add%s; where no configuration holds it, --ca-from-registry takes what the registry presents, and shows its fingerprint",
				unseen)
		}
	}
}

// unseenRegistries are the flags that probe the registries of a failure of trust whose
// chains are not in the evidence.
func unseenRegistries(doc *evidence.Document, d *report.Diagnosis) string {
	if !slices.Contains([]string{"RT-EVT-002", "RT-EVT-003", "RT-EVT-012"}, d.ID) {
		return ""
	}
	const most = 3
	var flags []string
	for _, registry := range d.Registries {
		if _, used := doc.Registries[registry]; used && len(doc.Endpoints[registry].Chains) == 0 && len(flags) < most {
			flags = append(flags, " --registry "+strings.TrimSuffix(registry, ":443"))
		}
	}
	return strings.Join(flags, "")
}

func openResults(r *report.Report) string {
	if n := r.Summary.Inconclusive + r.Summary.Error; n > 0 {
		return fmt.Sprintf("; %d results are inconclusive: see eval", n)
	}
	return ""
}
