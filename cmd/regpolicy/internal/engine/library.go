// Package engine compiles policies and judges evidence documents by them. It is
// the only importer of OPA, and pure: no clock, network, environment or files.
package engine

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/util"
	"github.com/open-policy-agent/opa/v1/version"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/builtins"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/limits"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/rulecache"
)

// Module is the source of one Rego file.
type Module struct {
	Path   string
	Source []byte
	// Builtin marks regpolicy's own policies; others may be written in Rego v0.
	Builtin bool
}

// Config is what a Library is made from.
type Config struct {
	Modules []Module
	// Schema is the evidence document's JSON Schema.
	Schema []byte
	// Params are parameters by policy id, over the defaults of METADATA.
	Params map[string]map[string]any
	// ParamsPlace tells where the parameter key of a policy stands, or with an empty
	// key the policy's parameters; nil where they stand in no file.
	ParamsPlace func(id, key string) (file string, line int)
	// Profile picks other defaults of the parameters, "" for none.
	Profile string
	// Data are documents for `data` besides `data.params`.
	Data map[string]any
	// Select and Exclude pick policies; see Policy.Matches. Policies that are
	// not picked are compiled, so that their faults show, but do not run.
	Select, Exclude []string
	// Tests are parsed, too.
	Tests bool
	// Known is what Known wrote of the built-in policies: where it is about these very
	// sources, it stands in for the checks of them.
	Known []byte
}

// Library is a compiled set of policies. It is safe for concurrent use.
type Library struct {
	policies []*Policy
	params   map[string]map[string]any
	profile  string
	// ids are those of all policies, picked or not.
	ids      map[string]bool
	digest   string
	compiler *ast.Compiler
	data     map[string]any
	// left are the sections of a document that no picked policy reads.
	left map[string]bool
	// shared says which rules several policies may share the values of.
	shared *rulecache.Plan
	// fixed is what many documents share of them.
	fixed *rulecache.Fixed
}

// Load parses, checks and compiles policies. Every fault of a policy is an
// *Errors with file, line and cure.
func Load(ctx context.Context, cfg Config) (*Library, error) {
	s, err := Parse(cfg)
	if err != nil {
		return nil, err
	}
	return s.Library(ctx)
}

// Policies lists the picked policies by id.
func (l *Library) Policies() []*Policy { return l.policies }

// Knows tells whether some policy, picked or not, has the id.
func (l *Library) Knows(id string) bool { return l.ids[id] }

// Unread are the sections of a document that no picked policy reads. What policies point
// to there is quoted from Input.Document.
func (l *Library) Unread() map[string]bool { return l.left }

// Digest is the SHA-256 over all modules, and the data where there is some.
func (l *Library) Digest() string { return l.digest }

// side does n things side by side, on as many goroutines as jobs says; zero means all
// cores.
func side(n, jobs int, do func(i int)) {
	if n == 1 || jobs == 1 {
		for i := range n {
			do(i)
		}
		return
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(cmp.Or(jobs, runtime.GOMAXPROCS(0)), n) {
		workers.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()
}

// capabilities are OPA's without what would make a verdict depend on more than
// the document: clock, network, randomness, environment. The two schema
// built-ins are pure as long as nothing may be fetched.
func capabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		return b.Nondeterministic && !strings.HasPrefix(b.Name, "json.")
	})
	c.AllowNet = []string{}
	return c
}

func compile(modules map[string]*ast.Module, schema *schema) (*ast.Compiler, Errors) {
	c := ast.NewCompiler().
		WithStrict(!anyOld(modules)).
		WithCapabilities(capabilities()).
		WithEnablePrintStatements(false)
	if schema != nil {
		schemas := ast.NewSchemaSet()
		schemas.Put(ast.SchemaRootRef, schema.root)
		c = c.WithSchemas(schemas)
	}
	if faults := compileWithin(compileLimit, c, modules); len(faults) > 0 {
		return nil, faults
	}
	return c, nil
}

// compileLimit is a hundred times what our own policies take on a busy machine.
const compileLimit = time.Minute

