package secrets

import (
	"slices"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// step is one step down from an object to a field.
type step struct {
	from *step
	name string
}

// keys are the steps from the object on.
func (s *step) keys() []string {
	var out []string
	for ; s != nil; s = s.from {
		out = append(out, s.name)
	}
	slices.Reverse(out)
	return out
}

// place is where a field of an object stands in a file.
func (r *run) place(o *object, f field) *evidence.Position {
	if r.opt.Position == nil {
		return nil
	}
	return r.opt.Position(o.provenance, f.steps.keys()...)
}

// setPosition stores a position that is known.
func setPosition(m *map[string]evidence.Position, key string, at *evidence.Position) {
	if at == nil {
		return
	}
	if *m == nil {
		*m = map[string]evidence.Position{}
	}
	(*m)[key] = *at
}
