package engine

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// How much of a path a report tells: what is left out is counted.
const (
	pathRegistries = 200
	pathStores     = 20
	pathItems      = 6 // entries, files and names of a store
)

// trustPaths are the chains of the registries that results are about.
func trustPaths(results resultLists, in *Input, many bool, at evidence.Time) []report.TrustPath {
	p := pathing{doc: in.Document, at: at, files: map[string]fileSummary{}, groups: nodeGroups{}}
	if many {
		p.cluster = clusterOf(in)
	}
	var out []report.TrustPath
	for i, name := range judgedEndpoints(results, in.Document) {
		if i == pathRegistries {
			break
		}
		if p.nodes == nil {
			p.nodes = slices.Sorted(maps.Keys(in.Document.Nodes))
		}
		e := in.Document.Endpoints[name]
		for _, key := range slices.Sorted(maps.Keys(e.Chains)) {
			out = append(out, p.path(name, key, &e))
		}
	}
	return out
}

// judgedEndpoints are the endpoints that results name, as their subject or as
// evidence, sorted.
func judgedEndpoints(results resultLists, doc *evidence.Document) []string {
	found := map[string]bool{}
	note := func(name string) {
		if _, ok := doc.Endpoints[name]; ok {
			found[name] = true
		}
	}
	for r := range results.all() {
		if kind := r.Subject["kind"]; kind == "registry" || kind == "endpoint" {
			note(r.Subject["name"])
		}
		for _, e := range r.Evidence {
			if rest, ok := strings.CutPrefix(e.Pointer, "/endpoints/"); ok {
				key, _, _ := strings.Cut(rest, "/")
				note(jsonpointer.Unescape(key))
			}
		}
	}
	return sorted(found)
}

// pathing draws paths through one document.
type pathing struct {
	doc     *evidence.Document
	at      evidence.Time
	cluster string
	// files are those of nodes that have nothing of their own for a registry, by
	// store: they are the same for each registry.
	files map[string]fileSummary
	// nodes are the names of all, sorted.
	nodes  []string
	groups nodeGroups
}

// nodeGroups are nodes by the store that they verify a chain with.
type nodeGroups map[string]*nodeGroup

type nodeGroup struct {
	names []string
	own   bool // some node has settings of its own for the registry
}

// noGroups are groups without nodes, with the room that those of other chains had.
func (p *pathing) noGroups() nodeGroups {
	for _, g := range p.groups {
		g.names, g.own = g.names[:0], false
	}
	return p.groups
}

func (g nodeGroups) of(store string) *nodeGroup {
	if g[store] == nil {
		g[store] = &nodeGroup{}
	}
	return g[store]
}

// used are the stores that nodes have.
func (g nodeGroups) used() iter.Seq[string] {
	return func(yield func(string) bool) {
		for store, group := range g {
			if len(group.names) > 0 && !yield(store) {
				return
			}
		}
	}
}

type fileSummary struct {
	files []report.PathFile
	more  int
}

func (p *pathing) path(name, key string, e *evidence.Endpoint) report.TrustPath {
	chain := e.Chains[key]
	out := report.TrustPath{
		Registry: name, Cluster: p.cluster, Certificates: p.certificates(chain.Certificates),
		Public: chain.Verdicts[p.doc.PublicStore].OK, Stores: []report.PathStore{},
	}
	if !chain.Name.OK {
		out.NameReason = cmp.Or(chain.Name.Reason, "name_mismatch")
	}
	for _, domain := range slices.Sorted(maps.Keys(p.doc.Domains)) {
		d := p.doc.Domains[domain]
		if _, ok := chain.Verdicts[d.TrustStore]; !ok && len(d.Entries) == 0 {
			continue
		}
		s := p.store(report.StoreConfigured, d.TrustStore, &chain)
		s.Domain = domain
		s.Entries, s.MoreEntries = p.entries(d.Entries)
		out.Stores = append(out.Stores, s)
	}
	nodes, more := p.nodeStores(name, key, e, &chain)
	out.Stores, out.MoreStores = append(out.Stores, nodes...), more
	return out
}

func (p *pathing) store(kind, digest string, chain *evidence.Chain) report.PathStore {
	v := chain.Verdicts[digest]
	s := report.PathStore{
		Kind: kind, Digest: digest, Anchors: len(p.doc.TrustStores[digest].Anchors),
		OK: v.OK, Reason: v.Reason, Break: short(v.Break), Issuer: v.Issuer, Detail: v.Detail,
	}
	if v.OK && len(v.Paths) > 0 && len(v.Paths[0]) > 0 {
		anchor := p.certificate(v.Paths[0][len(v.Paths[0])-1])
		s.Anchor = &anchor
	}
	const candidates = 3
	s.Candidates = p.certificates(v.Candidates[:min(len(v.Candidates), candidates)])
	return s
}

