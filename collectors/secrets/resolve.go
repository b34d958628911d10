package secrets

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/source"
)

// resolve finds the value of an entry that names a key of a secret, or says why
// there is none.
func (r *run) resolve(e *entry) {
	if e.secret.Name == "" {
		return // no_value
	}
	got := r.fetched[objectID{kindSecret, e.secret.Namespace, e.secret.Name}]
	if got.err != nil {
		r.unfetched(e, got.err)
		return
	}
	e.rec.Secret.Namespace = got.object.ref.Namespace
	f, as, found := got.object.valueOf(e.secret.Key, e.faults)
	switch {
	case found:
		s, _ := f.text()
		e.value = value{text: s, layout: as}
		e.rec.ValueAt = r.place(got.object, f)
	case got.object.withholds(e.secret.Key):
		e.failed = "not_collected"
	case !e.faults.in("value"):
		e.failed = "key_not_found"
		e.rec.Elsewhere = r.keyElsewhere(e, got.object)
	}
}

func (r *run) unfetched(e *entry, err error) {
	reason := gapReason(err)
	e.failed = notHad(reason, "secret_not_found")
	// What a source of files never gathered was not asked for (design: skip); only
	// what was asked and refused is a gap.
	if reason != "" && !errors.Is(err, source.ErrNotCollected) {
		e.faults.add("value", reason, err.Error())
	}
	if e.failed != "forbidden" {
		e.rec.Elsewhere = r.secretElsewhere(e)
	}
}

// notHad is the one of evidence.ResolveReasons that goes with a gap's reason.
func notHad(gap, absent string) string {
	switch gap {
	case "":
		return absent
	case "forbidden":
		return "forbidden"
	default:
		return "not_collected"
	}
}

// secretElsewhere looks for the secret under a name or in a namespace that one
// gets wrong easily.
func (r *run) secretElsewhere(e *entry) string {
	if places := r.otherNamespaces(e); places != "" {
		return places
	}
	with, without := r.trustSecretsBeside(e)
	return cmp.Or(firstSecret(with), firstSecret(without))
}

func (r *run) otherNamespaces(e *entry) string {
	places := r.namespacesOf(kindSecret, e.secret.Name)
	places = slices.DeleteFunc(places, func(ns string) bool { return ns == e.secret.Namespace || ns == "" })
	switch len(places) {
	case 0:
		return ""
	case 1:
		return clean("secret in namespace " + places[0])
	default:
		return clean("secret in namespaces " + strings.Join(places, ", "))
	}
}

// trustSecretsBeside are other clusters' <CLUSTER>-user-trusted-ca-secret in the
// namespace of the one that is wanted: those with its key and those without.
func (r *run) trustSecretsBeside(e *entry) (with, without []string) {
	for id, o := range r.held {
		if id.kind != kindSecret || id.namespace != e.secret.Namespace || id.name == e.secret.Name ||
			!strings.HasSuffix(id.name, userTrustSuffix) {
			continue
		}
		if slices.Contains(o.keys(), e.secret.Key) {
			with = append(with, id.name)
		} else {
			without = append(without, id.name)
		}
	}
	return with, without
}

func firstSecret(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return clean("secret " + slices.Min(names))
}

// keyElsewhere looks for the key in another spelling, then in another secret.
func (r *run) keyElsewhere(e *entry, secret *object) string {
	keys := secret.keys()
	for _, key := range keys {
		if foldKey(key) == foldKey(e.secret.Key) {
			return clean("key " + key)
		}
	}
	if e.secret.Key == "" && len(keys) == 1 {
		return clean("key " + keys[0])
	}
	for _, place := range r.namespacesOf(kindSecret, e.secret.Name) {
		o := r.held[objectID{kindSecret, place, e.secret.Name}]
		if place != secret.ref.Namespace && slices.Contains(o.keys(), e.secret.Key) {
			return clean("secret in namespace " + place)
		}
	}
	with, _ := r.trustSecretsBeside(e)
	return firstSecret(with)
}

// foldKey is a key without what people mix up: case, "-" and "_", a file's
// suffix.
func foldKey(key string) string {
	key = strings.ToLower(strings.TrimSpace(key))
	for _, suffix := range []string{".crt", ".pem", ".cer", ".ca"} {
		key = strings.TrimSuffix(key, suffix)
	}
	return strings.NewReplacer("-", "", "_", "").Replace(key)
}
