// Package fleet joins what the evidence documents of many clusters say into the
// fleet section of a report. Documents go as soon as their facts are taken.
package fleet

import (
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Facts are what the fleet section needs of one document.
type Facts struct {
	nodes, pods, pullFailures, gaps int
	authorities                     map[string]*authority // by fingerprint
	registries                      map[string]*registry  // by host:port
}

type authority struct {
	subject    string
	commonName string
	notAfter   evidence.Time
	public     bool
	configured bool
	nodes      int
	registries map[string]bool
}

type registry struct {
	named, reached bool
	causes         map[string]bool
	anchors        map[string]bool
	notAfter       *evidence.Time
}

// Of takes the facts of a document.
func Of(doc *evidence.Document) *Facts {
	f := &Facts{
		nodes: len(doc.Nodes), pods: len(doc.Pods), pullFailures: len(doc.PullFailures),
		authorities: map[string]*authority{}, registries: map[string]*registry{},
	}
	for _, c := range doc.Coverage {
		f.gaps += len(c.Gaps)
	}
	f.fromConfiguration(doc)
	f.fromNodes(doc)
	for name := range doc.Registries {
		f.registry(name).named = true
	}
	for _, failure := range doc.PullFailures {
		if failure.Registry != "" {
			f.registry(failure.Registry).causes[failure.Cause] = true
		}
	}
	for name := range doc.Endpoints {
		f.fromEndpoint(doc, name)
	}
	return f
}

func (f *Facts) fromConfiguration(doc *evidence.Document) {
	for _, entry := range doc.Trust {
		if entry.Value == nil {
			continue
		}
		for _, fingerprint := range entry.Value.Certificates {
			if a := f.authority(doc, fingerprint); a != nil {
				a.configured = true
			}
		}
	}
}

func (f *Facts) fromNodes(doc *evidence.Document) {
	for _, node := range doc.Nodes {
		held := map[string]bool{}
		for _, file := range node.TrustFiles {
			for _, fingerprint := range file.Certificates {
				held[fingerprint] = true
			}
		}
		for fingerprint := range held {
			// The roots that a distribution brings are no news of a fleet.
			if doc.Certificates[fingerprint].PublicRoot {
				continue
			}
			if a := f.authority(doc, fingerprint); a != nil {
				a.nodes++
			}
		}
	}
}

func (f *Facts) fromEndpoint(doc *evidence.Document, name string) {
	endpoint, r := doc.Endpoints[name], f.registry(name)
	for _, probe := range endpoint.Probes {
		switch {
		case probe.Failure != nil:
			r.causes[probe.Failure.Cause] = true
		case probe.Reached:
			r.reached = true
		}
	}
	for _, chain := range endpoint.Chains {
		for i, fingerprint := range chain.Certificates {
			c, known := doc.Certificates[fingerprint]
			if known && (r.notAfter == nil || c.NotAfter.Before(r.notAfter.Time)) {
				end := c.NotAfter
				r.notAfter = &end
			}
			if i > 0 {
				f.meets(doc, fingerprint, name)
			}
		}
		for _, verdict := range chain.Verdicts {
			for _, path := range verdict.Paths {
				if len(path) > 1 {
					anchor := path[len(path)-1]
					r.anchors[anchor] = true
					f.meets(doc, anchor, name)
				}
			}
		}
	}
}

// meets notes that a registry's chain has to do with a CA.
func (f *Facts) meets(doc *evidence.Document, fingerprint, registry string) {
	if a := f.authority(doc, fingerprint); a != nil {
		a.registries[registry] = true
	}
}

// authority is nil for a certificate that the document does not hold.
func (f *Facts) authority(doc *evidence.Document, fingerprint string) *authority {
	if a := f.authorities[fingerprint]; a != nil {
		return a
	}
	c, known := doc.Certificates[fingerprint]
	if !known {
		return nil
	}
	a := &authority{subject: c.Subject, commonName: c.CommonName, notAfter: c.NotAfter, public: c.PublicRoot, registries: map[string]bool{}}
	f.authorities[fingerprint] = a
	return a
}

func (f *Facts) registry(name string) *registry {
	r := f.registries[name]
	if r == nil {
		r = &registry{causes: map[string]bool{}, anchors: map[string]bool{}}
		f.registries[name] = r
	}
	return r
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
