package engine

import (
	"sort"

	"github.com/open-policy-agent/opa/v1/ast"
)

// unknownData finds references to data that nothing defines: a misspelt helper is
// undefined, and a rule that asks for it would silently never deny.
func unknownData(compiler *ast.Compiler, data map[string]any) Errors {
	var faults Errors
	names := make([]string, 0, len(compiler.Modules))
	for name := range compiler.Modules {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		seen := map[string]bool{}
		ast.WalkRefs(compiler.Modules[name], func(ref ast.Ref) bool {
			if !ref.HasPrefix(ast.DefaultRootRef) || len(ref) < 2 || !ref[1].IsGround() {
				return false
			}
			root, ok := ref[1].Value.(ast.String)
			if _, given := data[string(root)]; !ok || given || root == "params" {
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
			faults = append(faults, faultAt(location, "check the spelling; helpers of the library stand in policies/lib",
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
