package engine

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
)

// query is what one policy, or one rule of it, is asked for: it binds r0, r1 and so on.
type query struct {
	body     ast.Body
	rewriter ast.QueryCompiler // nil where nothing was to be rewritten
	compiler *ast.Compiler
	store    storage.Store
}

func variable(i int) ast.Var { return ast.Var(fmt.Sprintf("r%d", i)) }

// run gives what the query binds, or nil where it is undefined. It shares what rules of
// libraries come to with the document's other queries where there is a cache.
func (q *query) run(ctx context.Context, input ast.Value, document *rulecache.Document, tracer topdown.QueryTracer) (bound topdown.QueryResult, err error) {
	txn, err := q.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading data: %w", err)
	}
	defer q.store.Abort(ctx, txn)
	cancel := topdown.NewCancel()
	defer context.AfterFunc(ctx, cancel.Cancel)()
	t := topdown.NewQuery(q.body).
		WithQueryCompiler(q.rewriter).
		WithCompiler(q.compiler).
		WithStore(q.store).
		WithTransaction(txn).
		WithInput(ast.NewTerm(input)).
		WithCancel(cancel).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true)
	var cache *rulecache.Query
	switch {
	case tracer != nil:
		t = t.WithQueryTracer(tracer)
	case document != nil:
		cache = document.Query()
		t = t.WithVirtualCache(cache)
	}
	err = t.Iter(ctx, func(result topdown.QueryResult) error {
		bound = result
		return nil
	})
	if err == nil && cache != nil {
		cache.Publish()
	}
	return bound, err
}
