package repair

import (
	"fmt"
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	idUnique    = "RT-CFG-010"
	idAuthority = "RT-CFG-006"
)

// repeated takes out an entry that repeats another one of its object, or gives it a
// name of its own where only the name is the same.
func (p *planner) repeated(w *wanted, e evidence.TrustEntry) error {
	if twice(e) {
		return p.value(w, e)
	}
	for _, key := range slices.Sorted(maps.Keys(p.doc.Trust)) {
		other := p.doc.Trust[key]
		if key == w.key || other.Object != e.Object || other.Domain != e.Domain {
			continue
		}
		if e.Value != nil && other.Value != nil && covers(other, e) {
			return p.remove(w, e, fmt.Sprintf("take out the entry: %q holds the same certificate", other.Label))
		}
		if e.Name != "" && e.Name == other.Name && e.Secret == nil {
			return p.renameAlone(w, e)
		}
	}
	return fmt.Errorf("only a part of its certificates repeats another entry's: take that part out by hand")
}

func twice(e evidence.TrustEntry) bool {
	return e.Value != nil && len(e.Value.Certificates) > len(slices.Compact(slices.Sorted(slices.Values(e.Value.Certificates))))
}

// covers tells whether an entry holds all that another one does.
func covers(e, other evidence.TrustEntry) bool {
	return !slices.ContainsFunc(other.Value.Certificates, func(f string) bool { return !slices.Contains(e.Value.Certificates, f) })
}

// remove takes an entry out of its list, and its key out of the secret where nothing
// else names it. Of one object one entry is taken out at a time: the places of the
// others change.
func (p *planner) remove(w *wanted, e evidence.TrustEntry, does string) error {
	if slices.ContainsFunc(p.repairs, func(r *Repair) bool { return r.moves && r.of == e.Object }) {
		return nil
	}
	place, err := p.placeOf(w.key, e)
	if err != nil {
		return err
	}
	item := place.field
	for len(item) > 0 {
		if _, ok := item[len(item)-1].(int); ok {
			break
		}
		item = item[:len(item)-1]
	}
	if len(item) == 0 {
		return errShape
	}
	last := len(item) - 1
	index, _ := item[last].(int)
	r := &Repair{
		Of: nameOf(e), Does: does, moves: true, of: e.Object,
		Notes:   []string{"the nodes roll once for it: it may wait for the next change of trust"},
		changes: []change{{place.object, []Edit{RemoveItem{item[:last], index}}}},
	}
	if s := place.secret; s != nil && len(place.sharers) == 0 {
		r.changes = append(r.changes, change{s.object, []Edit{RemoveKey{Path{s.section}, s.key}}})
		r.Does += fmt.Sprintf("; and its key %q out of secret %s", s.key, s.object.name)
	}
	p.add(r, w.results...)
	return nil
}

// renameAlone gives an entry that holds its own value a name of its own.
func (p *planner) renameAlone(w *wanted, e evidence.TrustEntry) error {
	place, err := p.placeOf(w.key, e)
	if err != nil {
		return err
	}
	name := nextName(e.Name, p.namesBeside(e))
	item := place.field[:len(place.field)-1]
	p.add(&Repair{
		Of: nameOf(e), Does: fmt.Sprintf("name the entry %q: of two with one name one file is left on a node", name),
		changes: []change{{place.object, []Edit{SetScalar{item.With("name"), name}}}},
	}, w.results...)
	return nil
}

// leaf repairs an entry that holds a server's own certificate in the place of its CA.
func (p *planner) leaf(w *wanted, e evidence.TrustEntry) error {
	isCA := func(f string) bool { return p.doc.Certificates[f].IsCA }
	if slices.ContainsFunc(e.Value.Certificates, isCA) {
		return p.value(w, e) // the CA beside it stays
	}
	if len(e.Value.Certificates) != 1 {
		return fmt.Errorf("it holds several certificates and no CA: put the CA that issued them in their place")
	}
	leaf := e.Value.Certificates[0]
	above := p.above(leaf)
	for _, ca := range above {
		for _, key := range p.doc.Views.TrustByCertificate[ca] {
			if other := p.doc.Trust[key]; other.Object == e.Object && other.Domain == e.Domain {
				return p.remove(w, e, fmt.Sprintf("take out the entry: it is no CA, and %q holds the one that issued it", other.Label))
			}
		}
	}
	ca, notes := p.issuerFor(leaf, above)
	if ca == "" {
		if w.results[0].Verdict == report.Warn {
			return nil
		}
		return fmt.Errorf("no configuration holds the CA that issued it")
	}
	place, err := p.placeOf(w.key, e)
	if err != nil {
		return err
	}
	if len(place.sharers) > 0 {
		return fmt.Errorf("several clusters take it from key %q: put the CA under a key of its own by hand", e.Secret.Key)
	}
	place.what = "its CA"
	r, err := p.replace(place, []string{p.doc.Certificates[ca].PEM})
	if err != nil {
		return err
	}
	r.Notes = notes
	p.add(r, w.results...)
	return nil
}

// above are the known CAs over a certificate, the nearest first.
func (p *planner) above(fingerprint string) []string {
	const most = 8
	var out []string
	for at := fingerprint; len(out) < most; {
		next := p.issuerOf(at)
		if next == "" || next == fingerprint || slices.Contains(out, next) {
			break
		}
		out, at = append(out, next), next
	}
	return out
}

// issuerFor is the CA that is to take a certificate's place: one that is configured
// for anything, the nearest to the root, or, when that is asked for, one that the
// registry itself presents.
func (p *planner) issuerFor(leaf string, above []string) (ca string, notes []string) {
	for _, f := range slices.Backward(above) {
		for _, key := range p.doc.Views.TrustByCertificate[f] {
			return f, []string{
				fmt.Sprintf("the CA that %s has configured, and that issued it: %s", nameOf(p.doc.Trust[key]), p.doc.Certificates[f].Subject),
				"sha256 " + colons(f),
			}
		}
	}
	if !p.opt.CAFromRegistry {
		return "", nil
	}
	for _, name := range slices.Sorted(maps.Keys(p.doc.Endpoints)) {
		for _, chain := range p.doc.Endpoints[name].Chains {
			if chain.Certificates[0] != leaf {
				continue
			}
			if top, err := p.topOf(chain); err == nil && slices.Contains(above, top) {
				return top, p.presentedNotes(top, name)
			}
		}
	}
	return "", nil
}
