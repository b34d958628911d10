package engine

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// unusedSets finds sets of a policy that are no result rules and that nothing refers
// to: most likely a result rule whose name nobody knows, which would never report.
func unusedSets(policies []*Policy, compiler *ast.Compiler) Errors {
	used := references(compiler)
	var faults Errors
	for _, p := range policies {
		for _, rule := range compiler.GetRulesWithPrefix(p.ref) {
			if !p.isHelperSet(rule) {
				continue
			}
			ref := rule.Ref().GroundPrefix()
			if !slices.ContainsFunc(used, func(u ast.Ref) bool { return ref.HasPrefix(u) || u.HasPrefix(ref) }) {
				faults = append(faults, faultAt(rule.Location, "name it `deny`, `violation` or `warn`, with or without a suffix, or put `_` before a helper's name",
					"nothing refers to rule %q, and by its name it is no result rule: what it says would never be reported", ruleName(rule)))
			}
		}
	}
	return faults
}

func (p *Policy) isHelperSet(rule *ast.Rule) bool {
	name := ruleName(rule)
	return rule.Head.RuleKind() == ast.MultiValue && rule.Module.Package.Path.Equal(p.ref) &&
		!slices.Contains(p.resultRules(), name) && !strings.HasPrefix(name, "_") && nearMiss(name) == ""
}

// references are all that rules refer to, as far as it is known before they run.
func references(compiler *ast.Compiler) []ast.Ref {
	var used []ast.Ref
	for _, m := range compiler.Modules {
		for _, rule := range m.Rules {
			ast.WalkRefs(rule, func(ref ast.Ref) bool {
				if ref.HasPrefix(ast.DefaultRootRef) {
					used = append(used, ref.GroundPrefix())
				}
				return false
			})
		}
	}
	return used
}
