package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// wantScore is the share of mutants that a case or a unit test must notice.
const wantScore = 0.90

// mutant is a policy with one change in it.
type mutant struct {
	module *ast.Module
	what   string // "policies/x/x.rego:12: == became !="
}

// TestMutantsAreNoticed changes the policies, one thing at a time: a change that no
// case and no unit test notices is behaviour that nothing holds in place.
func TestMutantsAreNoticed(t *testing.T) {
	if testing.Short() {
		t.Skip("it judges every case by hundreds of changed policies")
	}
	// Compilers make much garbage and leave nothing behind.
	defer debug.SetGCPercent(debug.SetGCPercent(1000))
	cfg := builtin(t)
	modules, faults := parse(cfg.Modules)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	schema, err := newSchema(cfg.Schema)
	if err != nil {
		t.Fatal(err)
	}
	library := map[string]*ast.Module{}
	for path, m := range modules {
		if strings.HasPrefix(path, "lib/") {
			library[path] = m
		}
	}
	var all, noticed int
	for _, p := range builtinPolicies(t) {
		b := &bench{policy: p, library: library, schema: schema, cases: casesOf(t, p), test: unitTest(t, p), capabilities: capabilities()}
		if b.passed, err = b.unitTests(t.Context(), b.compile(modules[p.File])); err != nil {
			t.Fatalf("%s: %v", p.ID, err)
		}
		if message := b.notices(t.Context(), mutant{module: modules[p.File]}); message != "" {
			t.Fatalf("%s: unchanged: %s", p.ID, message)
		}
		killed, survivors, total := b.run(t.Context(), mutants(modules[p.File]))
		for _, s := range survivors {
			t.Logf("%s: not noticed: %s", p.ID, s)
		}
		if killed == 0 {
			t.Errorf("%s: no mutant of %d is noticed", p.ID, total)
		}
		all, noticed = all+total, noticed+killed
	}
	score := float64(noticed) / float64(max(all, 1))
	t.Logf("%d of %d mutants are noticed: %.1f %%", noticed, all, 100*score)
	if score < wantScore {
		t.Errorf("score %.3f, want at least %.2f", score, wantScore)
	}
}

func unitTest(t testing.TB, p *Policy) *ast.Module {
	t.Helper()
	name := filepath.Base(filepath.Dir(p.File)) + "_test.rego"
	source, err := os.ReadFile(filepath.Join(policyFolder(p), name))
	if err != nil {
		t.Fatal(err)
	}
	m, err := ast.ParseModuleWithOpts(name, string(source), ast.ParserOptions{RegoVersion: ast.RegoV1, ProcessAnnotation: true})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// bench is what the mutants of one policy are tried on.
type bench struct {
	policy  *Policy
	library map[string]*ast.Module
	schema  *schema
	cases   []policyCase
	test    *ast.Module
	// passed is what the unit tests of the unchanged policy evaluate to.
	passed ast.Value

	capabilities *ast.Capabilities
}

// run tries mutants. Those that do not compile count for nothing.
func (b *bench) run(ctx context.Context, tries []mutant) (killed int, survivors []string, total int) {
	outcomes := make([]string, len(tries))
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range jobs {
				outcomes[i] = b.notices(ctx, tries[i])
			}
		})
	}
	for i := range tries {
		jobs <- i
	}
	close(jobs)
	workers.Wait()
	for i, outcome := range outcomes {
		switch outcome {
		case stillborn:
			continue
		case "":
			survivors = append(survivors, tries[i].what)
		default:
			killed++
		}
		total++
	}
	return killed, survivors, total
}

const stillborn = "it does not compile"

// compile compiles a policy with the library and its test; nil where that fails.
func (b *bench) compile(m *ast.Module) *ast.Compiler {
	modules := maps.Clone(b.library)
	modules[b.policy.File], modules["policy_test.rego"] = m, b.test
	c := ast.NewCompiler().WithStrict(true).WithCapabilities(b.capabilities)
	if c.Compile(modules); c.Failed() {
		return nil
	}
	return c
}

// notices says what notices a mutant, or "".
func (b *bench) notices(ctx context.Context, m mutant) string {
	compiler := b.compile(m.module)
	if compiler == nil {
		return stillborn
	}
	modules := maps.Clone(compiler.Modules)
	delete(modules, "policy_test.rego")
	policies, faults := collect(modules)
	if len(faults) > 0 || len(policies) != 1 {
		return "it is no policy any more"
	}
	if faults := analyse(policies, compiler, b.schema); len(faults) > 0 {
		return stillborn
	}
	l := &Library{policies: policies, params: map[string]map[string]any{}}
	if policies[0].Params != nil {
		l.params[policies[0].ID] = policies[0].Params
	}
	if err := l.prepare(ctx, compiler, nil); err != nil {
		return stillborn
	}
	for i := range b.cases {
		rep, err := l.Judge(ctx, []Input{b.cases[i].in}, Options{Jobs: 1})
		if err != nil {
			return err.Error()
		}
		if message := b.cases[i].unmet(rep.Results); message != "" {
			return b.cases[i].name + ": " + message
		}
	}
	passed, err := b.unitTests(ctx, compiler)
	if err != nil {
		return err.Error()
	}
	if passed.Compare(b.passed) != 0 {
		return "a unit test fails"
	}
	return ""
}

