package rulecache_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown"
	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const library = `package lib

names contains name if some name in input.names
first := input.names[0]
upper_of(name) := upper(name)
late if input.at > "2026"
later if late
known[name] := upper(name) if some name in input.names
whole := object.get(input, "at", "")
words := {word | some word in data.words} | {"x"}
more := count(words)
raised(n) := n + more
beside[n] := m if { n := 1; m := more }
grown := more + count(names)
`

// bench compiles modules and counts, by name, how often each rule is run.
type bench struct {
	t        *testing.T
	compiler *ast.Compiler
	store    storage.Store
	plan     *rulecache.Plan

	mu   sync.Mutex
	runs map[string]int
}

func newBench(t *testing.T, modules map[string]string, own ...string) *bench {
	t.Helper()
	compiler, err := ast.CompileModules(modules)
	if err != nil {
		t.Fatal(err)
	}
	refs := make([]ast.Ref, len(own))
	for i, name := range own {
		refs[i] = ast.MustParseRef("data." + name)
	}
	return &bench{t: t, compiler: compiler, store: inmem.New(), plan: rulecache.NewPlan(compiler, map[bool][]ast.Ref{false: refs}), runs: map[string]int{}}
}

// Enabled, TraceEvent and Config count as OPA's tracer.
func (*bench) Enabled() bool               { return true }
func (*bench) Config() topdown.TraceConfig { return topdown.TraceConfig{} }
func (b *bench) TraceEvent(e topdown.Event) {
	if r, ok := e.Node.(*ast.Rule); ok && e.Op == topdown.EnterOp {
		b.mu.Lock()
		defer b.mu.Unlock()
		name, _, _ := strings.Cut(r.Ref().String(), "[") // a key's variable has a name of its own
		b.runs[name]++
	}
}

func (b *bench) ran() []string {
	defer clear(b.runs)
	return slices.Sorted(maps.Keys(b.runs))
}

// ask evaluates a query over an input, and publishes what it found where it ended well.
func (b *bench) ask(d *rulecache.Document, query, input string, cancelled bool) (string, error) {
	b.t.Helper()
	cache := d.Query()
	txn := storage.NewTransactionOrDie(context.Background(), b.store)
	defer b.store.Abort(context.Background(), txn)
	cancel := topdown.NewCancel()
	if cancelled {
		cancel.Cancel()
	}
	var out []string
	err := topdown.NewQuery(ast.MustParseBody(query)).WithCompiler(b.compiler).WithStore(b.store).WithTransaction(txn).
		WithInput(ast.MustParseTerm(input)).WithCancel(cancel).WithStrictBuiltinErrors(true).WithQueryTracer(b).WithVirtualCache(cache).
		Iter(context.Background(), func(r topdown.QueryResult) error {
			out = append(out, r["x"].String())
			return nil
		})
	if err == nil {
		cache.Publish()
	}
	slices.Sort(out)
	return strings.Join(out, " "), err
}

func (b *bench) want(d *rulecache.Document, query, input, want string, ran ...string) {
	b.t.Helper()
	got, err := b.ask(d, query, input, false)
	if err != nil || got != want {
		b.t.Errorf("%s over %s is %q, %v; want %q", query, input, got, err, want)
	}
	if r := b.ran(); !slices.Equal(r, ran) {
		b.t.Errorf("%s ran %q, want %q", query, r, ran)
	}
}

const (
	one = `{"names": ["a", "b"], "at": "2025"}`
	two = `{"names": ["c"], "at": "2025"}`
)

