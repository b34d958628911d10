package engine

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// parse parses each source, on all cores. Faults come in the order of the sources.
func parse(sources []Module, withTests bool) (modules, tests map[string]*ast.Module, faults Errors) {
	parsed := make([]*ast.Module, len(sources))
	errs := make([]error, len(sources))
	side(len(sources), 0, func(i int) {
		if withTests || !strings.HasSuffix(sources[i].Path, "_test.rego") {
			parsed[i], errs[i] = parseModule(&sources[i])
		}
	})
	modules, tests = make(map[string]*ast.Module, len(sources)), map[string]*ast.Module{}
	for i, src := range sources {
		m := parsed[i]
		switch {
		case errs[i] != nil:
			faults = append(faults, fromOPA(errs[i])...)
		case m == nil:
		case strings.HasSuffix(src.Path, "_test.rego"), strings.HasSuffix(packageName(m), "_test"):
			tests[src.Path] = m
		default:
			modules[src.Path] = m
		}
	}
	return modules, tests, faults
}

func parseModule(src *Module) (*ast.Module, error) {
	m, err := parseAs(src, ast.RegoV1)
	if err != nil && !src.Builtin {
		// Most of the public conftest policies are older than Rego v1.
		if old, oldErr := parseAs(src, ast.RegoV0); oldErr == nil {
			return old, nil
		}
	}
	return m, err
}

func parseAs(src *Module, version ast.RegoVersion) (*ast.Module, error) {
	if !src.Builtin {
		if fault := tooDeep(src, version); fault != nil {
			return nil, fault
		}
	}
	return ast.ParseModuleWithOpts(src.Path, string(src.Source), ast.ParserOptions{ProcessAnnotation: true, RegoVersion: version})
}

// maxNesting bounds how deep others' sources nest, as calls of OPA's parser: a bracket
// takes up to ten of them, an operator one. The parser's own bound is ten times that, and
// what is about as deep takes it and the compiler minutes and a large part of the stack
// that Go allows.
const maxNesting = 10_000

// tooDeep is where a source nests too deep, or nil. What else is wrong with it is not
// looked at. It reads the source once more, which is a twentieth of what loading others'
// policies takes: OPA makes a module with its annotations of nothing but what it has read
// itself, without a bound that could be set.
func tooDeep(src *Module, version ast.RegoVersion) *Fault {
	_, _, errs := ast.NewParser().WithFilename(src.Path).WithReader(strings.NewReader(string(src.Source))).
		WithRegoVersion(version).WithMaxRecursionDepth(maxNesting).Parse()
	for _, e := range errs {
		if e.Message == ast.ErrMaxParsingRecursionDepthExceeded.Error() {
			return faultAt(e.Location, "no policy needs a thousand brackets or calls within one another: data belongs into --data",
				"it nests too deep to be read")
		}
	}
	return nil
}
