package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/types"
)

// unreportable finds result sets whose elements, by their type, can never be reported:
// numbers, or objects without a message. eval would tell when the first one comes up,
// which may be months after the policy was written.
func unreportable(policies []*Policy, compiler *ast.Compiler) Errors {
	var faults Errors
	for _, p := range policies {
		for _, name := range p.resultRules() {
			if name == exceptionRule {
				continue // lists of rules' names
			}
			key, hint := "msg", `an element is a text, or an object with "msg" (and "subject", "evidence", "severity", "remediation")`
			if name == subjectsRule {
				key, hint = "kind", `an element is an object with "kind" and what else identifies it`
			}
			ref := p.ref.Append(ast.StringTerm(name))
			set, ok := compiler.TypeEnv.GetByRef(ref).(*types.Set)
			if !ok || reportable(set.Of(), key) {
				continue
			}
			for _, rule := range compiler.GetRulesExact(ref) {
				faults = append(faults, faultAt(rule.Location, hint, "rule %q of policy %q holds what could never be reported: %s", name, p.ID, typeText(set.Of())))
				break
			}
		}
	}
	return faults
}

// reportable tells whether a value of a type may be a text or an object with a key.
func reportable(t types.Type, key string) bool {
	switch t := t.(type) {
	case nil, types.String:
		return t == nil || key == "msg"
	case *types.Object:
		return t.DynamicProperties() != nil || slices.Contains(t.Keys(), any(key))
	case types.Any:
		return len(t) == 0 || slices.ContainsFunc(t, func(one types.Type) bool { return reportable(one, key) })
	default:
		return false
	}
}
