// Package rulecache lets the policies that judge one document share what the rules of
// their libraries come to, which OPA would find out for each query again.
package rulecache

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// Plan says of compiled rules which may be shared: by all queries those of the packages
// that are no policy's own, and those of a policy's own by its queries at several moments.
type Plan struct {
	root     node
	compiler *ast.Compiler
	moving   func()
	fixed    func()
	known    *Known // where compiler has no graph to find it by
}

// Known is what rules hang on, by their paths, sorted.
type Known struct {
	// Moving may be shared and hang on input.at.
	Moving []string `json:"moving"`
	// Fixed have no arguments and hang on nothing of input.
	Fixed []string `json:"fixed"`
}

// node is one step on the way from `data` to a rule.
type node struct {
	children map[string]*node
	rule     *rule
}

// rule stands for all rules of one name in one package.
type rule struct {
	hash uint64
	// shared tells that all queries may read it, again that one may, which is asked at
	// several moments.
	shared, again bool
	// moving tells that the value hangs on the moment by which is judged; it is known
	// once Plan.moving was called.
	moving bool
	// fixed tells that the value is the same for all documents; it is known once
	// Plan.fixed was called.
	fixed bool
}

// NewPlan reads the rules of a compiler. own are the packages whose rules only one query
// reads; true stands for those whose query is asked at several moments.
func NewPlan(compiler *ast.Compiler, own map[bool][]ast.Ref) *Plan {
	p := &Plan{compiler: compiler}
	for _, m := range compiler.Modules {
		for _, r := range m.Rules {
			p.root.at(pathOf(r)).shared = true
		}
	}
	for again, packages := range own {
		for _, path := range packages {
			p.root.below(path[1:]).keep(again)
		}
	}
	p.moving = sync.OnceFunc(p.findMoving)
	p.fixed = sync.OnceFunc(p.findFixed)
	return p
}

// pathOf is where a rule lies below `data`, up to its name.
func pathOf(r *ast.Rule) ast.Ref {
	return r.Ref()[1 : len(r.Module.Package.Path)+1]
}

func (n *node) below(path ast.Ref) *node {
	for _, t := range path {
		name, ok := t.Value.(ast.String)
		if !ok {
			break
		}
		child := n.children[string(name)]
		if child == nil {
			if n.children == nil {
				n.children = map[string]*node{}
			}
			child = &node{}
			n.children[string(name)] = child
		}
		n = child
	}
	return n
}

func (n *node) at(path ast.Ref) *rule {
	n = n.below(path)
	if n.rule == nil {
		n.rule = &rule{hash: hashOf(offset, path)}
	}
	return n.rule
}

// keep makes the rules of one package private.
func (n *node) keep(again bool) {
	for _, child := range n.children {
		if child.rule != nil {
			child.rule.shared, child.rule.again = false, again
		}
	}
}

// find is the rule that a reference leads to, and what of the reference comes after
// the rule's name. A rule that others lie below is none: it is never shared.
//
// OPA asks for a call by the function's own reference with the arguments after it.
func (p *Plan) find(ref ast.Ref) (*rule, ast.Ref) {
	if function, ok := ref[0].Value.(ast.Ref); ok {
		if r, rest := p.find(function); r != nil && len(rest) == 0 {
			return r, ref[1:]
		}
		return nil, ref
	}
	n := &p.root
	for i := 1; i < len(ref); i++ {
		name, ok := ref[i].Value.(ast.String)
		if !ok {
			break
		}
		if n = n.children[string(name)]; n == nil {
			break
		}
		if n.rule != nil && n.children == nil {
			return n.rule, ref[i+1:]
		}
	}
	return nil, ref
}

// Find is what hangs on what.
func (p *Plan) Find() Known {
	p.moving()
	p.fixed()
	root := ast.DefaultRootDocument.String()
	return Known{
		Moving: p.root.paths(root, func(r *rule) bool { return (r.shared || r.again) && r.moving }),
		Fixed:  p.root.paths(root, func(r *rule) bool { return r.fixed }),
	}
}

