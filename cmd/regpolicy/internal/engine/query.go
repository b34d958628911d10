package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/metrics"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/builtins"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
)

// query is what one policy, or one rule of it, is asked for: it binds r0, r1 and so on.
type query struct {
	body     ast.Body
	rewriter ast.QueryCompiler // nil where nothing was to be rewritten
	compiler *ast.Compiler
	store    storage.Store
	// trusted are our own policies' queries: they stop when they are told to, and what
	// they give is as long as the document makes it. They need no brake, which makes a
	// query take half as long again.
	trusted bool
	// left counts the runs that were told to stop and went on.
	left atomic.Int32
}

// errLeft is why a query has no answer: a run of it does not stop when it is told to.
// OPA looks for that between two steps, and a step may take any time: to compare two
// values that share their parts, or all paths of a graph.
var errLeft = errors.New("it could not be stopped and was left behind")

// grace is how long a run may take to stop.
const grace = 2 * time.Second

// maxResult bounds what a query may give, in bytes as it would be written.
const maxResult = 512 << 20

// ask runs the query and leaves a run behind that does not stop in time: what it holds
// and does goes on until it is done or the program ends, and until then the query is
// not run again. It has a goroutine of its own, whose stack must grow first: that took
// a quarter of judging many small documents, and trusted queries go without.
func (q *query) ask(ctx context.Context, input ast.Value, document *rulecache.Document, tracer topdown.QueryTracer, memory *limits.Memory) (topdown.QueryResult, error) {
	if q.trusted {
		return q.run(ctx, input, document, tracer, memory)
	}
	if q.left.Load() > 0 {
		return nil, errLeft
	}
	type outcome struct {
		bound topdown.QueryResult
		err   error
	}
	a, running := limits.RunOrAbandon(ctx, grace, func() outcome {
		bound, err := q.run(ctx, input, document, tracer, memory)
		return outcome{bound, err}
	})
	if running == nil {
		return a.bound, a.err
	}
	q.left.Add(1)
	ended := memory.Leave()
	go func() {
		<-running
		q.left.Add(-1)
		ended()
	}()
	return nil, errLeft
}

func variable(i int) ast.Var { return ast.Var("r" + strconv.Itoa(i)) }

// run gives what the query binds, or nil where it is undefined. It shares what rules of
// libraries come to with the document's other queries where there is a cache.
func (q *query) run(ctx context.Context, input ast.Value, document *rulecache.Document, tracer topdown.QueryTracer, memory *limits.Memory) (bound topdown.QueryResult, err error) {
	txn, err := q.store.NewTransaction(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading data: %w", err)
	}
	defer q.store.Abort(ctx, txn)
	t := topdown.NewQuery(q.body).
		WithQueryCompiler(q.rewriter).
		WithCompiler(q.compiler).
		WithStore(q.store).
		WithTransaction(txn).
		WithInput(ast.NewTerm(input)).
		WithCancel(ended{ctx}).
		WithMetrics(metrics.NoOp()).
		WithStrictBuiltinErrors(true)
	if !q.trusted {
		t = t.WithQueryTracer(memory.Brake(ctx))
		defer limits.Stopped(&err)
	}
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
		if q.trusted {
			return nil
		}
		return bounded(result)
	})
	if err == nil && cache != nil {
		cache.Publish()
	}
	return bound, err
}

// ended is a context as OPA asks for it at each step.
type ended struct{ context.Context }

// Cancel is for those who hold no context.
func (ended) Cancel() {}

func (e ended) Cancelled() bool { return e.Err() != nil }

// bounded refuses a result that shares its parts so often, or nests so deep, that it could
// not be told.
func bounded(result topdown.QueryResult) error {
	length := 0
	for _, t := range result {
		size, deep := builtins.Written(t, maxResult)
		if deep {
			return fmt.Errorf("its result nests more than %d deep", builtins.MaxDepth)
		}
		if length += size; length > maxResult {
			return fmt.Errorf("its result would be longer than %d MiB", maxResult>>20)
		}
	}
	return nil
}

// greed tells what a policy took too much of. A deep stack may take a while to unwind:
// the policy's fault is the same then.
func greed(cause error, left bool, memory *limits.Memory) string {
	switch {
	case errors.Is(cause, limits.ErrStack):
		return memory.Stack().Reason()
	case left:
		return "it took too much memory and could not be stopped"
	default:
		return "it took too much memory and was stopped: the process may hold " + memory.Allowance()
	}
}
