package engine

import (
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
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

// told is what a failure bears on as other records of the document tell it.
type told struct {
	hosts, nodes []string
	// untrusted tells that a chain leads to no anchor, whatever its dates.
	untrusted bool
}

// toldOf is what failures bear on, by fingerprint: the registries, hosts and nodes of
// the pull failures that they point to, and the nodes that share a trust store.
func toldOf(results resultLists, doc *evidence.Document) map[string]told {
	out := map[string]told{}
	named := namesNodes(doc)
	for r := range results.all() {
		if r.Verdict != report.Fail {
			continue
		}
		t := out[r.Fingerprint]
		if nodes := doc.Views.NodesByTrustStore[r.Subject["trust_store"]]; t.nodes == nil {
			t.nodes = slices.Clip(nodes) // many failures share it
		}
		for _, e := range r.Evidence {
			t.untrusted = t.untrusted || leadsNowhere(doc, e.Pointer)
			key, ok := strings.CutPrefix(e.Pointer, "/pull_failures/")
			if !ok {
				continue
			}
			f, ok := doc.PullFailures[jsonpointer.Unescape(key)]
			if !ok {
				continue
			}
			t.hosts = append(t.hosts, f.Registry, f.Host)
			if named && f.Node != "" {
				t.nodes = append(t.nodes, f.Node)
			}
		}
		if len(t.hosts)+len(t.nodes) > 0 || t.untrusted {
			out[r.Fingerprint] = t
		}
	}
	return out
}

// leadsNowhere tells whether a pointer names the verdict on a chain that leads to no
// anchor of a trust store. Verdicts leave time out.
func leadsNowhere(doc *evidence.Document, pointer string) bool {
	parts := strings.Split(pointer, "/")
	if len(parts) != 7 || parts[1] != "endpoints" || parts[3] != "chains" || parts[5] != "verdicts" {
		return false
	}
	chain := doc.Endpoints[jsonpointer.Unescape(parts[2])].Chains[jsonpointer.Unescape(parts[4])]
	verdict, ok := chain.Verdicts[jsonpointer.Unescape(parts[6])]
	return ok && !verdict.OK
}

// namesNodes tells whether pods name nodes as those that were read are called: what was
// read over SSH may go by its address.
func namesNodes(doc *evidence.Document) bool {
	for _, f := range doc.PullFailures {
		if _, ok := doc.Nodes[f.Node]; ok {
			return true
		}
	}
	for _, p := range doc.Pods {
		if _, ok := doc.Nodes[p.Node]; ok {
			return true
		}
	}
	return false
}
