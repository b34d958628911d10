package repair

import (
	"errors"
	"fmt"
	"strings"
)

// appendTo puts a CA behind those of a bundle, whose text stays as it is.
func (p *planner) appendTo(at *place, ca string) (*Repair, error) {
	if _, err := certificatesOf(at.raw); err != nil {
		return nil, err
	}
	if at.layers != 0 || at.secret != nil {
		return nil, errors.New("the bundle is encoded: append the CA by hand")
	}
	return &Repair{
		Of:      nameOf(at.entry),
		Does:    fmt.Sprintf("append the CA to %s; what is there stays", at.entry.Field),
		changes: []change{{at.object, []Edit{SetScalar{at.field, strings.TrimRight(at.raw, "\n") + "\n" + ca}}}},
	}, nil
}

// beside puts a CA beside an entry: an entry of its own at the end of the list, with a
// key of its own in the same secret.
func (p *planner) beside(at *place, ca string) (*Repair, error) {
	r := &Repair{Of: nameOf(at.entry)}
	taken := p.namesBeside(at.entry)
	named, field := "name", at.field
	var below Path
	if s := at.secret; s != nil {
		name := nextName(s.key, append(taken, s.keys...))
		if !namePattern.MatchString(name) {
			return nil, fmt.Errorf("%q is no name of a key: give the entry another one", s.key)
		}
		r.changes = append(r.changes, change{s.object, []Edit{AddKey{Path{s.section}, s.key, name, encode(ca, at.layers)}}})
		r.Does = fmt.Sprintf("put %s, %s, beside it: under the new key %q of secret %s, with an entry that names it; a changed specification rolls the nodes",
			at.what, layersInWords(at.layers, s.section), name, s.object.name)
		if field[len(field)-1] == "secretRef" {
			field, below, named = field[:len(field)-2], Path{"caCert", "secretRef"}, "key"
		}
		edits, err := added(field, SetScalar{below.With(named), name})
		r.changes = append(r.changes, change{at.object, edits})
		return r, err
	}
	depth := 1
	if field[len(field)-1] == "content" {
		depth = 2
	}
	below = field[len(field)-depth:]
	values := []SetScalar{{below, encode(ca, at.layers)}}
	r.Does = fmt.Sprintf("put %s, %s, beside it, as an entry of its own; a changed specification rolls the nodes", at.what, layersInWords(at.layers, ""))
	if at.entry.Name != "" {
		values = append(values, SetScalar{Path{"name"}, nextName(at.entry.Name, taken)})
	}
	edits, err := added(field[:len(field)-depth], values...)
	r.changes = append(r.changes, change{at.object, edits})
	return r, err
}

// added are the edits that copy an item to the end of its list, with other values.
func added(item Path, values ...SetScalar) ([]Edit, error) {
	index, ok := item[len(item)-1].(int)
	if !ok {
		return nil, errShape
	}
	list := item[:len(item)-1]
	edits := []Edit{AppendCopy{list, index}}
	for _, v := range values {
		edits = append(edits, SetScalar{list.With(-1).With(v.Path...), v.Value})
	}
	return edits, nil
}
