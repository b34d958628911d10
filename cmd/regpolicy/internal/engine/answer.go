package engine

import (
	"context"
	"maps"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// answer is what a policy says of one document, before it is put into results.
type answer struct {
	needs needs
	// bound are the policy's sets; nil where a brief query ended with no subjects.
	bound topdown.QueryResult
	// instead are the results of a policy that was not asked as a whole, or failed.
	instead []report.Result
}

// ask evaluates one policy over one document.
func (p *Policy) ask(ctx context.Context, doc *evidence.Document, input ast.Value, opt Options) (*answer, error) {
	a := &answer{needs: p.needs(doc, opt.Require)}
	var err error
	switch {
	case a.needs.skip != "":
		a.instead, err = p.judgeParts(ctx, doc, input, opt, p.result(report.Skip, wholeDocument(), a.needs.skip))
	case len(a.needs.required) > 0:
		r := p.result(report.Inconclusive, wholeDocument(), "evidence that --require asks for was not gathered")
		r.Missing = a.needs.required
		a.instead, err = p.judgeParts(ctx, doc, input, opt, r)
	default:
		q := p.prepared
		if p.brief != nil && !opt.Strict && opt.Tracer == nil {
			q = p.brief
		}
		a.bound, a.instead, err = p.evaluate(ctx, q, input, opt)
	}
	return a, err
}

// results puts an answer into results.
func (p *Policy) results(doc *evidence.Document, a *answer, opt Options) ([]report.Result, error) {
	if a.instead != nil {
		return a.instead, nil
	}
	var said found
	if a.bound != nil || p.brief == nil {
		sets, err := p.sets(a.bound, p.rules...)
		if err != nil {
			return nil, err
		}
		said, err = p.findings(sets)
		if err == nil && opt.Strict {
			err = p.stray(said)
		}
		if err != nil {
			return nil, err
		}
	}
	return p.verdicts(doc, said, a.needs, opt.packs), nil
}

// same tells whether a policy says of the document at another moment what it said before;
// nil is that it is not known.
func (a *answer) same(before *answer) bool {
	return before != nil && a.instead == nil && before.instead == nil &&
		maps.EqualFunc(a.bound, before.bound, func(a, b *ast.Term) bool { return a.Equal(b) })
}

// keepsToSubjects tells that the policy finds fault with its subjects alone: where there are
// none it says nothing. Ours do, which the tests see to.
func (p *Policy) keepsToSubjects() bool { return p.trusted && p.hasSubjects }