func (n *node) paths(path string, wanted func(*rule) bool) []string {
	var out []string
	if n.rule != nil && wanted(n.rule) {
		out = append(out, path)
	}
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		out = append(out, n.children[name].paths(path+"."+name, wanted)...)
	}
	return out
}

// Know takes what Find found before, for a compiler without a graph. It must be called
// before the first document.
func (p *Plan) Know(k Known) { p.known = &k }

// Moves tells whether the value of the rules at a path hangs on input.at, or may.
func (p *Plan) Moves(path ast.Ref) bool {
	p.moving()
	r, rest := p.find(path)
	return r == nil || len(rest) > 0 || r.moving
}

// named are the rules at these paths, without those of modules that were not picked.
func (p *Plan) named(paths []string) []*rule {
	var out []*rule
	for _, path := range paths {
		n := &p.root
		for _, name := range strings.Split(path, ".")[1:] {
			if n = n.children[name]; n == nil {
				break
			}
		}
		if n != nil && n.rule != nil {
			out = append(out, n.rule)
		}
	}
	return out
}

// findMoving marks the rules whose value hangs on input.at.
func (p *Plan) findMoving() {
	if p.known != nil {
		for _, r := range p.named(p.known.Moving) {
			r.moving = true
		}
		return
	}
	for r := range p.hanging(readsMoment) {
		r.moving = true
	}
}

// findFixed marks the rules that have no arguments and whose value does not hang on
// input.
func (p *Plan) findFixed() {
	if p.known != nil {
		for _, r := range p.named(p.known.Fixed) {
			r.fixed = true
		}
		return
	}
	hanging := p.hanging(readsInput)
	for _, m := range p.compiler.Modules {
		for _, r := range m.Rules {
			to := p.root.at(pathOf(r))
			to.fixed = len(r.Head.Args) == 0 && !hanging[to]
		}
	}
}

// hanging are the rules that read something of input, and all that use them.
func (p *Plan) hanging(reads func(*ast.Rule) bool) map[*rule]bool {
	var queue []util.T
	for _, m := range p.compiler.Modules {
		ast.WalkRules(m, func(r *ast.Rule) bool {
			if reads(r) {
				queue = append(queue, r)
			}
			return false
		})
	}
	out, seen := map[*rule]bool{}, map[util.T]bool{}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		r, ok := next.(*ast.Rule)
		if seen[next] || !ok {
			continue
		}
		seen[next] = true
		out[p.root.at(pathOf(r))] = true
		for user := range p.compiler.Graph.Dependents(next) {
			queue = append(queue, user)
		}
	}
	return out
}

// readsMoment tells whether a rule itself reads input.at, or may.
func readsMoment(r *ast.Rule) bool {
	return reads(r, func(section ast.String) bool { return section == "at" })
}

// readsInput tells whether a rule itself reads anything of input.
func readsInput(r *ast.Rule) bool {
	return reads(r, func(ast.String) bool { return true })
}

// reads tells whether a rule itself reads a section of input that is meant, or may.
func reads(r *ast.Rule, meant func(section ast.String) bool) bool {
	found := false
	var visit *ast.GenericVisitor
	visit = ast.NewGenericVisitor(func(x any) bool {
		switch x := x.(type) {
		case *ast.Rule:
			return x != r // else rules are asked by themselves
		case ast.Var:
			found = found || ast.InputRootDocument.Value.Compare(x) == 0
		case ast.Ref:
			if len(x) < 2 || !ast.InputRootDocument.Equal(x[0]) {
				return false
			}
			section, ok := x[1].Value.(ast.String)
			found = found || !ok || meant(section)
			for _, t := range x[1:] {
				visit.Walk(t)
			}
			return true
		}
		return found
	})
	visit.Walk(r)
	return found
}
