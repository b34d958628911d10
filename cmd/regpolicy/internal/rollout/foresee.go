// Package rollout foresees what a changed trust configuration comes to: the nodes of
// the clusters whose specification changed, made anew, and the pods that pull again.
package rollout

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Foresight is a document as it will be, and what it rests on.
type Foresight struct {
	Document *evidence.Document
	// Nodes are those that are made anew, sorted, as far as they were read.
	Nodes []string
	// Clusters are those whose nodes are made anew, sorted.
	Clusters []string
	// Held are the changed clusters that get no new nodes for now, and why.
	Held map[string]string
	// Pulled tells that some pull that failed is foreseen to succeed, Served that some
	// registry sends another chain.
	Pulled, Served bool
	// Open are the pull failures of trust whose end nobody can tell: the registry's
	// chain, or what the node trusts, is not in the evidence. Keys of pull_failures.
	Open []string
	// Loose are CA files of nodes that no configuration names, sorted: a new node has
	// them only where its image brings them.
	Loose []string
}

// Changes tells whether what is foreseen differs from what is.
func (f *Foresight) Changes() bool {
	return len(f.Nodes) > 0 || len(f.Clusters) > 0 || f.Pulled || f.Served
}

// Foresee takes a document from before a change of the trust configuration and the
// one with the changed configuration and all else as it was. chains are what
// registries are to send, by endpoint; rolling are objects that were changed before,
// and whose nodes are still to be made anew.
func Foresee(ctx context.Context, before, now *evidence.Document, chains map[string][]string, rolling ...evidence.ObjectRef) (*Foresight, error) {
	doc, err := clone(now)
	if err != nil {
		return nil, err
	}
	f := &Foresight{Document: doc, Held: map[string]string{}}
	changed := respecified(before, now)
	for _, object := range rolling {
		changed[object] = true
	}
	f.hold()
	loose := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(doc.Nodes)) {
		wanted := entriesFor(doc, name)
		held := slices.ContainsFunc(wanted, func(key string) bool { return undeliverable(doc.Trust[key]) != "" })
		if held || !doc.Nodes[name].Read || !rolls(before, now, name, changed) {
			continue
		}
		for _, path := range remake(doc, name, wanted) {
			loose[path] = true
		}
		f.Nodes = append(f.Nodes, name)
	}
	f.Loose = slices.Sorted(maps.Keys(loose))
	f.roll(changed)
	f.Served = serve(doc, chains)
	settle(doc)
	f.pullAgain(before)
	evidence.Complete(doc)
	return f, ctx.Err()
}

// WithoutOpen is the document without the pull failures whose end nobody can tell.
func (f *Foresight) WithoutOpen() (*evidence.Document, error) {
	doc, err := clone(f.Document)
	if err != nil {
		return nil, err
	}
	forget(doc, f.Open)
	evidence.Complete(doc)
	return doc, nil
}

func clone(doc *evidence.Document) (*evidence.Document, error) {
	encoded, err := evidence.Encode(doc)
	if err != nil {
		return nil, fmt.Errorf("copying evidence: %w", err)
	}
	out, err := evidence.Decode(encoded)
	if err != nil {
		return nil, fmt.Errorf("copying evidence: %w", err)
	}
	return out, nil
}

// settle judges the chains against the stores that nodes have now.
func settle(doc *evidence.Document) {
	b := evidence.NewBuilder(doc.Tool, doc.CollectedAt.Time)
	b.Record(func(d *evidence.Document) { *d = *doc })
	certificate.Settle(b)
	b.View(func(d *evidence.Document) { *doc = *d })
}

// respecified are the objects whose specification differs in what it trusts. What a
// secret holds is no part of it: a value that is changed in place rolls no nodes.
func respecified(before, now *evidence.Document) map[evidence.ObjectRef]bool {
	was, is := specifications(before), specifications(now)
	out := map[evidence.ObjectRef]bool{}
	for _, specs := range []map[evidence.ObjectRef][]string{was, is} {
		for object := range specs {
			if !slices.Equal(was[object], is[object]) {
				out[object] = true
			}
		}
	}
	return out
}