// compileWithin gives up at the limit. OPA cannot be stopped while it compares the types
// of two values that share their parts: what then still runs ends with the program.
func compileWithin(limit time.Duration, c *ast.Compiler, modules map[string]*ast.Module) Errors {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	faults, running := limits.RunOrAbandon(ctx, 0, func() Errors {
		if c.Compile(modules); c.Failed() {
			return fromOPA(c.Errors)
		}
		return nil
	})
	if running != nil {
		return Errors{{
			Message: fmt.Sprintf("compiling the policies took longer than %s and was given up", limit),
			Hint:    "look for rules of thousands of `else` branches, and for values that are built of others again and again and compared: give -p one file after the other to find the one; data belongs into --data",
		}}
	}
	return faults
}

// anyOld tells whether a module is written in the older language. Those that are
// leave variables unused and call functions that are deprecated since; neither hides
// a finding, and conftest takes them.
func anyOld(modules map[string]*ast.Module) bool {
	for _, m := range modules {
		if m.RegoVersionSpan().Max() == ast.RegoV0 {
			return true
		}
	}
	return false
}

// prepare makes one query per policy, so that an error or a time-out of
// one leaves the others alone.
func (l *Library) prepare() error {
	base := map[string]any{}
	maps.Copy(base, l.data)
	params := map[string]any{}
	for id, p := range l.params {
		params[id] = p
	}
	base["params"] = params
	var plain map[string]any
	encoded, err := json.Marshal(base)
	if err == nil {
		err = util.UnmarshalJSON(encoded, &plain)
	}
	if err != nil {
		return fmt.Errorf("encoding parameters and data: %w", err)
	}
	store := inmem.NewFromObjectWithOpts(plain, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
	builtins.Bound()
	own := map[bool][]ast.Ref{}
	for _, p := range l.policies {
		own[p.timeDependent()] = append(own[p.timeDependent()], p.ref)
		p.reading, p.rules = readingOf(p.Reads), p.resultRules()
		p.prepared = &query{body: p.query(false), compiler: l.compiler, store: store, trusted: p.trusted}
		if p.brief = nil; p.keepsToSubjects() {
			p.brief = &query{body: p.query(true), compiler: l.compiler, store: store, trusted: true}
		}
		if err := p.prepareParts(l.compiler, store); err != nil {
			return err
		}
	}
	l.fixed = &rulecache.Fixed{}
	if l.shared == nil {
		l.shared = rulecache.NewPlan(l.compiler, own)
	}
	return nil
}

// Only is one policy of the library, with other parameters than the library's where
// some are given.
func (l *Library) Only(ctx context.Context, id string, given map[string]any) (*Library, error) {
	i := slices.IndexFunc(l.policies, func(p *Policy) bool { return p.ID == id })
	if i < 0 {
		return nil, &Fault{Message: fmt.Sprintf("no policy has the id %q", id), Hint: "`regpolicy list` shows the ids"}
	}
	one := *l.policies[i]
	only := *l
	only.policies = []*Policy{&one}
	if len(given) == 0 {
		return &only, nil
	}
	var faults Errors
	if only.params, faults = mergeParams(only.policies, "", map[string]map[string]any{id: given}, nil); len(faults) > 0 {
		return nil, faults.sorted()
	}
	return &only, only.prepare()
}

func (l *Library) pick(selected, excluded []string) error {
	for _, pattern := range slices.Concat(selected, excluded) {
		if !slices.ContainsFunc(l.policies, func(p *Policy) bool { return p.Matches(pattern) }) {
			return &Fault{Message: fmt.Sprintf("no policy matches %q", pattern), Hint: "`regpolicy list` shows the ids and tags"}
		}
	}
	l.policies = slices.DeleteFunc(l.policies, func(p *Policy) bool {
		in := len(selected) == 0 || slices.ContainsFunc(selected, p.Matches)
		return !in || slices.ContainsFunc(excluded, p.Matches)
	})
	return nil
}

func digest(modules []Module, data map[string]any) string {
	sorted := slices.Clone(modules)
	sort.Slice(sorted, func(i, j int) bool { return sorted[i].Path < sorted[j].Path })
	h := sha256.New()
	for _, m := range sorted {
		if !strings.HasSuffix(m.Path, "_test.rego") {
			fmt.Fprintf(h, "%d:%s%d:", len(m.Path), m.Path, len(m.Source))
			h.Write(bytes.ReplaceAll(m.Source, []byte("\r\n"), []byte("\n")))
		}
	}
	if len(data) > 0 {
		fmt.Fprintf(h, "data:%v", data) // maps print with their keys sorted
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// OPAVersion is the version of OPA that evaluates.
func OPAVersion() string { return version.Version }
