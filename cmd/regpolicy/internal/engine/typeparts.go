package engine

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// detail is what OPA adds to a fault, on one line. A type of too many parts is not told:
// one that shares them may have 2^60, and each is written out.
func detail(d ast.ErrorDetails) string {
	parts := typeParts(maxTypeParts)
	switch d := d.(type) {
	case nil:
		return ""
	case *ast.UnificationErrDetail:
		parts.count(d.Left, d.Right)
	case *ast.ArgErrDetail:
		parts.count(d.Have...)
		parts.count(d.Want.Args...)
		parts.count(d.Want.Variadic)
	case *ast.RefErrUnsupportedDetail:
		parts.count(d.Have)
	case *ast.RefErrInvalidDetail:
		parts.count(d.Have, d.Want)
	}
	if parts < 0 {
		return " (" + untold + ")"
	}
	return " (" + strings.Join(strings.Fields(strings.Join(d.Lines(), " ")), " ") + ")"
}

const untold = "a type that is too long to tell"

// typeText is a type as text.
func typeText(t types.Type) string {
	parts := typeParts(maxTypeParts)
	if parts.count(t); parts < 0 {
		return untold
	}
	return types.Sprint(t)
}

// maxTypeParts are more than those of an evidence document have.
const maxTypeParts = 10_000

// typeParts are how many parts types may still have.
type typeParts int

func (p *typeParts) count(all ...types.Type) {
	for _, t := range all {
		if *p--; *p < 0 {
			return
		}
		switch t := t.(type) {
		case *types.NamedType:
			p.count(t.Type)
		case *types.Set:
			p.count(t.Of())
		case types.Any:
			p.count(t...)
		case *types.Array:
			for i := range t.Len() {
				p.count(t.Select(i))
			}
			p.count(t.Dynamic())
		case *types.Object:
			for _, property := range t.StaticProperties() {
				p.count(property.Value)
			}
			if property := t.DynamicProperties(); property != nil {
				p.count(property.Key, property.Value)
			}
		case *types.Function:
			p.count(t.FuncArgs().Args...)
			p.count(t.Result())
		}
	}
}
