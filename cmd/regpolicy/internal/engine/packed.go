package engine

import (
	"encoding/binary"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// packing is the number of subjects from which a policy's passes are packed.
const packing = 1_000

// packed are a policy's passes of pods and nodes as text, a tenth of what they take as results.
// A large cluster has a hundred thousand, which nobody looks at until the report is
// put together.
type packed struct {
	like  report.Result // what they have in common
	count int
	text  []byte
}

// forMany is where the passes of so many subjects go; nil packs none.
func (p *packed) forMany(subjects int) *packed {
	if subjects < packing {
		return nil
	}
	return p
}

func (p *packed) takes(subject *ast.Term) bool { return p != nil && packs(subject) }

func (p *packed) len() int {
	if p == nil {
		return 0
	}
	return p.count
}

// packs tells the subjects whose passes are packed: no trust path leads to a pod or a
// node, and what passes has no place in a file. Texts in which nothing looks like the signs between
// them are no other subject's.
func packs(subject *ast.Term) bool {
	object, _ := subject.Value.(ast.Object)
	switch object.Get(kindKey).Value {
	case ast.String("pod"), ast.String("node"), ast.String("trust_file"):
	default:
		return false
	}
	return !object.Until(func(key, value *ast.Term) bool { return !isPlain(key) || !isPlain(value) })
}

func isPlain(t *ast.Term) bool {
	text, ok := t.Value.(ast.String)
	return ok && !strings.ContainsAny(string(text), ",=")
}

// add takes a pass.
func (p *packed) add(r report.Result) {
	if p.count == 0 {
		p.like = r
		p.like.Subject, p.like.Evidence = nil, nil
	}
	p.count++
	p.text = binary.AppendUvarint(p.text, uint64(len(r.Subject)))
	for key, value := range r.Subject {
		p.text = appendText(appendText(p.text, key), value)
	}
	p.text = binary.AppendUvarint(p.text, uint64(len(r.Evidence)))
	for _, e := range r.Evidence {
		p.text = appendText(p.text, e.Pointer)
	}
}

// unpack adds the passes to results.
func (p *packed) unpack(results []report.Result, subjects *subjectTable) []report.Result {
	text, known := unpacking(p.text), map[string]string{}
	for range p.count {
		r := p.like
		r.Subject = evidence.Subject{}
		for range text.number() {
			key, value := text.known(known), ""
			if key == "name" { // hardly two are the same
				value = string(text.next())
			} else {
				value = text.known(known)
			}
			r.Subject[key] = value
		}
		r.Evidence = make([]report.Pointer, text.number())
		for i := range r.Evidence {
			r.Evidence[i] = report.Pointer{Pointer: string(text.next()), Role: supports}
		}
		subject := r.Subject.String()
		r.Subject = subjects.one(r.Subject, subject)
		r.Fingerprint = fingerprint(r.ID, subject)
		results = append(results, r)
	}
	p.text = nil
	return results
}

func appendText(to []byte, text string) []byte {
	return append(binary.AppendUvarint(to, uint64(len(text))), text...)
}

type unpacking []byte

func (u *unpacking) number() int {
	n, size := binary.Uvarint(*u)
	*u = (*u)[size:]
	return int(n) //nolint:gosec // it was the length of something
}

func (u *unpacking) next() []byte {
	n := u.number()
	text := (*u)[:n]
	*u = (*u)[n:]
	return text
}

// known is the next text, which stands in memory once.
func (u *unpacking) known(texts map[string]string) string {
	next := u.next()
	text, ok := texts[string(next)]
	if !ok {
		text = string(next)
		texts[text] = text
	}
	return text
}