// What one query of a document found is not found again by the next: whole rules,
// calls, single keys and what is undefined. Another document shares none of it.
func TestQueriesOfADocumentShare(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	d := b.plan.Document(true, nil)
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`)
	b.want(d, `data.lib.upper_of("q", x)`, one, `"Q"`, "data.lib.upper_of")
	b.want(d, `data.lib.upper_of("q", x)`, one, `"Q"`)
	b.want(d, `data.lib.upper_of("r", x)`, one, `"R"`, "data.lib.upper_of")
	b.want(d, `data.lib.known["b"] = x`, one, `"B"`, "data.lib.known")
	b.want(d, `data.lib.known["b"] = x`, one, `"B"`)
	b.want(d, "data.lib.later = x", one, "", "data.lib.late", "data.lib.later")
	b.want(d, "data.lib.later = x", one, "")

	b.want(b.plan.Document(true, nil), "data.lib.names = x", two, `{"c"}`, "data.lib.names")
}

// What hangs on no document is found once for all that are told to share it, a policy's
// own rules, too. What has arguments or keys, hangs on the document, or stands below a
// `with`, is not among it.
func TestDocumentsShareWhatIsFixed(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library, "p": "package p\n\nlimit := data.lib.more * 2\n\ndeny contains n if n := limit\n"}, "p")
	fixed := &rulecache.Fixed{}
	d := b.plan.Document(false, fixed)
	b.want(d, `data.lib.more = x with data.words as ["a"]`, one, "2", "data.lib.more", "data.lib.words")
	b.want(d, "data.p.limit = x", one, "2", "data.lib.more", "data.lib.words", "data.p.limit")
	b.want(d, "data.p.deny = x", one, "{2}", "data.p.deny")
	for range 2 {
		another := b.plan.Document(false, fixed)
		b.want(another, "data.p.limit = x", two, "2")
		b.want(another, "data.lib.raised(1, x)", two, "2", "data.lib.raised")
		b.want(another, "data.lib.beside[1] = x", two, "1", "data.lib.beside")
		b.want(another, "data.lib.grown = x", two, "2", "data.lib.grown", "data.lib.names")
		b.want(another, `data.lib.more = x with data.words as ["a"]`, two, "2", "data.lib.more", "data.lib.words")
	}
	b.want(b.plan.Document(false, nil), "data.lib.more = x", two, "1", "data.lib.more", "data.lib.words")
	b.want(b.plan.Document(false, &rulecache.Fixed{}), "data.lib.more = x", two, "1", "data.lib.more", "data.lib.words")
}

// What is known of rules marks the same ones as finding it out.
func TestKnownMarksAlike(t *testing.T) {
	modules := map[string]string{"lib": library}
	known := newBench(t, modules).plan.Find()
	if want := []string{"data.lib.beside", "data.lib.more", "data.lib.words"}; !slices.Equal(known.Fixed, want) {
		t.Errorf("fixed are %q, want %q", known.Fixed, want)
	}
	if want := []string{"data.lib.late", "data.lib.later", "data.lib.whole"}; !slices.Equal(known.Moving, want) {
		t.Errorf("moving are %q, want %q", known.Moving, want)
	}
	plan := newBench(t, modules).plan
	for path, moves := range map[string]bool{"data.lib.later": true, "data.lib.names": false, "data.lib.late.x": true, "data.lib": true, "data.gone": true} {
		if got := plan.Moves(ast.MustParseRef(path)); got != moves {
			t.Errorf("%s moves: %v, want %v", path, got, moves)
		}
	}
	b := newBench(t, modules)
	known.Fixed = append(known.Fixed, "data.lib.gone", "data.gone")
	b.plan.Know(known)
	if again := b.plan.Find(); !slices.Equal(again.Fixed, known.Fixed[:3]) || !slices.Equal(again.Moving, known.Moving) {
		t.Errorf("known are %q, want %q", again, known)
	}
}

// A policy's own rules are not kept for others.
func TestOwnRulesAreNotShared(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library, "p": "package p\n\ndeny contains n if some n in data.lib.names\n"}, "p")
	d := b.plan.Document(true, nil)
	b.want(d, "data.p.deny = x", one, `{"a", "b"}`, "data.lib.names", "data.p.deny")
	b.want(d, "data.p.deny = x", one, `{"a", "b"}`, "data.p.deny")
}

// Below a `with` the document may be another: what is shared is neither seen there
// nor made there.
func TestWithSeesAndLeavesNothing(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	d := b.plan.Document(true, nil)
	b.want(d, `data.lib.names = x with input.names as ["z"]`, one, `{"z"}`, "data.lib.names")
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	b.want(d, `data.lib.names = x with input.names as ["z"]`, one, `{"z"}`, "data.lib.names")
	b.want(d, `data.lib.upper_of("q", x) with data.lib.upper_of as "mock"`, one, `"mock"`)
	b.want(d, `data.lib.upper_of("q", x) with upper as "mock"`, one, `"mock"`, "data.lib.upper_of")
	b.want(d, `data.lib.upper_of("q", x)`, one, `"Q"`, "data.lib.upper_of")
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`)
}

