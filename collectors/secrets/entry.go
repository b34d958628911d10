package secrets

import (
	"fmt"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// entry is one configured CA on its way into the document: first what its
// object says, then what the secret it names holds.
type entry struct {
	rec evidence.TrustEntry
	// label is rec.Label before it is made unique.
	label  string
	faults *faults
	// object is what holds the entry, stands the field that it is, and inlined the
	// one that its value is, where that stands in the object itself.
	object          *object
	stands, inlined field
	// The value stands in the object itself, or a secret holds it.
	value  value
	secret *evidence.KeyRef
	// failed is why there is no value, where that is known from the start: one
	// of evidence.ResolveReasons.
	failed string
}

// value is a text as its object bears it.
type value struct {
	text   string
	layout layout
}

// layout says how the bytes of a value lie in its object.
type layout int

const (
	layoutPlain      layout = iota // the field's own text goes over the wire
	layoutData                     // data: of a secret, base64 on the wire
	layoutStringData               // stringData: of a secret, gains one layer on the wire
)

// EntrySubject is the subject of a trust entry in gaps and in policies. All of
// it stands in the record: object.namespace ("" where that is absent), label,
// and object.kind + "/" + object.name.
func EntrySubject(e evidence.TrustEntry) evidence.Subject {
	return evidence.Subject{
		"kind":      "trust_entry",
		"namespace": e.Object.Namespace,
		"name":      e.Label,
		"source":    e.Object.Kind + "/" + e.Object.Name,
	}
}

func newEntry(o *object, stands field, domain string, index int, expected ...int) *entry {
	return &entry{
		object: o,
		stands: stands,
		label:  fmt.Sprintf("#%d", index),
		faults: new(faults),
		rec: evidence.TrustEntry{
			Domain: domain, Object: o.ref, ExpectedLayers: expected, Provenance: o.provenance,
		},
	}
}

// name sets the entry's own name, which then is its label, too.
func (e *entry) name(f field) {
	e.rec.Name = f.as("name").word()
	if e.rec.Name != "" {
		e.label = e.rec.Name
	}
}

// inline takes the entry's value from a field of its object.
func (e *entry) inline(f field) {
	e.rec.Field, e.inlined = f.path, f
	s, _ := f.as("value").text()
	e.value = value{text: s, layout: layoutPlain}
}

// reference makes a key of a secret the entry's value.
func (e *entry) reference(path, namespace, name, key string) {
	e.rec.Field = path
	e.secret = &evidence.KeyRef{Namespace: namespace, Name: name, Key: key}
	e.rec.Secret = &evidence.KeyRef{Namespace: namespace, Name: clean(name), Key: clean(key)}
}
