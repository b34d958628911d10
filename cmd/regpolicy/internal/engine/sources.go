package engine

import (
	"context"
	"maps"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Sources are parsed policies and their tests, not compiled yet.
type Sources struct {
	cfg     Config
	modules map[string]*ast.Module  // by path
	tests   map[string]*ast.Module  // by path
	schema  func() (*schema, error) // most runs do not need it
	// trusted sources were compiled before: OPA's type check against the schema,
	// which takes most of the time, is left out.
	trusted bool
}

// Parse parses policies. Every fault is among the *Errors returned.
func Parse(cfg Config) (*Sources, error) {
	modules, tests, faults := parse(cfg.Modules, cfg.Tests)
	if len(faults) > 0 {
		return nil, faults.sorted()
	}
	schema := sync.OnceValues(func() (*schema, error) { return newSchema(cfg.Schema) })
	return &Sources{cfg: cfg, modules: modules, tests: tests, schema: schema}, nil
}

// Modules are the parsed files by path, tests left out.
func (s *Sources) Modules() map[string]*ast.Module { return s.modules }

// Data are the documents for `data` that came with the policies.
func (s *Sources) Data() map[string]any {
	if s.cfg.Data == nil {
		return map[string]any{}
	}
	return s.cfg.Data
}

// Tests are the parsed files of unit tests by path.
func (s *Sources) Tests() map[string]*ast.Module { return s.tests }

// Only is what one package needs: its files, those of the packages that it refers
// to, and its tests. The sources must have compiled before.
func (s *Sources) Only(pkg string) *Sources {
	tests := map[string]*ast.Module{}
	for path, m := range s.tests {
		if name := packageName(m); name == pkg+"_test" || name == pkg {
			tests[path] = m
		}
	}
	return &Sources{cfg: s.cfg, modules: s.neededBy(pkg), tests: tests, schema: s.schema, trusted: true}
}

// Replace is the sources with another module in a file's place.
func (s *Sources) Replace(path string, m *ast.Module) *Sources {
	changed := *s
	changed.modules = maps.Clone(s.modules)
	changed.modules[path] = m
	return &changed
}

// CompileWithTests compiles everything, tests included, without the schema: a test
// may give a policy any input. It returns nil where that fails.
func (s *Sources) CompileWithTests() (*ast.Compiler, error) {
	modules := maps.Clone(s.modules)
	maps.Copy(modules, s.tests)
	c := ast.NewCompiler().WithStrict(!anyOld(modules)).WithCapabilities(capabilities())
	if faults := compileWithin(compileLimit, c, modules); len(faults) > 0 {
		return nil, faults.sorted()
	}
	return c, nil
}

// Library compiles the policies, with every check there is.
func (s *Sources) Library(ctx context.Context) (*Library, error) {
	k, err := s.readKnown()
	if err != nil {
		return nil, err
	}
	if k.onlyKnown(s.cfg.Modules) && !s.trusted {
		return s.libraryOfKnown(k)
	}
	var against *schema
	if !s.trusted {
		if against, err = s.schema(); err != nil {
			return nil, err
		}
	}
	compiler, faults := compile(s.modules, against)
	if len(faults) > 0 {
		return nil, faults.sorted()
	}
	return s.library(compiler, k)
}

func (s *Sources) library(compiler *ast.Compiler, k *analysis) (*Library, error) {
	schema, err := s.schema()
	if err != nil {
		return nil, err
	}
	policies, faults := collect(s.modules)
	l, paramFaults := s.assemble(policies)
	unknown := k.of(policies)
	faults = append(faults, unknownData(compiler, s.cfg.Data)...)
	faults = append(faults, analyse(unknown, compiler, schema)...)
	faults = append(faults, unreportable(unknown, compiler)...)
	if !s.trusted { // else they are those of the policies that are left out
		faults = append(faults, paramFaults...)
	}
	if len(faults) > 0 {
		return nil, faults.sorted()
	}
	l.compiler = compiler
	if !s.trusted {
		if err := l.pick(s.cfg.Select, s.cfg.Exclude); err != nil {
			return nil, err
		}
	}
	return l, l.prepare()
}

// assemble is a library of policies that are not compiled yet.
func (s *Sources) assemble(policies []*Policy) (*Library, Errors) {
	own := map[string]bool{}
	for _, m := range s.cfg.Modules {
		own[m.Path] = m.Builtin
	}
	mixed := false // others' rules stand where our own policies may call them
	for path, m := range s.modules {
		mixed = mixed || !own[path] && strings.HasPrefix(packageName(m)+".", "regpolicy.")
	}
	l := &Library{policies: policies, profile: s.cfg.Profile, digest: digest(s.cfg.Modules, s.cfg.Data), data: s.cfg.Data, ids: make(map[string]bool, len(policies))}
	for _, p := range policies {
		p.Builtin = own[p.File]
		p.trusted = p.Builtin && !mixed
		l.ids[p.ID] = true
	}
	var faults Errors
	l.params, faults = mergeParams(policies, s.cfg.Profile, s.cfg.Params, s.cfg.ParamsPlace)
	return l, faults
}

// LibraryOf makes a library of what CompileWithTests compiled.
func (s *Sources) LibraryOf(ctx context.Context, compiler *ast.Compiler) (*Library, error) {
	return s.library(compiler, nil)
}

func packageName(m *ast.Module) string {
	return strings.TrimPrefix(m.Package.Path.String(), "data.")
}

// TestsUnder is the sources with the tests of some files only.
func (s *Sources) TestsUnder(under func(file string) bool) *Sources {
	some := *s
	some.tests = map[string]*ast.Module{}
	for path, m := range s.tests {
		if under(path) {
			some.tests[path] = m
		}
	}
	return &some
}