func specifications(doc *evidence.Document) map[evidence.ObjectRef][]string {
	out := map[evidence.ObjectRef][]string{}
	for _, key := range slices.Sorted(maps.Keys(doc.Trust)) {
		e := doc.Trust[key]
		if e.Domain != evidence.DomainWorkload {
			continue
		}
		spec := e.Field + " " + e.Name
		switch {
		case e.Secret != nil && e.Object.Kind == "Cluster" && strings.HasSuffix(e.Field, "secretRef"):
			spec += fmt.Sprintf(" %s/%s", e.Secret.Name, e.Secret.Key)
		case e.Secret == nil && e.Value != nil:
			spec += fmt.Sprintf(" %s %d %v", e.Value.SHA256, e.Value.Base64Layers, e.Value.Certificates)
		}
		out[e.Object] = append(out[e.Object], spec)
	}
	for object := range out {
		slices.Sort(out[object])
	}
	return out
}

// entriesFor are the keys of the trust entries that are meant for a node, sorted.
func entriesFor(doc *evidence.Document, node string) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(doc.Trust)) {
		if Reaches(doc, doc.Trust[key], doc.Nodes[node]) {
			out = append(out, key)
		}
	}
	return out
}

// Reaches tells whether an entry is meant for a node, as data.regpolicy.lib.trust
// does for policies.
func Reaches(doc *evidence.Document, e evidence.TrustEntry, node evidence.Node) bool {
	if e.Domain != evidence.DomainWorkload || e.AppliesToNone {
		return false
	}
	if len(e.Clusters) == 0 {
		return true
	}
	if node.Cluster == "" {
		return len(doc.Clusters) < 2
	}
	return slices.ContainsFunc(e.Clusters, func(key string) bool { return strings.HasSuffix(key, "/"+node.Cluster) })
}

// rolls tells whether an object that changed has, or had, an entry for a node.
func rolls(before, now *evidence.Document, node string, changed map[evidence.ObjectRef]bool) bool {
	for _, doc := range []*evidence.Document{before, now} {
		for _, key := range entriesFor(doc, node) {
			if changed[doc.Trust[key].Object] {
				return true
			}
		}
	}
	return false
}

// hold notes the clusters that get no nodes, and why.
func (f *Foresight) hold() {
	for _, key := range slices.Sorted(maps.Keys(f.Document.Trust)) {
		e := f.Document.Trust[key]
		if e.Domain != evidence.DomainWorkload || e.AppliesToNone {
			continue
		}
		for _, cluster := range e.Clusters {
			if why := undeliverable(e); why != "" && f.Held[cluster] == "" {
				f.Held[cluster] = why
			}
		}
	}
}

// undeliverable says why an entry lets no node come up: it has no value, or one that
// its API cannot decode.
func undeliverable(e evidence.TrustEntry) string {
	switch {
	case !e.Resolved || e.Value == nil:
		return fmt.Sprintf("entry %q has no value", e.Label)
	case e.Layers != nil && !slices.Contains(e.ExpectedLayers, *e.Layers), e.Value.Inner != evidence.FormPEM:
		return fmt.Sprintf("the value of entry %q cannot be decoded", e.Label)
	default:
		return ""
	}
}

// roll names the clusters whose nodes are made anew, and makes their Machines as new.
func (f *Foresight) roll(changed map[evidence.ObjectRef]bool) {
	clusters := map[string]bool{}
	for _, e := range f.Document.Trust {
		if !changed[e.Object] {
			continue
		}
		for _, cluster := range e.Clusters {
			clusters[cluster] = f.Held[cluster] == ""
		}
	}
	maps.DeleteFunc(f.Held, func(cluster, _ string) bool { _, ok := clusters[cluster]; return !ok })
	maps.DeleteFunc(clusters, func(_ string, rolls bool) bool { return !rolls })
	f.Clusters = slices.Sorted(maps.Keys(clusters))
	for key, m := range f.Document.Machines {
		if clusters[m.Cluster] && m.CreatedAt != nil {
			at := f.Document.CollectedAt
			m.CreatedAt = &at
			f.Document.Machines[key] = m
		}
	}
}

// serve gives endpoints the chains that they are to send.
func serve(doc *evidence.Document, chains map[string][]string) bool {
	served := false
	for name, certificates := range chains {
		e := doc.Endpoints[name]
		next := evidence.ChainKey(certificates)
		for key, chain := range e.Chains {
			if key == next || len(chain.Certificates) == 0 || chain.Certificates[0] != certificates[0] {
				continue
			}
			delete(e.Chains, key)
			e.Chains[next] = evidence.Chain{Certificates: certificates, Name: chain.Name}
			for vantage, probe := range e.Probes {
				if probe.Chain == key {
					probe.Chain = next
					e.Probes[vantage] = probe
				}
			}
			served = true
		}
	}
	return served
}
