package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// analysis is what the analysis of the built-in policies came to, written down when they
// were made: each run would find the same. It counts only for those very sources.
type analysis struct {
	// Digest is that of the modules and the schema that were analysed.
	Digest string `json:"digest"`
	// Reads are each policy's, by package: "section" or "section/field".
	Reads map[string][]string `json:"reads"`
}

// Known is the analysis of the policies as a file for Config.Known, made by all checks
// there are.
func Known(ctx context.Context, cfg Config) ([]byte, error) {
	cfg.Known, cfg.Select, cfg.Exclude = nil, nil, nil
	l, err := Load(ctx, cfg)
	if err != nil {
		return nil, err
	}
	k := analysis{Digest: knownDigest(cfg.Modules, cfg.Schema), Reads: map[string][]string{}}
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
	own, added := map[string]bool{}, map[string]bool{}
	for _, m := range s.cfg.Modules {
		packages := added
		if m.Builtin {
			packages = own
			builtin = append(builtin, m)
		}
		if parsed := s.modules[m.Path]; parsed != nil {
			packages[packageName(parsed)] = true
		}
	}
	for name := range added {
		if own[name] {
			return nil, nil //nolint:nilnil // as above
		}
	}
	if knownDigest(builtin, s.cfg.Schema) != k.Digest {
		return nil, nil //nolint:nilnil // as above
	}
	return &k, nil
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

// libraryOfKnown compiles those of the known policies that are picked, with what they
// refer to, and checks nothing twice.
func (s *Sources) libraryOfKnown(ctx context.Context, k *analysis) (*Library, error) {
	policies, faults := collect(s.modules)
	l, more := s.assemble(policies)
	if faults = append(faults, more...); len(faults) > 0 {
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
	l.compiler = ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false).WithSkipStages(checks()...)
	if l.compiler.Compile(modules); l.compiler.Failed() {
		return nil, fromOPA(l.compiler.Errors).sorted()
	}
	return l, l.prepare()
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