// nodeStores are the distinct stores that nodes verify the chain with: the broken
// ones first, those of many nodes before others.
func (p *pathing) nodeStores(registry, key string, e *evidence.Endpoint, chain *evidence.Chain) (stores []report.PathStore, more int) {
	groups := p.noGroups()
	for _, name := range p.nodes {
		node := p.doc.Nodes[name]
		seen := e.Probes["node/"+name].Chain // a node's own view of the registry
		if !node.Read {
			continue
		}
		store, own := storeFor(&node, registry)
		if seen != "" && seen != key {
			groups.of(store).own = true // the rest of its nodes are not all that share it
			continue
		}
		if _, judged := chain.Verdicts[store]; !judged {
			continue
		}
		g := groups.of(store)
		g.names = append(g.names, name)
		g.own = g.own || own || seen != ""
	}
	order := slices.SortedFunc(groups.used(), func(a, b string) int {
		return cmp.Or(
			boolCompare(chain.Verdicts[a].OK, chain.Verdicts[b].OK),
			cmp.Compare(len(groups[b].names), len(groups[a].names)), cmp.Compare(a, b))
	})
	for i, digest := range order {
		if i == pathStores {
			return stores, len(order) - i
		}
		g := groups[digest]
		s := p.store(report.StoreNodes, digest, chain)
		s.Nodes, s.NodeNames = len(g.names), slices.Clone(g.names[:min(len(g.names), pathItems)])
		f, known := p.files[digest]
		if !known || g.own {
			f.files, f.more = p.trustFiles(g.names)
		}
		if !g.own {
			p.files[digest] = f
		}
		s.Files, s.MoreFiles = f.files, f.more
		stores = append(stores, s)
	}
	return stores, 0
}

// storeFor is the store that a node has for a registry: its runtime's own settings
// for that host, else those for all others, else the system's.
func storeFor(node *evidence.Node, registry string) (store string, own bool) {
	if node.RegistryConfig != nil {
		for _, host := range []string{registry, strings.TrimSuffix(registry, ":443"), "_default"} {
			if settings, ok := node.RegistryConfig.Hosts[host]; ok {
				return cmp.Or(settings.TrustStore, node.TrustStore), true
			}
		}
	}
	return node.TrustStore, false
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	default:
		return 1
	}
}

func (p *pathing) entries(keys []string) (out []report.PathEntry, more int) {
	for i, key := range keys {
		if i == pathItems {
			return out, len(keys) - i
		}
		t := p.doc.Trust[key]
		entry := report.PathEntry{
			Label: t.Label, Source: strings.Join([]string{t.Object.Kind, t.Object.Namespace, t.Object.Name}, "/"),
			Reason: t.Reason, Layers: t.Layers, Expected: t.ExpectedLayers, AppliesToNone: t.AppliesToNone,
			Certificates: []report.PathCertificate{},
		}
		if t.Value != nil {
			entry.Form, entry.Certificates = t.Value.Form, p.few(t.Value.Certificates)
		}
		out = append(out, entry)
	}
	return out, 0
}

// trustFiles are the distinct files on some nodes: those of configured entries
// first, then what most nodes hold.
func (p *pathing) trustFiles(nodes []string) (out []report.PathFile, more int) {
	counts := map[string]*report.PathFile{}
	for _, name := range nodes {
		for path, f := range p.doc.Nodes[name].TrustFiles {
			id := fmt.Sprintf("%s\x00%s\x00%s\x00%s", path, f.Status, f.Form, strings.Join(f.Certificates, ","))
			if counts[id] == nil {
				counts[id] = &report.PathFile{Path: path, Entry: f.Entry, Status: f.Status, Form: f.Form, Certificates: p.few(f.Certificates)}
			}
			counts[id].Nodes++
		}
	}
	order := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(
			boolCompare(counts[a].Entry == "", counts[b].Entry == ""),
			cmp.Compare(counts[b].Nodes, counts[a].Nodes), cmp.Compare(a, b))
	})
	for i, id := range order {
		if i == pathItems {
			return out, len(order) - i
		}
		out = append(out, *counts[id])
	}
	return out, 0
}

func (p *pathing) few(fingerprints []string) []report.PathCertificate {
	return p.certificates(fingerprints[:min(len(fingerprints), pathItems)])
}

func (p *pathing) certificates(fingerprints []string) []report.PathCertificate {
	out := make([]report.PathCertificate, 0, len(fingerprints))
	for _, f := range fingerprints {
		out = append(out, p.certificate(f))
	}
	return out
}

func (p *pathing) certificate(fingerprint string) report.PathCertificate {
	c := p.doc.Certificates[fingerprint]
	return report.PathCertificate{
		CommonName: cmp.Or(c.CommonName, c.Subject), Issuer: c.Issuer, Fingerprint: short(fingerprint),
		NotAfter: c.NotAfter, Expired: !c.NotAfter.IsZero() && p.at.After(c.NotAfter.Time), SelfIssued: c.SelfIssued,
	}
}

func short(fingerprint string) string { return fingerprint[:min(len(fingerprint), 16)] }
