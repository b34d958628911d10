package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
)

// analysis is what the analysis of the built-in policies came to, written down when they
// were made: each run would find the same. It counts only for those very sources.
type analysis struct {
	// Digest is that of the modules and the schema that were analysed.
	Digest string `json:"digest"`
	// Reads are each policy's, by package: "section" or "section/field".
	Reads map[string][]string `json:"reads"`
	// Idle are the stages of OPA's compiler that change none of the modules.
	Idle []ast.StageID `json:"idle"`
	// Rules is what their rules' values hang on.
	Rules rulecache.Known `json:"rules"`
}

// Known is the analysis of the policies as a file for Config.Known, made by all checks
// there are.
func Known(ctx context.Context, cfg Config) ([]byte, error) {
	cfg.Known, cfg.Select, cfg.Exclude = nil, nil, nil
	l, err := Load(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s, err := Parse(cfg)
	if err != nil {
		return nil, err
	}
	k := analysis{
		Digest: knownDigest(cfg.Modules, cfg.Schema), Reads: map[string][]string{},
		Idle: idle(s.modules), Rules: l.shared.Find(),
	}
	for _, p := range l.policies {
		if !p.hasSubjects {
			return nil, fmt.Errorf("writing down the analysis of policy %q: it has no subjects", p.ID)
		}
		for _, r := range p.Reads {
			k.Reads[p.Package] = append(k.Reads[p.Package], strings.TrimSuffix(r.Section+"/"+r.Field, "/"))
		}
	}
	text, err := json.MarshalIndent(k, "", " ")
	return append(text, '\n'), err
}

func knownDigest(modules []Module, schema []byte) string {
	return digest(append(slices.Clone(modules), Module{Path: "schema", Source: schema}), nil)
}

// readKnown is what is known of the built-in policies among the modules; nil where
// they are not those that were analysed, or another module adds to one of their packages.
func (s *Sources) readKnown() (*analysis, error) {
	if len(s.cfg.Known) == 0 {
		return nil, nil //nolint:nilnil // nothing is known
	}
	var k analysis
	if err := json.Unmarshal(s.cfg.Known, &k); err != nil {
		return nil, fmt.Errorf("reading what is known of the built-in policies: %w", err)
	}
	var builtin []Module
	var own, added []*ast.Module
	for _, m := range s.cfg.Modules {
		parsed := s.modules[m.Path]
		if m.Builtin {
			builtin = append(builtin, m)
		}
		switch {
		case parsed == nil: // a test
		case m.Builtin:
			own = append(own, parsed)
		default:
			added = append(added, parsed)
		}
	}
	if addTo(own, added) || knownDigest(builtin, s.cfg.Schema) != k.Digest {
		return nil, nil //nolint:nilnil // as above
	}
	return &k, nil
}

// addTo tells whether a module is of the package of one of own, or has a rule that lies
// in such a package, or may.
func addTo(own, added []*ast.Module) bool {
	packages := map[string]bool{}
	for _, m := range own {
		for i := range m.Package.Path {
			whole := i == len(m.Package.Path)-1
			packages[m.Package.Path[:i+1].String()] = packages[m.Package.Path[:i+1].String()] || whole
		}
	}
	// lies follows a reference down: true stands for a whole package, false for part of
	// the way to one.
	lies := func(ref ast.Ref) bool {
		for i := range ref {
			if !ref[i].IsGround() && i > 0 {
				return true // below here it may be anything
			}
			whole, onTheWay := packages[ref[:i+1].String()]
			if whole || !onTheWay {
				return whole
			}
		}
		return false
	}
	return slices.ContainsFunc(added, func(m *ast.Module) bool {
		return lies(m.Package.Path) || slices.ContainsFunc(m.Rules, func(r *ast.Rule) bool { return lies(r.Ref()) })
	})
}

// of is the known policies' reads put in their places; the rest is to be analysed.
func (k *analysis) of(policies []*Policy) (rest []*Policy) {
	for _, p := range policies {
		list, ok := []string(nil), false
		if k != nil && p.Builtin {
			list, ok = k.Reads[p.Package]
		}
		if !ok {
			rest = append(rest, p)
			continue
		}
		p.Reads = make([]Read, len(list))
		for i, text := range list {
			p.Reads[i].Section, p.Reads[i].Field, _ = strings.Cut(text, "/")
		}
	}
	return rest
}

// onlyKnown tells whether there is nothing to check: all modules are built in.
func (k *analysis) onlyKnown(modules []Module) bool {
	return k != nil && !slices.ContainsFunc(modules, func(m Module) bool { return !m.Builtin })
}

// checks are the stages of OPA's compiler that only look for faults. Policies that are
// known have none. That verdicts are the same without them is tested.
func checks() []ast.StageID {
	return []ast.StageID{
		ast.StageCheckUnusedImports, ast.StageCheckKeywordOverrides, ast.StageCheckDuplicateImports, ast.StageCheckVoidCalls,
		ast.StageCheckRuleConflicts, ast.StageCheckUndefinedFuncs, ast.StageCheckRecursion, ast.StageCheckTypes,
		ast.StageCheckUnsafeBuiltins, ast.StageCheckDeprecatedBuiltins, ast.StageBuildRequiredCapabilities,
	}
}

// idle are the stages that rewrite modules, or put them in order, and change nothing of
// these ones.
func idle(modules map[string]*ast.Module) []ast.StageID {
	compiled := func(left ...ast.StageID) *ast.Compiler {
		c := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false).WithSkipStages(append(checks(), left...)...)
		c.Compile(modules)
		return c
	}
	whole := compiled()
	var out []ast.StageID
	for _, stage := range []ast.StageID{
		ast.StageRewriteTemplateStrings, ast.StageRewritePrintCalls, ast.StageRewriteWithValues,
		ast.StageCheckSafetyRuleHeads, ast.StageCheckSafetyRuleBodies, ast.StageRewriteTestRulesForTracing,
	} {
		if same(whole.Modules, compiled(append(out, stage)...).Modules) {
			out = append(out, stage)
		}
	}
	return out
}

