package engine

import (
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// pull is one pull failure, as far as a report sums it up.
type pull struct{ pod, namespace, registry, node string }

func pullsOf(in *Input) []pull {
	var out []pull
	for _, f := range in.Document.PullFailures {
		out = append(out, pull{in.URI + "\x00" + f.Namespace + "/" + f.Pod, f.Namespace, f.Registry, f.Node})
	}
	return out
}

// reach sums up who cannot pull, from where.
type reach struct{ pods, namespaces, registries, nodes map[string]bool }

func newReach() reach {
	return reach{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

func (r reach) add(pulls []pull) {
	for _, p := range pulls {
		r.pods[p.pod], r.namespaces[p.namespace], r.registries[p.registry], r.nodes[p.node] = true, true, true, true
	}
}

func (r reach) sum() report.Affected {
	delete(r.nodes, "")
	delete(r.registries, "")
	return report.Affected{Pods: len(r.pods), Namespaces: sorted(r.namespaces), Registries: sorted(r.registries), Nodes: sorted(r.nodes)}
}

// hostsOf are the registries and hosts that failures bear on, by fingerprint, as the
// pull failures tell that they point to.
func hostsOf(results resultLists, doc *evidence.Document) map[string][]string {
	out := map[string][]string{}
	for r := range results.all() {
		if r.Verdict != report.Fail {
			continue
		}
		for _, e := range r.Evidence {
			key, ok := strings.CutPrefix(e.Pointer, "/pull_failures/")
			if !ok {
				continue
			}
			if f, ok := doc.PullFailures[UnescapePointer(key)]; ok {
				out[r.Fingerprint] = append(out[r.Fingerprint], f.Registry, f.Host)
			}
		}
	}
	return out
}
