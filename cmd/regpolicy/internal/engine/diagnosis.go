package engine

import (
	"cmp"
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// diagnose names the causes among the failures: a failed policy that another
// failed policy explains (METADATA custom.explains) is a symptom and stands
// under its cause. 400 pods that lack one CA are one paragraph.
func diagnose(results []report.Result, policies []*Policy) []report.Diagnosis {
	explains := map[string][]string{}
	for _, p := range policies {
		explains[p.ID] = p.Explains
	}
	failed := map[string][]*report.Result{}
	var ids []string
	for i := range results {
		r := &results[i]
		if r.Verdict != report.Fail {
			continue
		}
		if _, ok := failed[r.ID]; !ok {
			ids = append(ids, r.ID)
		}
		failed[r.ID] = append(failed[r.ID], r)
	}
	explained := map[string]bool{}
	for _, id := range ids {
		for _, symptom := range reach(id, explains, failed) {
			explained[symptom] = true
		}
	}
	out := []report.Diagnosis{}
	for _, id := range ids {
		if explained[id] {
			continue
		}
		out = append(out, newDiagnosis(failed[id], reach(id, explains, failed), failed))
	}
	slices.SortStableFunc(out, func(a, b report.Diagnosis) int {
		return cmp.Or(
			cmp.Compare(len(b.Explains), len(a.Explains)),
			cmp.Compare(slices.Index(report.Severities, b.Severity), slices.Index(report.Severities, a.Severity)),
			cmp.Compare(a.ID, b.ID))
	})
	return out
}

// reach lists the failed policies that id explains, directly or through others,
// sorted; never id itself.
func reach(id string, explains map[string][]string, failed map[string][]*report.Result) []string {
	seen := map[string]bool{id: true}
	queue := []string{id}
	var out []string
	for len(queue) > 0 {
		current := queue[0]
		queue = queue[1:]
		for _, next := range explains[current] {
			if seen[next] {
				continue
			}
			seen[next] = true
			queue = append(queue, next)
			if len(failed[next]) > 0 {
				out = append(out, next)
			}
		}
	}
	slices.Sort(out)
	return out
}

func newDiagnosis(results []*report.Result, symptoms []string, failed map[string][]*report.Result) report.Diagnosis {
	worst := results[0]
	var messages []string
	for _, r := range results {
		if slices.Index(report.Severities, r.Severity) > slices.Index(report.Severities, worst.Severity) {
			worst = r
		}
		messages = append(messages, r.Message)
	}
	slices.Sort(messages)
	d := report.Diagnosis{
		ID: worst.ID, Severity: worst.Severity, Title: worst.Title, Messages: slices.Compact(messages),
		Subjects: len(results), Remediation: worst.Remediation, Explains: []report.Explained{}, Example: evidence.Subject{},
	}
	for k, v := range worst.Subject {
		d.Example[k] = v
	}
	for _, id := range symptoms {
		d.Explains = append(d.Explains, report.Explained{ID: id, Title: failed[id][0].Title, Subjects: len(failed[id])})
	}
	return d
}

// affected sums up who cannot pull, from where.
func affected(inputs []Input) report.Affected {
	pods, namespaces, registries, nodes := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range inputs {
		for _, f := range inputs[i].Document.PullFailures {
			pods[inputs[i].URI+"\x00"+f.Namespace+"/"+f.Pod] = true
			namespaces[f.Namespace] = true
			registries[f.Registry] = true
			nodes[f.Node] = true
		}
	}
	delete(nodes, "")
	delete(registries, "")
	return report.Affected{Pods: len(pods), Namespaces: sorted(namespaces), Registries: sorted(registries), Nodes: sorted(nodes)}
}

func sorted(set map[string]bool) []string {
	out := slices.AppendSeq(make([]string, 0, len(set)), maps.Keys(set))
	slices.Sort(out)
	return out
}
