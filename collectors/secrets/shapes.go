package secrets

import (
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

const (
	usedAsTrust = "trust"
	usedAsPull  = "pull"

	maxOwners = 100
)

// section is a mapping of keys to values in a Secret or ConfigMap.
type section struct {
	name   string
	layout layout
}

// sections lists them in the order in which they win: an API server writes
// stringData over data.
func (o *object) sections() []section {
	if o.ref.Kind == kindConfigMap {
		return []section{{"data", layoutPlain}, {"binaryData", layoutData}}
	}
	return []section{{"stringData", layoutStringData}, {"data", layoutData}}
}

// valueOf is the value under a key of a Secret or ConfigMap. The faults are
// those of the record that it is read for.
func (o *object) valueOf(key string, faults *faults) (field, layout, bool) {
	place := o.under(faults).as("value")
	for _, s := range o.sections() {
		f := place.at(s.name)
		if raw := f.mapping()[key]; raw != nil {
			f.raw, f.path, f.steps = raw, s.name+"["+clean(key)+"]", &step{f.steps, key}
			return f, s.layout, true
		}
	}
	return field{}, layoutPlain, false
}

// withholds tells whether the source may keep the value of a key to itself.
func (o *object) withholds(key string) bool {
	return source.Object{Withheld: o.withheld}.Withholds(key)
}

// untold tells whether the source says too little of a secret to record its
// shape: not all of its keys, or of a pull secret not the registries.
func (o *object) untold() bool {
	return o.withheld != nil && (o.withheld.More || isPullType(quietText(o, "type")))
}

// keys are the keys of a Secret or ConfigMap, sorted.
func (o *object) keys() []string {
	var out []string
	if o.withheld != nil {
		out = slices.Clone(o.withheld.Keys)
	}
	for _, s := range o.sections() {
		for key := range o.as("keys").at(s.name).mapping() {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// recordShape records what may be known of a secret: everything but its values.
func recordShape(b *evidence.Builder, o *object, id objectID, usedAs ...string) {
	rec := evidence.Secret{
		Type:       o.as("type").at("type").word(),
		Keys:       cleanKeys(o),
		OwnerRefs:  owners(o.as("owner_refs").at("metadata", "ownerReferences")),
		Immutable:  o.as("immutable").at("immutable").boolean(),
		ModifiedAt: evidence.MaybeAt(modified(o)),
		UsedAs:     usedAs,
		Provenance: o.provenance,
	}
	if hosts, holds := pullHosts(o); holds {
		rec.Registries = hosts
	}
	// The key is where the secret was found: manifests may leave the namespace
	// of the one who asks for it out.
	id.namespace = o.ref.Namespace
	recordSecret(b, id.key(), rec)
	report(b, evidence.Secrets, secretSubject(id), o.faults)
}

// recordSecret stores a secret's record. One that is read for two purposes has
// both, and one that was seen is not missing.
func recordSecret(b *evidence.Builder, key string, rec evidence.Secret) {
	b.Record(func(d *evidence.Document) {
		old, known := d.Secrets[key]
		usedAs := slices.Concat(old.UsedAs, rec.UsedAs)
		slices.Sort(usedAs)
		if known && !old.Missing {
			rec = old
		}
		rec.UsedAs = slices.Compact(usedAs)
		d.Secrets[key] = rec
	})
}

func cleanKeys(o *object) []string {
	keys := o.keys()
	if len(keys) > maxItems {
		o.faults.add("keys", "truncated", "the secret has too many keys")
		keys = keys[:maxItems]
	}
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = clean(key)
	}
	return out
}

func owners(list field) []evidence.OwnerRef {
	var out []evidence.OwnerRef
	for _, item := range list.items() {
		ref := evidence.OwnerRef{Kind: item.at("kind").word(), Name: item.at("name").word()}
		if ref != (evidence.OwnerRef{}) && len(out) < maxOwners {
			out = append(out, ref)
		}
	}
	return out
}

// modified is when anybody last changed the object's data, as managedFields tell, or
// else when it was made.
func modified(o *object) time.Time {
	if at := o.changed("modified_at", "f:data"); at.After(o.createdAt) {
		return at
	}
	return o.createdAt
}

// changed is the newest time that managedFields tell of a part of the object, zero
// where they tell none. What was changed through a subresource is the status.
func (o *object) changed(record, part string) time.Time {
	var newest time.Time
	for _, manager := range o.as(record).at("metadata", "managedFields").items() {
		_, wrote := manager.at("fieldsV1").mapping()[part]
		if !wrote || manager.at("subresource").word() != "" {
			continue
		}
		if t := manager.at("time").time(); t.After(newest) {
			newest = t
		}
	}
	return newest
}

// recordHeld records the secrets among the objects that nobody fetched: pull
// secrets, and those that carry trust by their name. All others stay unread.
func (r *run) recordHeld(all []*object) {
	for _, o := range all {
		if o.group != "" || o.ref.Kind != kindSecret || o.ref.Name == "" {
			continue
		}
		id := objectID{kindSecret, o.ref.Namespace, o.ref.Name}
		if _, done := r.fetched[id]; done || r.held[id] != o {
			continue
		}
		if usedAs := r.use(o); len(usedAs) > 0 {
			recordFound(r.b, r.b.Ask(evidence.Secrets, secretSubject(id)), outcome{object: o, err: r.doubled[id]}, id, usedAs...)
		}
	}
}

// use tells what a secret is for, by its type and name.
func (r *run) use(o *object) []string {
	var out []string
	if isPullType(quietText(o, "type")) {
		out = append(out, usedAsPull)
	}
	cluster, named := strings.CutSuffix(o.ref.Name, userTrustSuffix)
	if named && r.wanted(o.ref.Namespace, cluster) || o.ref.Name == kappConfigName {
		out = append(out, usedAsTrust)
	}
	return out
}

// quietText reads a text of which nobody asked whether it is well-formed.
func quietText(o *object, name string) string {
	s, _ := o.under(new(faults)).at(name).text()
	return s
}
