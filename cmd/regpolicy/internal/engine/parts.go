package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// part is one result rule of a policy without subjects. conftest's policies keep
// rules over all kinds of evidence in one package: where one kind was not gathered,
// the rules over the others still count.
type part struct {
	name     string // of the set that the rule adds to
	rule     *ast.Rule
	reads    []Read
	reading  reading
	prepared *query
}

// partsOf takes a policy apart; there is nothing to take apart where one rule is all.
func partsOf(p *Policy, compiler *ast.Compiler, schema *schema) []part {
	if p.hasSubjects {
		return nil
	}
	var parts []part
	for _, name := range p.resultRules() {
		for _, rule := range compiler.GetRulesExact(p.ref.Append(ast.StringTerm(name))) {
			f := newFlow(compiler, schema)
			f.result(rule)
			parts = append(parts, part{name: name, rule: rule, reads: f.sorted()})
		}
	}
	if len(parts) < 2 {
		return nil
	}
	return parts
}

// query asks for what the rule adds to its set: r0 = {element | body; element = key}.
func (p *part) query() ast.Body {
	element := ast.VarTerm("regpolicy_element")
	body := p.rule.Body.Copy()
	body.Append(ast.Equality.Expr(element, p.rule.Head.Key.Copy()))
	return ast.NewBody(ast.Equality.Expr(ast.VarTerm("r0"), ast.SetComprehensionTerm(element, body)))
}

func (p *Policy) prepareParts(compiler *ast.Compiler, store storage.Store) error {
	p.parts = slices.Clone(p.parts)
	for i := range p.parts {
		rewriter := compiler.QueryCompiler().WithContext(ast.NewQueryContext())
		body, err := rewriter.Compile(p.parts[i].query())
		if err != nil {
			return fmt.Errorf("preparing rule %q of policy %q: %w", p.parts[i].name, p.ID, err)
		}
		p.parts[i].reading = readingOf(p.parts[i].reads)
		p.parts[i].prepared = &query{body: body, rewriter: rewriter, compiler: compiler, store: store, trusted: p.trusted}
	}
	return nil
}

// judgeParts judges by the rules whose evidence is there. rest is the result that
// says why the others were left out.
func (p *Policy) judgeParts(ctx context.Context, doc *evidence.Document, input ast.Value, opt Options, rest report.Result) ([]report.Result, error) {
	var sets []set
	var all needs
	for i := range p.parts {
		one := *p
		one.Reads, one.reading = p.parts[i].reads, p.parts[i].reading
		n := one.needs(doc, opt.Require)
		if n.skip != "" || len(n.required) > 0 {
			continue
		}
		all.add(n)
		bound, failed, err := p.evaluate(ctx, p.parts[i].prepared, input, opt)
		if err != nil || failed != nil {
			return failed, err
		}
		some, err := p.sets(bound, p.parts[i].name)
		if err != nil {
			return nil, err
		}
		sets = append(sets, some...)
	}
	found, err := p.findings(sets)
	if err != nil {
		return nil, err
	}
	results := slices.DeleteFunc(p.verdicts(doc, found, all, nil), func(r report.Result) bool {
		return r.Verdict == report.Pass || r.Verdict == report.Skip
	})
	return append(results, rest), nil
}

// add takes over the gaps of another rule of the policy.
func (n *needs) add(other needs) {
	for _, g := range other.gaps {
		if !slices.ContainsFunc(n.gaps, g.equal) {
			n.gaps = append(n.gaps, g)
		}
	}
}

func (g relevantGap) equal(other relevantGap) bool {
	return g.collector == other.collector && g.section == other.section && g.Field == other.Field && g.Reason == other.Reason && g.Subject.String() == other.Subject.String()
}
