package policytest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// mutant is a policy with one change in it.
type mutant struct {
	module *ast.Module
	line   int
	what   string // "== became !="
}

// mutants makes every change there is to make to a module: an expression negated,
// dropped or its comparison flipped, a constant changed, a rule removed.
func mutants(m *ast.Module) []mutant {
	var out []mutant
	for i, rule := range m.Rules {
		if countRules(m, rule) > 1 {
			changed := m.Copy()
			changed.Rules = slices.Delete(changed.Rules, i, i+1)
			out = append(out, mutant{changed, row(rule.Location), "rule removed"})
		}
		for part := range parts(rule) {
			out = append(out, bodyMutants(m, i, part)...)
		}
		out = append(out, constantMutants(m, i)...)
	}
	return out
}

// countRules is how many rules of a module define the same thing.
func countRules(m *ast.Module, rule *ast.Rule) int {
	n := 0
	for _, r := range m.Rules {
		if r.Head.Ref().GroundPrefix().Equal(rule.Head.Ref().GroundPrefix()) && !r.Default {
			n++
		}
	}
	return n
}

// parts are a rule and its else branches.
func parts(rule *ast.Rule) []*ast.Rule {
	var out []*ast.Rule
	for r := rule; r != nil; r = r.Else {
		out = append(out, r)
	}
	return out
}

// bodyMutants change the expressions of one branch of a rule.
func bodyMutants(m *ast.Module, rule, part int) []mutant {
	var out []mutant
	original := parts(m.Rules[rule])[part].Body
	change := func(what string, loc *ast.Location, edit func(body ast.Body) ast.Body) {
		changed := m.Copy()
		r := parts(changed.Rules[rule])[part]
		r.Body = edit(r.Body)
		out = append(out, mutant{changed, row(loc), what})
	}
	for i, expr := range original {
		if isTrue(expr) || expr.IsAssignment() || expr.IsSome() {
			continue
		}
		change("negated", expr.Location, func(body ast.Body) ast.Body { body[i].Negated = !body[i].Negated; return body })
		if len(original) > 1 {
			change("dropped", expr.Location, func(body ast.Body) ast.Body { return reindexed(slices.Delete(body, i, i+1)) })
		}
		if other, ok := flips[operator(expr)]; ok {
			change(operator(expr)+" became "+other, expr.Location, func(body ast.Body) ast.Body {
				terms, _ := body[i].Terms.([]*ast.Term)
				terms[0] = ast.RefTerm(ast.VarTerm(other))
				return body
			})
		}
	}
	return out
}

// isTrue: a rule without a body has one that says true.
func isTrue(expr *ast.Expr) bool {
	term, ok := expr.Terms.(*ast.Term)
	return ok && ast.Boolean(true).Compare(term.Value) == 0
}

func reindexed(body ast.Body) ast.Body {
	for i := range body {
		body[i].Index = i
	}
	return body
}

var flips = map[string]string{"equal": "neq", "neq": "equal", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}

func operator(expr *ast.Expr) string {
	if !expr.IsCall() {
		return ""
	}
	return expr.Operator().String()
}

// constantMutants change texts and numbers, except the segments of references.
func constantMutants(m *ast.Module, rule int) []mutant {
	var out []mutant
	total := len(constants(m.Rules[rule]))
	for n := range total {
		changed := m.Copy()
		term := constants(changed.Rules[rule])[n]
		before := term.String()
		switch v := term.Value.(type) {
		case ast.String:
			term.Value = v + "~"
		case ast.Number:
			term.Value = ast.Number(json.Number(fmt.Sprintf("1%s", strings.TrimPrefix(string(v), "-"))))
		default:
		}
		out = append(out, mutant{changed, row(term.Location), before + " changed"})
	}
	return out
}

// constants are the texts and numbers of a rule in their order. Keys of objects are
// left alone: the engine would not know the finding's fields any more.
func constants(rule *ast.Rule) []*ast.Term {
	var out []*ast.Term
	visitor := &ast.GenericVisitor{}
	*visitor = *ast.NewGenericVisitor(func(x any) bool {
		switch v := x.(type) {
		case ast.Ref:
			for _, part := range v[1:] {
				if _, text := part.Value.(ast.String); !text {
					visitor.Walk(part)
				}
			}
			return true
		case ast.Object:
			v.Foreach(func(_, value *ast.Term) { visitor.Walk(value) })
			return true
		case *ast.Term:
			switch v.Value.(type) {
			case ast.String, ast.Number:
				out = append(out, v)
			}
		}
		return false
	})
	visitor.Walk(rule)
	return out
}

func row(loc *ast.Location) int {
	if loc == nil {
		return 0
	}
	return loc.Row
}
