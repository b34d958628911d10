package repair

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/certificate"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// value repairs what an entry's value is wrong in: layers, white space, several
// certificates in one file, and a change in place that rolled no nodes.
func (p *planner) value(w *wanted, e evidence.TrustEntry) error {
	place, err := p.placeOf(w.key, e)
	if err != nil {
		return err
	}
	certs, err := certificatesOf(place.raw)
	if err != nil {
		return err
	}
	if w.has(idAuthority) {
		certs = authoritiesOf(certs)
	}
	r, err := p.replace(place, certs)
	if err != nil {
		return err
	}
	p.add(r, p.ofValue(w)...)
	for _, sharer := range place.sharers {
		p.finish("trust/" + sharer)
	}
	return nil
}

// authoritiesOf are the CAs among certificates, or all where there is none.
func authoritiesOf(certs []string) []string {
	var out []string
	for _, text := range certs {
		if _, found := certificate.Examine([]byte(text)); len(found) == 1 && found[0].IsCA {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return certs
	}
	return out
}

// finish marks an entry as covered, and takes up what it was denied for, too.
func (p *planner) finish(id string) {
	if p.done == nil {
		p.done = map[string]bool{}
	}
	if w := p.of[id]; w != nil && !p.done[id] && len(p.repairs) > 0 {
		last := p.repairs[len(p.repairs)-1]
		p.repairs = p.repairs[:len(p.repairs)-1]
		p.add(last, p.ofValue(w)...)
	}
	p.done[id] = true
}

// ofValue are the findings that a new value of an entry repairs. That it repeats
// another one, or is no CA, is looked at once its value is in order.
func (p *planner) ofValue(w *wanted) []*report.Result {
	e := p.doc.Trust[w.key]
	isCA := func(f string) bool { return p.doc.Certificates[f].IsCA }
	return slices.DeleteFunc(slices.Clone(w.results), func(r *report.Result) bool {
		return r.ID == idUnique && !twice(e) || r.ID == idAuthority && (e.Value == nil || !slices.ContainsFunc(e.Value.Certificates, isCA))
	})
}

// replace puts certificates in the place of a value. In a secret they come under new
// keys, and the entry names those: a value that is changed in place rolls no nodes.
func (p *planner) replace(at *place, certs []string) (*Repair, error) {
	r := &Repair{Of: nameOf(at.entry)}
	for _, c := range certs {
		note, err := certificateNote(c)
		if err != nil {
			return nil, err
		}
		r.Notes = append(r.Notes, note)
	}
	if at.secret != nil {
		return r, p.underNewKeys(r, at, certs)
	}
	return r, p.inPlace(r, at, certs)
}

func certificateNote(text string) (string, error) {
	_, found := certificate.Examine([]byte(text))
	if len(found) != 1 {
		return "", fmt.Errorf("no certificate can be read in the value")
	}
	return fmt.Sprintf("certificate %q, sha256 %s", found[0].Subject.String(), certificate.Fingerprint(found[0])), nil
}

func (p *planner) underNewKeys(r *Repair, at *place, certs []string) error {
	s := at.secret
	taken := slices.Clone(s.keys)
	for _, e := range p.doc.Trust {
		if e.Object == at.entry.Object {
			taken = append(taken, e.Name)
		}
	}
	var names []string
	for range certs {
		name := nextName(s.key, taken)
		names, taken = append(names, name), append(taken, name)
	}
	if !namePattern.MatchString(names[0]) {
		return fmt.Errorf("%q is no name of a key: give the entry another one", s.key)
	}
	edits := []Edit{RenameKey{Path{s.section}, s.key, names[0]}}
	first := encode(certs[0], at.layers)
	if first != at.raw {
		edits = append(edits, SetScalar{Path{s.section, names[0]}, first})
	}
	for i := 1; i < len(certs); i++ {
		edits = append(edits, AddKey{Path{s.section}, names[i-1], names[i], encode(certs[i], at.layers)})
	}
	r.changes = append(r.changes, change{s.object, edits})
	r.renames = append(r.renames, rename{
		evidence.Subject{"kind": "secret", "namespace": s.object.namespace, "name": s.object.name}, "key", s.key, names,
	})
	if err := p.rename(r, at.entry, at.object, at.field, names); err != nil {
		return err
	}
	for _, key := range at.sharers {
		e := p.doc.Trust[key]
		object, err := p.manifests.find(e.Object, e.Provenance)
		if err != nil {
			return err
		}
		field, err := pathOf(object.node, e.Field)
		if err != nil {
			return err
		}
		if err := p.rename(r, e, object, field, names); err != nil {
			return err
		}
	}
	r.Does = fmt.Sprintf("put %s, %s, under the new key %s of secret %s, and name %s in place of %q: a changed specification rolls the nodes, a value changed in place does not",
		at.what, layersInWords(at.layers, s.section), quoted(names[:1]), s.object.name, quoted(names[:1]), s.key)
	if first == at.raw {
		r.Does = fmt.Sprintf("rename the entry to %s, here and as the key of secret %s, its value as it is: a changed specification rolls the nodes",
			quoted(names[:1]), s.object.name)
	}
	if len(names) > 1 {
		r.Does = fmt.Sprintf("split the value into %d keys of secret %s, each with one certificate, %s, and name %s in place of %q: a changed specification rolls the nodes",
			len(names), s.object.name, layersInWords(at.layers, s.section), quoted(names), s.key)
	}
	return nil
}

// rename lets an entry name other keys; of several, a copy of it for each.
func (p *planner) rename(r *Repair, e evidence.TrustEntry, object *Object, field Path, names []string) error {
	named := "name"
	below := Path{}
	if len(field) > 0 && field[len(field)-1] == "secretRef" {
		field, below, named = field[:len(field)-2], Path{"caCert", "secretRef"}, "key"
	}
	edits, err := copies(field, len(names), func(item Path, i int) []Edit {
		return []Edit{SetScalar{item.With(below...).With(named), names[i]}}
	})
	if err != nil {
		return err
	}
	r.changes = append(r.changes, change{object, edits})
	if e.Name != "" {
		r.renames = append(r.renames, entryNames(e, names)...)
	}
	return nil
}

// copies are the edits that make n items of one: the item itself and copies of it
// at the end of its list.
func copies(item Path, n int, each func(item Path, i int) []Edit) ([]Edit, error) {
	index, ok := item[len(item)-1].(int)
	if !ok {
		return nil, errShape
	}
	list := item[:len(item)-1]
	edits := each(item, 0)
	for i := 1; i < n; i++ {
		edits = append(edits, AppendCopy{list, index})
		edits = append(edits, each(list.With(-1), i)...)
	}
	return edits, nil
}

// inPlace writes a value where it stands. Of a cluster's own entries each gets one
// certificate; a bundle gets all.
func (p *planner) inPlace(r *Repair, at *place, certs []string) error {
	e := at.entry
	if e.Domain != evidence.DomainWorkload || len(certs) == 1 {
		value := encode(strings.Join(certs, ""), at.layers)
		var edits []Edit
		if value != at.raw {
			edits = append(edits, SetScalar{at.field, value})
			r.Does = fmt.Sprintf("write %s to %s, %s", at.what, e.Field, layersInWords(at.layers, ""))
		}
		if item := at.field[:len(at.field)-1]; len(edits) == 0 {
			if e.Name == "" {
				return fmt.Errorf("its value is in order, and it has no name to change")
			}
			name := nextName(e.Name, p.namesBeside(e))
			edits = append(edits, SetScalar{item.With("name"), name})
			r.renames = append(r.renames, entryNames(e, []string{name})...)
			r.Does = fmt.Sprintf("name the entry %q, so that the nodes roll", name)
		}
		r.changes = append(r.changes, change{at.object, edits})
		return nil
	}
	// spec...additionalTrustedCAs[0].data, or [0].caCert.content
	depth := 1
	if at.field[len(at.field)-1] == "content" {
		depth = 2
	}
	item, below := at.field[:len(at.field)-depth], at.field[len(at.field)-depth:]
	names := []string{e.Name}
	for taken := append(p.namesBeside(e), e.Name); len(names) < len(certs); taken = append(taken, names[len(names)-1]) {
		names = append(names, nextName(e.Name, taken))
	}
	edits, err := copies(item, len(certs), func(item Path, i int) []Edit {
		out := []Edit{SetScalar{item.With(below...), encode(certs[i], at.layers)}}
		if e.Name != "" && i > 0 {
			out = append(out, SetScalar{item.With("name"), names[i]})
		}
		return out
	})
	if err != nil {
		return err
	}
	if e.Name != "" {
		r.renames = append(r.renames, entryNames(e, names)...)
	}
	r.changes = append(r.changes, change{at.object, edits})
	r.Does = fmt.Sprintf("split the value into %d entries, each with one certificate, %s", len(certs), layersInWords(at.layers, ""))
	return nil
}

func (p *planner) namesBeside(e evidence.TrustEntry) []string {
	var out []string
	for _, other := range p.doc.Trust {
		if other.Object == e.Object {
			out = append(out, other.Name)
		}
	}
	return out
}

var (
	namePattern = regexp.MustCompile(`^[-._a-zA-Z0-9]{1,253}$`)
	numbered    = regexp.MustCompile(`^(.+)-([1-9][0-9]{0,3})$`)
)

// nextName is a name with the next number behind it that is not taken.
func nextName(name string, taken []string) string {
	name, last := numberOf(name)
	for n := max(last+1, 2); ; n++ {
		if next := fmt.Sprintf("%s-%d", name, n); !slices.Contains(taken, next) {
			return next
		}
	}
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = strconv.Quote(n)
	}
	return strings.Join(out, ", ")
}

func layersInWords(layers int, section string) string {
	words := []string{"as it is, without base64", "encoded once", "encoded twice"}
	if layers < 0 || layers >= len(words) {
		return fmt.Sprintf("encoded %d times", layers)
	}
	if section == "stringData" {
		return words[layers] + " (the API adds a layer to stringData)"
	}
	return words[layers]
}
