package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/test/e2e/internal/pki"
)

// outcome is a state's line in the table.
type outcome struct {
	state         *state
	before, after *report
	seconds       float64
}

// others are the policies that failed before and have another verdict than pass now.
func (o outcome) others() []string {
	var others []string
	for _, id := range policiesOf(o.state.fails) {
		if verdict := o.after.verdict(id, nil); verdict != "pass" {
			others = append(others, id+" "+verdict)
		}
	}
	return others
}

// tellStates prints the table and holds it against the one in docs.
func (l *lab) tellStates(outcomes []outcome) error {
	l.tally.heading("broken states, before and after their repair")
	for _, o := range outcomes {
		fmt.Fprintf(l.tally.w, "    %-22s %-28s %-48s %-24s %5.1fs\n", o.state.name, o.before.cause(),
			strings.ReplaceAll(strings.Join(policiesOf(o.before.failures()), " "), "RT-", ""), o.verdicts(), o.seconds)
	}
	const name = "broken-states.md"
	run := statesPage(outcomes)
	if err := pki.WriteFile(filepath.Join(l.logs, name), []byte(run), 0o644); err != nil {
		return err
	}
	committed, err := os.ReadFile(filepath.Join(filepath.Dir(l.rbac), name))
	if err != nil {
		return err
	}
	l.tally.check("docs/"+name+" tells of this run", string(committed) == run, true,
		"REGPOLICY_E2E_LOGS=DIR test/e2e/run states leaves the page in DIR: compare it with that in docs, and copy it if it is right")
	return nil
}

// verdicts are what became of the policies that failed.
func (o outcome) verdicts() string {
	if failures := o.after.failures(); len(failures) > 0 {
		return "still fail: " + strings.Join(policiesOf(failures), " ")
	}
	return strings.Join(append([]string{"pass"}, o.others()...), ", ")
}

const pageHead = `# Broken states and their repair

What ` + "`make e2e`" + ` saw on a real cluster (kube-apiserver, kubelet, containerd, registries): trust is broken in one way, a pod cannot
pull, ` + "`regpolicy eval --ssh`" + ` fails for exactly the policies named here and leads with those in bold. Then the words of its
remediation, as they stand here, are followed and nothing else is done: a new pod runs, and the exit code is 0. The test's stage
` + "`states`" + ` wrote this page and fails where it differs from what happens.

| state | what is broken | cause of the failed pull | policies that fail before | the report's advice, which was followed | those policies afterwards |
|---|---|---|---|---|---|
`

// statesPage is docs/broken-states.md.
func statesPage(outcomes []outcome) string {
	var page strings.Builder
	page.WriteString(pageHead)
	for _, o := range outcomes {
		leads := strings.Fields(o.before.leads())
		failing := policiesOf(o.before.failures())
		for i, id := range failing {
			if slices.Contains(leads, id) {
				failing[i] = "**" + id + "**"
			}
		}
		var advice []string
		for _, step := range o.state.repair {
			advice = append(advice, "“"+strings.TrimSpace(o.state.words(step.says))+"”")
		}
		cells := []string{o.state.name, o.state.broken, "`" + o.before.cause() + "`", strings.Join(failing, " "), strings.Join(advice, "; "), o.verdicts()}
		page.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return page.String()
}

// failures are all results that fail, as "ID subject", sorted.
func (r *report) failures() []string {
	var out []string
	for _, result := range r.Results {
		if result.Verdict == "fail" {
			out = append(out, result.ID+" "+subjectWords(result.Subject))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// subjectWords is a subject in a few words, without what all of them have.
func subjectWords(subject map[string]string) string {
	kind := subject["kind"]
	name := strings.TrimSuffix(strings.TrimSuffix(subject["name"], ":443"), ".corp.example")
	vantage, _, _ := strings.Cut(subject["vantage"], "/")
	switch {
	case kind == "trust_file":
		return subject["path"]
	case kind == "pod":
		return kind // a state has one at a time
	case kind == "certificate":
		return kind // its name is a fingerprint, and new in every run
	case vantage != "":
		return kind + " " + name + " from " + vantage
	default:
		return kind + " " + name
	}
}

// leads are the policies that the report leads with, in its order.
func (r *report) leads() string {
	var ids []string
	for _, d := range r.Diagnosis {
		ids = append(ids, d.ID)
	}
	return strings.Join(ids, " ")
}

// remediation is what the report tells to do about what it leads with.
func (r *report) remediation() string {
	var texts []string
	for _, d := range r.Diagnosis {
		texts = append(texts, d.Remediation)
	}
	return strings.Join(texts, "\n")
}

var causeInWords = regexp.MustCompile(`\(([a-z0-9_]+)(?:, answered by \S+)?\)$`)

// cause is why the pod's pull failed, as RT-EVT-001 says.
func (r *report) cause() string {
	for _, result := range r.Results {
		if match := causeInWords.FindStringSubmatch(result.Message); result.ID == "RT-EVT-001" && match != nil {
			return match[1]
		}
	}
	return "none"
}
