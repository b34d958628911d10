package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// customKeys are the keys of METADATA's `custom` that mean something here.
var customKeys = []string{
	"controls", "explains", "explains_from", "id", "optional_evidence", "params", "profiles", "recommended_action", "severity", "tags", "trust_domain",
}

// Check compiles the sources and holds the policies of some files to the
// conventions. Faults of the first kind are returned as error, those of the second
// as list. checked is how many policies lie there. known are ids of policies that are not among the sources.
func (s *Sources) Check(ctx context.Context, under func(file string) bool, known []string) (checked int, faults Errors, err error) {
	if _, err := s.CompileWithTests(); err != nil {
		return 0, nil, err
	}
	l, err := s.Library(ctx)
	if err != nil {
		return 0, nil, err
	}
	ids := map[string]bool{}
	for _, id := range known {
		ids[id] = true
	}
	for _, p := range l.policies {
		ids[p.ID] = true
	}
	used := s.usedRules()
	for _, p := range l.policies {
		if under(p.File) {
			checked++
			faults = append(faults, s.checkPolicy(p, ids, used)...)
		}
	}
	faults = append(faults, explainCycles(l.policies)...)
	faults.sorted() //nolint:errcheck // it returns the same list as an error
	return checked, faults, nil
}

func (s *Sources) checkPolicy(p *Policy, ids, used map[string]bool) Errors {
	var faults Errors
	add := func(loc *ast.Location, hint, format string, args ...any) {
		faults = append(faults, faultAt(loc, hint, format, args...))
	}
	loc := p.module.Package.Location
	for _, want := range []struct{ name, value, hint string }{
		{"title", strings.TrimPrefix(p.Title, p.Package), "say what should hold, in one line"},
		{"description", p.Description, "say what the policy looks at and why"},
		{"custom.id", strings.TrimPrefix(p.ID, p.Package), "ids are permanent: choose one with a prefix of your organisation's, such as ACME-TLS-001"},
		{"custom.recommended_action", p.RecommendedAction, "say how to repair"},
	} {
		if want.value == "" {
			add(loc, want.hint, "policy %q has no %s in the METADATA of its package", p.ID, want.name)
		}
	}
	if strings.HasSuffix(p.Title, ".") {
		add(loc, "drop it", "the title of policy %q ends with a full stop", p.ID)
	}
	if p.Description != "" && !strings.HasSuffix(strings.TrimSpace(p.Description), ".") {
		add(loc, "write sentences", "the description of policy %q does not end with a full stop", p.ID)
	}
	faults = append(faults, s.checkMetadata(p, ids)...)
	if !p.hasSubjects {
		add(loc, "add `subjects contains {\"kind\": ..., \"name\": ...} if { ... }`", "policy %q does not say what it looks at: without subjects a pass names nothing", p.ID)
	}
	faults = append(faults, s.checkRules(p, used)...)
	return faults
}

// checkMetadata looks for what METADATA says and nothing understands.
func (s *Sources) checkMetadata(p *Policy, ids map[string]bool) Errors {
	var faults Errors
	severity := false
	for _, m := range s.modulesOf(p) {
		for _, a := range m.Annotations {
			if a.Scope != "package" && a.Scope != "subpackages" {
				continue
			}
			for _, key := range slices.Sorted(maps.Keys(a.Custom)) {
				severity = severity || key == "severity"
				if !slices.Contains(customKeys, key) {
					faults = append(faults, faultAt(a.Location, "it has "+strings.Join(customKeys, ", "), "METADATA custom has no key %q", key))
				}
			}
		}
	}
	loc := p.module.Package.Location
	if !severity {
		faults = append(faults, faultAt(loc, "info, low, medium, high or critical; without it medium counts", "policy %q has no custom.severity in the METADATA of its package", p.ID))
	}
	for _, id := range p.Explains {
		if !ids[id] {
			faults = append(faults, faultAt(loc, "`regpolicy list` shows the ids", "policy %q explains %q, which does not exist", p.ID, id))
		}
	}
	for _, section := range p.Optional {
		if _, ok := evidence.SectionCollectors[section]; !ok {
			faults = append(faults, faultAt(loc, fmt.Sprintf("sections are %v", slices.Sorted(maps.Keys(evidence.SectionCollectors))), "optional_evidence of policy %q names %q, which is no section", p.ID, section))
		}
	}
	return faults
}

