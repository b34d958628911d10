package nodecerts

import (
	"crypto/x509"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Clock is the collector's clock around a look at a node: when the question was
// sent and when the whole answer was there. The zero Clock compares nothing.
type Clock struct{ Sent, Received time.Time }

// Recorder writes listings into one document. What nodes share, the system
// bundle above all, it parses once. It may be used by many goroutines.
type Recorder struct {
	b     *evidence.Builder
	cache *cache
}

// NewRecorder writes into b.
func NewRecorder(b *evidence.Builder) *Recorder { return &Recorder{b: b, cache: newCache()} }

// Record writes one listing; for many, keep a Recorder.
func Record(b *evidence.Builder, node string, l *Listing, access evidence.Access, prov evidence.Provenance, clock Clock) {
	NewRecorder(b).Record(node, l, access, prov, clock)
}

// Record writes what a listing tells of a node, beside what the document already
// says of it: trust files, trust stores, certificates, registry configuration,
// runtime, proxies, clock. Each part that could not be had is a gap; asking for
// the node as a whole, and answering, is the caller's.
//
// The API's facts about a node's runtime decide how its registry configuration is
// read, so record nodes after those.
func (r *Recorder) Record(node string, l *Listing, access evidence.Access, prov evidence.Provenance, clock Clock) {
	a := r.analyse(node, l)
	n, proxies := a.node(node, access, prov, clock)
	a.store(node, n, proxies)
}

func nodeSubject(node string) evidence.Subject {
	return evidence.Subject{"kind": "node", "name": node}
}

// analysis turns one listing into records.
type analysis struct {
	r      *Recorder
	l      *Listing
	known  evidence.Node // what the document says already
	bundle *bundleFacts  // nil without one

	os          osFacts
	runtime     string // the runtime's name, guessed where nothing tells it
	environment map[string]string
	registry    registryFacts
	faults      []fault
	certs       map[string]*x509.Certificate // to be recorded
	dirs        map[string][]string          // the listing's paths by folder
	twins       map[string]bool              // see isHashLink
}

// analyse reads what the records are made from.
func (r *Recorder) analyse(node string, l *Listing) *analysis {
	a := &analysis{r: r, l: l, certs: map[string]*x509.Certificate{}, dirs: l.byDir()}
	r.b.View(func(d *evidence.Document) { a.known = d.Nodes[node] })
	if l.Bundle != "" {
		a.bundle = r.cache.bundle(l.BundleData)
		a.keepPrivate(a.bundle.all)
	}
	if text, ok := l.text(osRelease); ok {
		a.os = parseOSRelease(text)
	}
	a.runtime = a.runtimeName()
	a.readUnit()
	a.readRegistry()
	return a
}

// node makes the node's record and its proxies'.
func (a *analysis) node(node string, access evidence.Access, prov evidence.Provenance, clock Clock) (evidence.Node, map[string]evidence.Proxy) {
	n := a.known
	n.Read, n.Access, n.Provenance = true, &access, prov
	n.OS, n.OSFamily = orElse(evidence.Scrub(a.os.name), n.OS), orElse(a.os.family, n.OSFamily)
	n.Proxy = ""
	a.addStores(&n)
	a.addBundle(&n)
	n.TrustFiles, n.HashLinks = a.trustFiles(), a.hashLinks()
	n.Runtime = a.runtimeFacts()
	n.RegistryConfig = a.registry.config
	n.Environment = a.certEnvironment()
	n.Clock = a.l.clock(clock)
	proxies := a.proxies(node, prov)
	if _, ok := proxies[nodeScope(node)]; ok {
		n.Proxy = nodeScope(node)
	}
	a.noteLimits()
	cleanNode(&n)
	return n, proxies
}

// addStores records the trust stores, the registries' own included.
func (a *analysis) addStores(n *evidence.Node) {
	s := a.readStores()
	n.TrustStore, n.OpenSSLStore = "", ""
	if s.goKnown {
		a.registryStores(s.goAnchors)
		n.TrustStore = a.r.b.TrustStore(evidence.VerifierGo, s.goAnchors)
	}
	if s.openSSLKnown {
		n.OpenSSLStore = a.r.b.TrustStore(evidence.VerifierOpenSSL, s.openSSL)
	}
}

// store writes everything and then the gaps.
func (a *analysis) store(node string, n evidence.Node, proxies map[string]evidence.Proxy) {
	certs := make([]*x509.Certificate, 0, len(a.certs))
	for _, fp := range slices.Sorted(maps.Keys(a.certs)) {
		certs = append(certs, a.certs[fp])
	}
	certificate.Record(a.r.b, certs...)
	a.r.b.Record(func(d *evidence.Document) {
		d.Nodes[node] = n
		maps.Copy(d.Proxies, proxies)
	})
	for _, g := range merged(a.faults) {
		a.r.b.Part(evidence.Nodes, evidence.Gap{Subject: nodeSubject(node), Field: g.field, Reason: g.reason, Detail: g.detail})
	}
}

// merged joins the faults of one field and reason: one gap names them all.
func merged(faults []fault) []fault {
	const most = 5
	details := map[fault]map[string]bool{}
	for _, f := range faults {
		key := fault{field: f.field, reason: f.reason}
		if details[key] == nil {
			details[key] = map[string]bool{}
		}
		details[key][printable(f.detail)] = true
	}
	var out []fault
	for key, set := range details {
		list := slices.Sorted(maps.Keys(set))
		if more := len(list) - most; more > 0 {
			list = append(list[:most], "and more")
		}
		key.detail = strings.Join(list, "; ")
		out = append(out, key)
	}
	slices.SortFunc(out, func(a, b fault) int { return strings.Compare(a.field+a.reason, b.field+b.reason) })
	return out
}

// miss notes that a file which is there was not had.
func (a *analysis) miss(field string, f *File, name string) {
	detail := name
	if f.Link != "" {
		detail += " -> " + f.Link
	}
	a.faults = append(a.faults, fault{field, f.reason(), detail})
}

// in returns the paths right under a folder, sorted.
func (a *analysis) in(dir string) []string { return a.dirs[dir] }

// keepAll has certificates recorded.
func (a *analysis) keepAll(certs []*x509.Certificate) {
	for _, c := range certs {
		a.certs[certificate.Fingerprint(c)] = c
	}
}

// keepPrivate has those recorded that are no public roots: stores name public
// roots by fingerprint only.
func (a *analysis) keepPrivate(e *examined) {
	for i, c := range e.certs {
		if fp := e.content.Certificates[i]; !certificate.IsPublicRoot(fp) {
			a.certs[fp] = c
		}
	}
}

// noteLimits notes what a listing that was cut or ended early may lack.
func (a *analysis) noteLimits() {
	switch {
	case a.l.Truncated:
		fields := []string{"trust_files", "openssl_store"}
		if !a.begun(debianCerts) && !a.begun(rhelAnchors) && !a.begun(systemCerts) && !a.begun(tlsCerts) {
			fields = append(fields, "registry_config", "proxy", "environment")
		}
		if a.l.Proc == nil && len(a.l.Files) == 0 {
			fields = append(fields, "runtime")
		}
		for _, field := range fields {
			a.faults = append(a.faults, fault{field, orElse(a.l.TruncatedBy, "truncated"), "the listing ended early"})
		}
	case a.l.Cut:
		for _, field := range []string{"trust_files", "trust_store", "registry_config"} {
			a.faults = append(a.faults, fault{field, "truncated", "there is more than a listing may hold"})
		}
	}
}

func (a *analysis) begun(dir string) bool { return a.l.Files[dir] != nil }

// clock compares the node's clock with the collector's: the middles of the same
// span, by each.
func (l *Listing) clock(c Clock) *evidence.Clock {
	if l.Began.IsZero() {
		return nil
	}
	middle := func(from, to time.Time) time.Time { return from.Add(to.Sub(from) / 2) }
	ended := l.Ended
	if ended.Before(l.Began) {
		ended = l.Began
	}
	out := &evidence.Clock{NodeTime: evidence.At(l.Began)}
	if !c.Sent.IsZero() && !c.Received.IsZero() {
		skew := int(middle(l.Began, ended).Sub(middle(c.Sent, c.Received)).Round(time.Second) / time.Second)
		out.SkewSeconds = &skew
	}
	return out
}
