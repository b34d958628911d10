package rulecache

import (
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxCalls is how many results of calls and of single keys a document's cache keeps. Those
// of whole rules, one for each rule of a library, are kept without a bound.
const maxCalls = 1 << 16

// Document holds what rules came to over one document, judged at one moment.
type Document struct {
	plan  *Plan
	again bool
	// still is shared by all moments, and holds all of the first.
	still, moving *store
	fixed         *Fixed // nil where nothing is shared with other documents
}

// Fixed holds what is the same for all documents that are judged with the same data.
type Fixed struct{ store store }

// Document begins with nothing. again tells that it is judged at several moments; fixed
// is what it shares with other documents, nil for nothing.
func (p *Plan) Document(again bool, fixed *Fixed) *Document {
	if fixed != nil {
		p.fixed()
	}
	s := &store{}
	return &Document{plan: p, again: again, still: s, moving: s, fixed: fixed}
}

// At is the same document at another moment: what does not hang on it is shared.
func (d *Document) At() *Document {
	d.plan.moving()
	return &Document{plan: d.plan, again: d.again, still: d.still, moving: &store{}, fixed: d.fixed}
}

// Drop forgets everything and keeps nothing from now on. What is fixed is small.
func (d *Document) Drop() {
	d.still.drop()
	d.moving.drop()
}

// fixes tells that all documents share what a reference leads to.
func (d *Document) fixes(r *rule, rest []*ast.Term) bool {
	return d.fixed != nil && r.fixed && len(rest) == 0
}

func (d *Document) store(r *rule, rest []*ast.Term) *store {
	switch {
	case d.fixes(r, rest):
		return &d.fixed.store
	case d.still != d.moving && r.moving:
		return d.moving
	}
	return d.still
}

type store struct {
	mu      sync.RWMutex
	entries table
	calls   int
	dropped bool
}

func (s *store) get(hash uint64, r *rule, rest ast.Ref) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.entries.get(hash, r, rest)
}

func (s *store) add(e *entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropped || len(e.rest) > 0 && s.calls == maxCalls || s.entries.get(e.hash, e.rule, e.rest) != nil {
		return
	}
	if len(e.rest) > 0 {
		s.calls++
	}
	s.entries.put(e)
}

func (s *store) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries, s.dropped = table{}, true
}

// Query is the cache of one query; OPA calls it a virtual cache. It reads what other
// queries published and keeps to itself what it finds until Publish: a query that
// fails or is stopped half way leaves nothing. Below a `with` nothing is shared, since
// there the document may be another.
type Query struct {
	document *Document
	frames   []table
	found    []*entry

	// The frame that most queries never leave, and what most of them find at most:
	first [1]table
	room  [16]*entry
}

// Query begins one query over the document.
func (d *Document) Query() *Query {
	q := &Query{document: d}
	q.first[0].buckets = q.room[:]
	q.frames = q.first[:]
	return q
}

// Publish shares what the query found out. It must have ended without an error, and
// asks nothing any more.
func (q *Query) Publish() {
	q.frames = nil
	for _, e := range q.found {
		q.document.store(e.rule, e.rest).add(e)
	}
}

// Push begins a `with`, Pop ends it.
func (q *Query) Push() { q.frames = append(q.frames, table{}) }

// Pop forgets what was found since the last Push.
func (q *Query) Pop() { q.frames = q.frames[:len(q.frames)-1] }

// Get is the value at a reference; true tells that it is known to be undefined.
func (q *Query) Get(ref ast.Ref) (*ast.Term, bool) {
	r, rest := q.document.plan.find(ref)
	hash := hashAll(r, rest)
	e := q.frames[len(q.frames)-1].get(hash, r, rest)
	if e == nil && q.shares(r, rest) {
		e = q.document.store(r, rest).get(hash, r, rest)
	}
	if e == nil {
		return nil, false
	}
	return e.value, e.value == nil
}

// Put notes the value at a reference, nil where it is undefined.
func (q *Query) Put(ref ast.Ref, value *ast.Term) {
	r, rest := q.document.plan.find(ref)
	hash := hashAll(r, rest)
	top := &q.frames[len(q.frames)-1]
	if e := top.get(hash, r, rest); e != nil {
		e.value = value
		return
	}
	e := &entry{hash: hash, rule: r, value: value}
	if len(rest) > 0 {
		e.rest = append(make([]*ast.Term, 0, len(rest)), rest...) // OPA reuses the reference
	}
	top.put(e)
	if q.shares(r, rest) && (value == nil || value.IsGround()) {
		q.found = append(q.found, e)
	}
}

// shares tells whether queries may share what the reference leads to. Variables have
// names that mean something in one query only.
func (q *Query) shares(r *rule, rest ast.Ref) bool {
	d := q.document
	if len(q.frames) > 1 || r == nil {
		return false
	}
	if !d.fixes(r, rest) && !r.shared && (!r.again || !d.again) {
		return false
	}
	for _, t := range rest {
		if !t.IsGround() {
			return false
		}
	}
	return true
}

// Keys are the references of the active frame; those that are shared are left out.
func (q *Query) Keys() []ast.Ref { return nil }

// offset and prime are FNV's.
const offset, prime = 14695981039346656037, 1099511628211

func hashAll(r *rule, rest ast.Ref) uint64 {
	if r == nil {
		return hashOf(offset, rest)
	}
	return hashOf(r.hash, rest)
}

func hashOf(hash uint64, terms ast.Ref) uint64 {
	for _, t := range terms {
		hash = (hash ^ uint64(t.Value.Hash())) * prime //nolint:gosec // any bits do
	}
	return hash
}