// checkRules looks for rules that can never report, and for parameters taken from
// another policy.
func (s *Sources) checkRules(p *Policy, used map[string]bool) Errors {
	var faults Errors
	for _, m := range s.modulesOf(p) {
		for _, rule := range m.Rules {
			name := ruleName(rule)
			if !slices.Contains(p.resultRules(), name) && !used[m.Package.Path.String()+"."+name] {
				faults = append(faults, faultAt(rule.Location, "use it, or remove it", "nothing uses rule %q of policy %q, so what it says is never reported", name, p.ID))
			}
			if neverTrue(rule) {
				faults = append(faults, faultAt(rule.Location, "remove it, or the `false` in it", "rule %q of policy %q is never true", name, p.ID))
			}
		}
		ast.WalkTerms(m, func(t *ast.Term) bool {
			if id := paramsID(t); id != "" && id != p.ID {
				faults = append(faults, faultAt(t.Location, fmt.Sprintf("write %q", p.ID), "policy %q takes the parameters of %q", p.ID, id))
			}
			return false
		})
	}
	return faults
}

func (s *Sources) modulesOf(p *Policy) []*ast.Module {
	var out []*ast.Module
	for _, path := range slices.Sorted(maps.Keys(s.modules)) {
		if packageName(s.modules[path]) == p.Package {
			out = append(out, s.modules[path])
		}
	}
	return out
}

// neverTrue: the body holds a literal false.
func neverTrue(rule *ast.Rule) bool {
	if rule.Else != nil {
		return false
	}
	for _, expr := range rule.Body {
		if t, ok := expr.Terms.(*ast.Term); ok && ast.Boolean(expr.Negated).Compare(t.Value) == 0 {
			return true
		}
	}
	return false
}

// paramsID is the id in data.params["X"] or params.of("X", chain), or "".
func paramsID(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.Ref:
		if len(v) > 2 && v[:2].Equal(ast.MustParseRef("data.params")) {
			if id, ok := v[2].Value.(ast.String); ok {
				return string(id)
			}
		}
	case ast.Call:
		if len(v) == 3 && (v[0].String() == "params.of" || v[0].String() == "data.regpolicy.lib.params.of") {
			if id, ok := v[1].Value.(ast.String); ok {
				return string(id)
			}
		}
	}
	return ""
}

// usedRules are the rules that some rule or test refers to, as "data.pkg.name". In
// its own package a rule is referred to by its name alone.
func (s *Sources) usedRules() map[string]bool {
	used := map[string]bool{}
	for _, modules := range []map[string]*ast.Module{s.modules, s.tests} {
		for _, m := range modules {
			aliases := map[string]string{}
			for _, imp := range m.Imports {
				aliases[string(imp.Name())] = imp.Path.String()
			}
			for _, rule := range m.Rules {
				own := m.Package.Path.String() + "." + ruleName(rule)
				note := func(name string) {
					if name != own { // a rule that only refers to itself is not used
						used[name] = true
					}
				}
				noteVar := func(v ast.Var) bool {
					note(m.Package.Path.String() + "." + string(v))
					return false
				}
				ast.WalkVars(rule, noteVar)
				// What stands between the brackets of `deny[key(x)]` is not walked with the rule.
				for _, part := range rule.Head.Ref()[1:] {
					ast.WalkVars(part, noteVar)
				}
				ast.WalkRefs(rule, func(ref ast.Ref) bool {
					text := ref.ConstantPrefix().String()
					if target, ok := aliases[ref[0].String()]; ok {
						text = strings.Replace(text, ref[0].String(), target, 1)
					}
					note(text)
					if parts := strings.Split(text, "."); len(parts) > 1 {
						for i := 2; i < len(parts); i++ {
							note(strings.Join(parts[:i+1], "."))
						}
					}
					return false
				})
			}
		}
	}
	return used
}

// explainCycles finds policies that explain themselves by way of others: neither
// would ever be named as a cause.
func explainCycles(policies []*Policy) Errors {
	edges := map[string][]string{}
	for _, p := range policies {
		edges[p.ID] = p.Explains
	}
	var faults Errors
	for _, p := range policies {
		seen := map[string]bool{}
		queue := slices.Clone(p.Explains)
		for len(queue) > 0 && !seen[p.ID] {
			if !seen[queue[0]] {
				queue = append(queue, edges[queue[0]]...)
			}
			seen[queue[0]] = true
			queue = queue[1:]
		}
		if seen[p.ID] {
			faults = append(faults, faultAt(p.module.Package.Location, "causes explain symptoms, never the other way round", "policy %q explains itself by way of others", p.ID))
		}
	}
	return faults
}
