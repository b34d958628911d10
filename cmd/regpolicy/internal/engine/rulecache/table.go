package rulecache

import "github.com/open-policy-agent/opa/v1/ast"

// entry is what a rule, or a call of it, came to.
type entry struct {
	hash  uint64
	rule  *rule // nil for what has no name of its own
	rest  []*ast.Term
	value *ast.Term // nil where the rule is undefined
	next  *entry
}

// table finds entries by their hash. There is one for each query, and most of them hold a
// handful, for which a Go map takes three times the memory.
type table struct {
	buckets []*entry // as many as a power of two, or none
	size    int
}

func (t *table) get(hash uint64, r *rule, rest ast.Ref) *entry {
	if t.size == 0 {
		return nil
	}
	for e := *t.bucket(hash); e != nil; e = e.next {
		if e.hash == hash && e.rule == r && equal(e.rest, rest) {
			return e
		}
	}
	return nil
}

// put adds an entry that is not in the table yet.
func (t *table) put(e *entry) {
	if t.size == len(t.buckets) {
		t.grow()
	}
	b := t.bucket(e.hash)
	e.next, *b = *b, e
	t.size++
}

func (t *table) grow() {
	old := t.buckets
	t.buckets = make([]*entry, max(8, 2*len(old)))
	for _, e := range old {
		for e != nil {
			next := e.next
			b := t.bucket(e.hash)
			e.next, *b = *b, e
			e = next
		}
	}
}

func (t *table) bucket(hash uint64) **entry {
	return &t.buckets[(hash^hash>>32)&uint64(len(t.buckets)-1)] //nolint:gosec // a length is not negative, and there are some
}

func equal(a []*ast.Term, b ast.Ref) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !a[i].Equal(b[i]) {
			return false
		}
	}
	return true
}
