package engine

import (
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// unknownData finds references to data that nothing defines: a misspelt helper is
// undefined, and a rule that asks for it would silently never deny.
func unknownData(compiler *ast.Compiler, data map[string]any) Errors {
	faults := hiddenData(compiler.Modules, data)
	for _, name := range slices.Sorted(maps.Keys(compiler.Modules)) {
		seen := map[string]bool{}
		ast.WalkRefs(compiler.Modules[name], func(ref ast.Ref) bool {
			if !ref.HasPrefix(ast.DefaultRootRef) || len(ref) < 2 || !ref[1].IsGround() {
				return false
			}
			root, ok := ref[1].Value.(ast.String)
			if !ok || root == "params" || given(data, ref[1:]) {
				return false
			}
			prefix := ref.GroundPrefix()
			if known(compiler, prefix) || seen[prefix.String()] {
				return false
			}
			seen[prefix.String()] = true
			location := ref[0].Location
			if location == nil {
				location = compiler.Modules[name].Package.Location
			}
			faults = append(faults, faultAt(location, "check the spelling; docs/own-policies.md lists the library's helpers, and --data gives data",
				"%s is not defined anywhere", prefix))
			return false
		})
	}
	return faults
}

// known tells whether some rule gives the reference, or part of it, a value.
func known(compiler *ast.Compiler, ref ast.Ref) bool {
	if len(compiler.GetRulesForVirtualDocument(ref)) > 0 || len(compiler.GetRulesWithPrefix(ref)) > 0 {
		return true
	}
	for _, m := range compiler.Modules {
		if m.Package.Path.Equal(ref) {
			return true
		}
	}
	return false
}

// given tells whether data holds what a reference names, as far as its parts are
// known before a policy runs.
func given(data map[string]any, ref ast.Ref) bool {
	var here any = data
	for _, part := range ref {
		name, ok := part.Value.(ast.String)
		if !ok {
			return true
		}
		node, _ := here.(map[string]any) // nothing else has a field
		if here, ok = node[string(name)]; !ok {
			return false
		}
	}
	return true
}

// hiddenData finds rules that stand where data stands: a reference would see the
// rule and never the data.
func hiddenData(modules map[string]*ast.Module, data map[string]any) Errors {
	if len(data) == 0 {
		return nil
	}
	var faults Errors
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(modules)) {
		for _, rule := range modules[name].Rules {
			ref := rule.Ref().GroundPrefix()
			if given(data, ref[1:]) && !seen[ref.String()] {
				seen[ref.String()] = true
				faults = append(faults, faultAt(rule.Location, "rename one of them", "rule %s stands where the data has a value of that name, which it would hide", ref))
			}
		}
	}
	return faults
}