func same(a, b map[string]*ast.Module) bool {
	return maps.EqualFunc(a, b, func(a, b *ast.Module) bool { return a.Equal(b) })
}

// libraryOfKnown compiles those of the known policies that are picked, with what they
// refer to, and checks nothing twice.
func (s *Sources) libraryOfKnown(k *analysis) (*Library, error) {
	policies, faults := collect(s.modules)
	l, more := s.assemble(policies)
	if faults = append(faults, more...); len(faults) > 0 {
		return nil, faults.sorted()
	}
	if faults = hiddenData(s.modules, s.cfg.Data); len(faults) > 0 {
		return nil, faults.sorted()
	}
	k.of(policies)
	if err := l.pick(s.cfg.Select, s.cfg.Exclude); err != nil {
		return nil, err
	}
	modules := s.modules
	if len(l.policies) < len(policies) {
		packages := make([]string, len(l.policies))
		for i, p := range l.policies {
			packages[i] = p.Package
		}
		modules = s.neededBy(packages...)
	}
	// Nobody but the checks and what is known already asks for the graph of rules.
	skipped := slices.Concat(checks(), k.Idle, []ast.StageID{ast.StageSetGraph})
	l.compiler = ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false).WithSkipStages(skipped...)
	if l.compiler.Compile(modules); l.compiler.Failed() {
		return nil, fromOPA(l.compiler.Errors).sorted()
	}
	if err := l.prepare(); err != nil {
		return nil, err
	}
	l.shared.Know(k.Rules)
	l.left = unread(l.policies)
	return l, nil
}

// neededBy are the modules of some packages, and of those that they refer to.
func (s *Sources) neededBy(packages ...string) map[string]*ast.Module {
	byPackage := map[string][]string{}
	for path, m := range s.modules {
		name := packageName(m)
		byPackage[name] = append(byPackage[name], path)
	}
	wanted := map[string]*ast.Module{}
	queue := slices.Clone(packages)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, path := range byPackage[name] {
			if wanted[path] == nil {
				wanted[path] = s.modules[path]
				queue = append(queue, slices.Collect(maps.Keys(usedPackages(map[string]*ast.Module{path: s.modules[path]})))...)
			}
		}
	}
	return wanted
}
