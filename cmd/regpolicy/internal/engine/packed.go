package engine

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// packing is the number of subjects from which a policy's passes are packed.
const packing = 1_000

// packed is where a policy's passes go that nothing but the report looks at; nil takes
// none.
type packed struct{ passes *report.Packed }

// forMany is where the passes of so many subjects go.
func (p *packed) forMany(subjects int) *packed {
	if subjects < packing {
		return nil
	}
	return p
}

// doubtful are the texts that more than one of the subjects may have: no pass with such
// a text is packed.
func (p *packed) doubtful(subjects []*ast.Term) map[string]bool {
	if p == nil {
		return nil
	}
	texts := map[string]bool{}
	for _, s := range subjects {
		if !isPlain(s) {
			texts[toSubject(s, nil).String()] = true
		}
	}
	return texts
}

func (p *packed) takes(subject *ast.Term) bool { return p != nil && packs(subject) }

// add takes a pass of a policy, by its subject's text.
func (p *packed) add(of *Policy, subject string, pointers []string) {
	if p.passes == nil {
		p.passes = report.Pack(of.result(report.Pass, nil, ""))
	}
	p.passes.Add(subject, pointers)
}

func (p *packed) len() int {
	if p == nil {
		return 0
	}
	return p.passes.Len()
}

// packs tells the subjects whose passes are packed: no trust path leads to a pod or a
// node, and what passes has no place in a file.
func packs(subject *ast.Term) bool {
	object, _ := subject.Value.(ast.Object)
	switch object.Get(kindKey).Value {
	case ast.String("pod"), ast.String("node"), ast.String("trust_file"):
		return true
	default:
		return false
	}
}

// isPlain tells a subject in which all is text, and nothing looks like the signs between:
// of such no two have one text.
func isPlain(subject *ast.Term) bool {
	object, _ := subject.Value.(ast.Object)
	return !object.Until(func(key, value *ast.Term) bool { return !isWord(key) || !isWord(value) })
}

func isWord(t *ast.Term) bool {
	text, ok := t.Value.(ast.String)
	return ok && !strings.ContainsAny(string(text), ",=")
}
