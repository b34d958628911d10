// Package secrets collects trust configuration and the secrets it names: what
// TKG's objects, kapp-controller and a Supervisor's image fetcher are told to
// trust, how often each value is encoded and which certificates lie below. It
// also collects the shapes of pull secrets, Cluster API machines and the
// proxies that the same objects configure.
//
// Of a secret only names, keys and registry hosts are kept, and of a trust value
// only public certificates. Values are read one by one and dropped.
package secrets

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// Options narrow and name what is collected.
type Options struct {
	// Cluster, "name" or "namespace/name", leaves out what belongs to other
	// clusters. Empty means all.
	Cluster string
	// Source is the key of Document.Sources for objects that name none.
	Source string
	// Supervisor tells that the source is a Supervisor: its image fetcher's
	// bundle is looked up by name where it is not among the objects.
	Supervisor bool
	// Position tells where a field of an object stands in a file, nil where that is
	// not known. It may be nil itself.
	Position func(from evidence.Provenance, path ...string) *evidence.Position
}

// run is one call of Collect: first every object is read, then the secrets they
// name are fetched, then all is recorded.
type run struct {
	b      *evidence.Builder
	opt    Options
	lookup source.Lookup

	held     map[objectID]*object // secrets and config maps among the objects
	doubled  map[objectID]error   // those of which there are several
	entries  []*entry
	clusters map[string]evidence.Cluster
	proxies  map[string]evidence.Proxy
	switches map[string]evidence.VerificationSwitch
	domains  map[string]bool
	// byHabit are secrets that no object names, but that are named after a
	// cluster: one that nobody refers to is worth knowing of.
	byHabit []objectID
	fetched map[objectID]outcome
}

// objectID names a Secret or ConfigMap.
type objectID struct{ kind, namespace, name string }

// key is its key in the document.
func (id objectID) key() string { return clean(clean(id.namespace) + "/" + clean(id.name)) }

// Collect records the trust configuration among the objects, and what lookup
// gives of the secrets it names. Lookup is called from up to four goroutines at
// once; without one, secrets are looked for among the objects.
//
// Everything that could not be had is a gap of evidence.Trust, evidence.Secrets
// or evidence.Machines; there is no error to return. Without an object that
// bears trust configuration evidence.Trust stays unasked.
func Collect(ctx context.Context, b *evidence.Builder, objects []source.Object, lookup source.Lookup, opt Options) {
	r := &run{
		b: b, opt: opt, lookup: lookup,
		held:     map[objectID]*object{},
		doubled:  map[objectID]error{},
		clusters: map[string]evidence.Cluster{},
		proxies:  map[string]evidence.Proxy{},
		switches: map[string]evidence.VerificationSwitch{},
		domains:  map[string]bool{},
		fetched:  map[objectID]outcome{},
	}
	all := make([]*object, len(objects))
	for i, o := range objects {
		all[i] = newObject(o, opt.Source)
	}
	all = distinct(all)
	r.hold(all)
	if r.lookup == nil {
		r.lookup = r.lookupHeld
	}
	var machines []*object
	for _, o := range all {
		if o.group == groupCluster && o.ref.Kind == kindMachine {
			machines = append(machines, o)
		} else {
			r.read(ctx, o)
		}
	}
	r.fetcherBundle(ctx)
	r.machines(machines)
	r.fetch(ctx)
	r.recordTrust()
	r.recordHeld(all)
	r.recordRest()
}

// hold remembers the secrets and config maps among the objects. Of two of one
// name the first is held, and nothing is said of what is in it.
func (r *run) hold(all []*object) {
	for _, o := range all {
		id := objectID{o.ref.Kind, o.ref.Namespace, o.ref.Name}
		if o.group != "" || id.kind != kindSecret && id.kind != kindConfigMap {
			continue
		}
		if _, taken := r.held[id]; !taken {
			r.held[id] = o
		} else {
			r.doubled[id] = source.ErrUnclear
		}
	}
}

// read routes one object. Those that bear trust configuration are asked for.
func (r *run) read(ctx context.Context, o *object) {
	reader := r.reader(ctx, o)
	if reader == nil {
		return
	}
	task := r.b.Ask(evidence.Trust, o.subject())
	if o.ref.Name == "" {
		task.Gap("parse_error", fmt.Sprintf("a %s has no metadata.name", o.ref.Kind))
		return
	}
	reader(o)
	task.Answer()
	r.report(evidence.Trust, o.subject(), o.faults)
}