// A query that was cancelled or failed leaves nothing, though it had found some.
func TestFailedQueriesLeaveNothing(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library, "bad": "package bad\n\nr contains n if {\n\tsome n in data.lib.names\n\tto_number(n)\n}\n"})
	d := b.plan.Document(true, nil)
	if _, err := b.ask(d, "data.lib.names = x", one, true); !topdown.IsCancel(err) {
		t.Errorf("error %v, want a cancelled query", err)
	}
	for range 2 { // the second must fail like the first, and not on what it left
		if _, err := b.ask(d, "data.bad.r = x", one, false); err == nil {
			t.Error("no error, want that of to_number")
		}
	}
	b.ran()
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
}

// At another moment only what hangs on it is found out again.
func TestMoments(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	d := b.plan.Document(true, nil)
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	b.want(d, "data.lib.later = x", one, "", "data.lib.late", "data.lib.later")
	later := strings.ReplaceAll(one, "2025", "2027")
	then := d.At()
	b.want(then, "data.lib.names = x", later, `{"a", "b"}`)
	b.want(then, "data.lib.first = x", later, `"a"`, "data.lib.first")
	b.want(then, "data.lib.later = x", later, "true", "data.lib.late", "data.lib.later")
	b.want(then, "data.lib.later = x", later, "true")
	b.want(then, "data.lib.whole = x", later, `"2027"`, "data.lib.whole")
	b.want(d, "data.lib.later = x", one, "")
	b.want(d, "data.lib.first = x", one, `"a"`)
	b.want(d, "data.lib.whole = x", one, `"2025"`, "data.lib.whole")
}

// A policy's own rules are kept for the moments at which it is asked again, and only for
// those.
func TestOwnMoments(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	b.plan = rulecache.NewPlan(b.compiler, map[bool][]ast.Ref{true: {ast.MustParseRef("data.lib")}})
	d := b.plan.Document(true, nil)
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	b.want(d, "data.lib.later = x", one, "", "data.lib.late", "data.lib.later")
	then, later := d.At(), strings.ReplaceAll(one, "2025", "2027")
	b.want(then, "data.lib.names = x", later, `{"a", "b"}`)
	b.want(then, "data.lib.later = x", later, "true", "data.lib.late", "data.lib.later")
	once := b.plan.Document(false, nil)
	for range 2 {
		b.want(once, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	}
}

// What was dropped is gone, and nothing comes after it.
func TestDrop(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	d := b.plan.Document(true, nil)
	b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	d.Drop()
	for range 2 {
		b.want(d, "data.lib.names = x", one, `{"a", "b"}`, "data.lib.names")
	}
}

// Queries run side by side; go test -race watches.
func TestSideBySide(t *testing.T) {
	b := newBench(t, map[string]string{"lib": library})
	d := b.plan.Document(true, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				for query, want := range map[string]string{"data.lib.names = x": `{"a", "b"}`, `data.lib.upper_of("q", x)`: `"Q"`} {
					if got, err := b.ask(d, query, one, false); err != nil || got != want {
						t.Errorf("%s is %q, %v; want %q", query, got, err, want)
					}
				}
			}
		})
	}
	all.Wait()
}
