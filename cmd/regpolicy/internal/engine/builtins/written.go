package builtins

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
)

// MaxDepth bounds how deep what a call reads or a query gives may nest. OPA goes as deep
// as it does, and some hundred thousand deep that overflows the stack. JSON, YAML,
// regular expressions and Rego have bounds of their own.
const MaxDepth = 10_000

// Written is about how long a value is as text, or more than most: parts that a value
// holds several times count each time, because that is how it is written. It ends where
// it finds that the value nests too deep.
func Written(t *ast.Term, most int) (size int, deep bool) {
	w := writing{most: most}
	w.add(t, 0)
	return w.size, w.deep
}

type writing struct {
	size, most int
	deep       bool
}

func (w *writing) add(t *ast.Term, depth int) {
	if w.deep = w.deep || depth > MaxDepth; w.deep || w.size > w.most {
		return
	}
	w.size += 2 + length(t)
	depth++
	switch v := t.Value.(type) {
	case *ast.Array:
		for i := range v.Len() {
			w.add(v.Elem(i), depth)
		}
	case ast.Set:
		v.Foreach(func(part *ast.Term) { w.add(part, depth) })
	case ast.Object:
		v.Foreach(func(key, part *ast.Term) {
			w.add(key, depth)
			w.add(part, depth)
		})
	}
}

// tooDeep tells why values are refused that are to be written, or put somewhere.
func tooDeep(what string) string {
	return fmt.Sprintf("would %s values nested more than %d deep", what, MaxDepth)
}