// reader is what reads an object's trust configuration, or nil.
func (r *run) reader(ctx context.Context, o *object) func(*object) {
	switch (groupKind{o.group, o.ref.Kind}) {
	case groupKind{groupTanzu, kindService}:
		return r.service
	case groupKind{groupTanzu, kindTKC}:
		if r.wanted(o.ref.Namespace, o.ref.Name) {
			return r.tkc
		}
	case groupKind{groupCluster, kindCluster}:
		if r.wanted(o.ref.Namespace, o.ref.Name) {
			return r.capi
		}
	case groupKind{groupTanzu, kindKappConfig}:
		if cluster, told := clusterOfKapp(o.ref.Name); !told || r.wanted(o.ref.Namespace, cluster) {
			return r.kappConfig
		}
	case groupKind{groupOpenShift, kindImage}:
		if o.ref.Name == "cluster" {
			return func(o *object) { r.openShift(ctx, o) }
		}
	case groupKind{"", kindConfigMap}, groupKind{"", kindSecret}:
		return r.bundleReader(o)
	}
	return nil
}

// bundleReader is what reads a secret or config map that is a bundle by its name.
func (r *run) bundleReader(o *object) func(*object) {
	switch {
	case o.ref.Kind == kindConfigMap && o.ref.Namespace == fetcherNamespace && o.ref.Name == fetcherName:
		return r.imageFetcher
	case o.ref.Name == kappConfigName:
		return r.kappKeys
	default:
		return nil
	}
}

type groupKind struct{ group, kind string }

// wanted tells whether a cluster is among those asked for.
func (r *run) wanted(namespace, name string) bool {
	return r.opt.Cluster == "" || r.opt.Cluster == name || r.opt.Cluster == namespace+"/"+name
}

// look marks a trust domain as looked at.
func (r *run) look(domain string) { r.domains[domain] = true }

func (r *run) add(e *entry) {
	if e.rec.EntryAt == nil {
		e.rec.EntryAt = r.place(e.object, e.stands)
	}
	if e.inlined.raw != nil {
		e.rec.ValueAt = r.place(e.object, e.inlined)
	}
	r.entries = append(r.entries, e)
}

// report turns faults into gaps: one for each field and reason, because
// coverage tells no more apart.
func (r *run) report(collector string, subject evidence.Subject, f *faults) {
	report(r.b, collector, subject, f)
}

func report(b *evidence.Builder, collector string, subject evidence.Subject, f *faults) {
	const shown = 3
	type kind struct{ record, reason string }
	var order []kind
	details := map[kind][]string{}
	for _, x := range *f {
		k := kind{x.record, x.reason}
		if details[k] == nil {
			order = append(order, k)
		}
		details[k] = append(details[k], x.detail)
	}
	for _, k := range order {
		list := details[k]
		more := ""
		if len(list) > shown {
			more = fmt.Sprintf("; and %d more", len(list)-shown)
		}
		b.Part(collector, evidence.Gap{
			Subject: subject, Field: k.record, Reason: k.reason,
			Detail: clean(strings.Join(list[:min(len(list), shown)], "; ") + more),
		})
	}
}

// recordRest stores clusters, proxies, switches and domains, and tells which
// clusters the entries apply to.
func (r *run) recordRest() {
	r.b.Record(func(d *evidence.Document) {
		for key, c := range r.clusters {
			d.Clusters[key] = mergeClusters(d.Clusters[key], c)
		}
		maps.Copy(d.Proxies, r.proxies)
		for key, s := range r.switches {
			keepSwitch(d.Verification, key, s)
		}
		applyServiceEntries(d)
		for name := range r.domains {
			domain := d.Domains[name]
			domain.Entries = []string{}
			for key, e := range d.Trust {
				if e.Domain == name && !e.AppliesToNone {
					domain.Entries = append(domain.Entries, key)
				}
			}
			slices.Sort(domain.Entries)
			d.Domains[name] = domain
		}
	})
}

// applyServiceEntries names the clusters that a TkgServiceConfiguration reaches:
// every TanzuKubernetesCluster, and no other (documented for Cluster v1beta1).
func applyServiceEntries(d *evidence.Document) {
	var reached []string
	for key, c := range d.Clusters {
		if c.Object.Kind == kindTKC {
			reached = append(reached, key)
		}
	}
	slices.Sort(reached)
	for key, e := range d.Trust {
		if e.Object.Kind == kindService {
			e.Clusters = slices.Clone(reached)
			e.AppliesToNone = len(d.Clusters) > 0 && len(reached) == 0
			d.Trust[key] = e
		}
	}
}

// cluster keeps one cluster's record. A TanzuKubernetesCluster and the Cluster
// that carries it out bear the same name and are one.
func (r *run) cluster(key string, c evidence.Cluster) {
	slices.Sort(c.MisplacedTrust)
	r.clusters[key] = mergeClusters(r.clusters[key], c)
}