// unitTests evaluates the policy's Rego tests without OPA's tester, whose tracing
// of table cases takes most of the time. A case that fails is absent.
func (b *bench) unitTests(ctx context.Context, compiler *ast.Compiler) (ast.Value, error) {
	rs, err := rego.New(rego.ParsedQuery(ast.NewBody(ast.NewExpr(ast.NewTerm(b.test.Package.Path)))), rego.Compiler(compiler)).Eval(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluating unit tests: %w", err)
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 {
		return nil, errors.New("unit tests give no result")
	}
	v, err := ast.InterfaceToValue(rs[0].Expressions[0].Value)
	if err != nil {
		return nil, fmt.Errorf("reading results of unit tests: %w", err)
	}
	return v, nil
}

// mutants makes every change there is to make to a module.
func mutants(m *ast.Module) []mutant {
	var out []mutant
	for i, rule := range m.Rules {
		if isResult := denyRule.MatchString(ruleName(rule)) || ruleName(rule) == "subjects"; isResult && countRules(m, ruleName(rule)) > 1 {
			changed := m.Copy()
			changed.Rules = slices.Delete(changed.Rules, i, i+1)
			out = append(out, mutant{changed, describeChange(rule.Location, "rule removed")})
		}
		for part := range parts(rule) {
			out = append(out, bodyMutants(m, i, part)...)
		}
		out = append(out, constantMutants(m, i)...)
	}
	return out
}

func countRules(m *ast.Module, name string) int {
	n := 0
	for _, r := range m.Rules {
		if ruleName(r) == name {
			n++
		}
	}
	return n
}

// parts numbers a rule and its else branches.
func parts(rule *ast.Rule) []*ast.Rule {
	var out []*ast.Rule
	for r := rule; r != nil; r = r.Else {
		out = append(out, r)
	}
	return out
}

// bodyMutants change the expressions of one branch of a rule.
func bodyMutants(m *ast.Module, rule, part int) []mutant {
	var out []mutant
	original := parts(m.Rules[rule])[part].Body
	change := func(what string, loc *ast.Location, edit func(body ast.Body) ast.Body) {
		changed := m.Copy()
		r := parts(changed.Rules[rule])[part]
		r.Body = edit(r.Body)
		out = append(out, mutant{changed, describeChange(loc, what)})
	}
	for i, expr := range original {
		if isTrue(expr) || expr.IsAssignment() || expr.IsSome() {
			continue
		}
		change("negated", expr.Location, func(body ast.Body) ast.Body { body[i].Negated = !body[i].Negated; return body })
		if len(original) > 1 {
			change("dropped", expr.Location, func(body ast.Body) ast.Body {
				return reindexed(slices.Delete(body, i, i+1))
			})
		}
		if other, ok := flips[operator(expr)]; ok {
			change(operator(expr)+" became "+other, expr.Location, func(body ast.Body) ast.Body {
				terms, _ := body[i].Terms.([]*ast.Term)
				terms[0] = ast.RefTerm(ast.VarTerm(other))
				return body
			})
		}
	}
	return out
}

// isTrue: a rule without a body has one that says true.
func isTrue(expr *ast.Expr) bool {
	term, ok := expr.Terms.(*ast.Term)
	return ok && ast.Boolean(true).Compare(term.Value) == 0
}

func reindexed(body ast.Body) ast.Body {
	for i := range body {
		body[i].Index = i
	}
	return body
}

var flips = map[string]string{"equal": "neq", "neq": "equal", "lt": "gte", "gte": "lt", "gt": "lte", "lte": "gt"}

func operator(expr *ast.Expr) string {
	if !expr.IsCall() {
		return ""
	}
	return expr.Operator().String()
}

// constantMutants change texts and numbers, except the segments of references.
func constantMutants(m *ast.Module, rule int) []mutant {
	var out []mutant
	total := len(constants(m.Rules[rule]))
	for n := range total {
		changed := m.Copy()
		term := constants(changed.Rules[rule])[n]
		before := term.String()
		switch v := term.Value.(type) {
		case ast.String:
			term.Value = v + "~"
		case ast.Number:
			term.Value = ast.Number(json.Number(fmt.Sprintf("1%s", strings.TrimPrefix(string(v), "-"))))
		default:
		}
		out = append(out, mutant{changed, describeChange(term.Location, before+" changed")})
	}
	return out
}

// constants are the texts and numbers of a rule in their order. Keys of objects
// are left alone: the engine would not know the finding's fields any more.
func constants(rule *ast.Rule) []*ast.Term {
	var out []*ast.Term
	visitor := ast.NewGenericVisitor(func(x any) bool { return false })
	visit := func(x any) bool {
		switch v := x.(type) {
		case ast.Ref:
			for _, part := range v[1:] {
				if _, text := part.Value.(ast.String); !text {
					visitor.Walk(part)
				}
			}
			return true
		case ast.Object:
			v.Foreach(func(_, value *ast.Term) { visitor.Walk(value) })
			return true
		case *ast.Term:
			switch v.Value.(type) {
			case ast.String, ast.Number:
				out = append(out, v)
			}
		}
		return false
	}
	*visitor = *ast.NewGenericVisitor(visit)
	visitor.Walk(rule)
	return out
}

func describeChange(loc *ast.Location, what string) string {
	if loc == nil {
		return what
	}
	return fmt.Sprintf("%s:%d: %s", loc.File, loc.Row, what)
}
