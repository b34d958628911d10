package engine

import (
	"sort"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Read is a part of the document that a policy looks at.
type Read struct {
	// Section is a top-level name of the document.
	Section string
	// Field is a field of the section's records; "" when only the keys or the
	// number of records matter, "*" for all fields.
	Field string
}

// analyse derives each policy's Reads by following values of input through
// variables, helper rules and function calls of the compiled rules. On the way
// it finds references to fields that the document does not have.
func analyse(policies []*Policy, compiler *ast.Compiler, schema *schema) Errors {
	faults := unusedSets(policies, compiler)
	seen := map[string]bool{}
	for _, p := range policies {
		f := newFlow(compiler, schema)
		for _, name := range p.resultRules() {
			for _, rule := range compiler.GetRulesExact(p.ref.Append(ast.StringTerm(name))) {
				f.result(rule)
			}
		}
		p.Reads = f.sorted()
		p.parts = partsOf(p, compiler, schema)
		for _, fault := range f.faults {
			if key := fault.Error(); !seen[key] {
				seen[key] = true
				faults = append(faults, fault)
			}
		}
	}
	return faults
}

type flow struct {
	compiler *ast.Compiler
	schema   *schema
	reads    map[Read]bool
	memo     map[call][]value
	active   map[call]bool
	faults   Errors
	// checked are the paths that were held against the schema, with what is wrong
	// with them; noted those whose parts are among reads.
	checked map[string]string
	noted   map[string]bool
}

// call is a rule with the values of its arguments.
type call struct {
	rule *ast.Rule
	args string
}

func newFlow(compiler *ast.Compiler, schema *schema) *flow {
	return &flow{compiler: compiler, schema: schema, reads: map[Read]bool{}, memo: map[call][]value{}, active: map[call]bool{}, checked: map[string]string{}, noted: map[string]bool{}}
}

type env map[ast.Var][]value

// result follows a result rule, whose elements are looked at as a whole.
func (f *flow) result(rule *ast.Rule) {
	for _, v := range f.rule(rule, nil) {
		f.whole(v)
	}
}

// rule follows one rule and returns what its value may hold.
func (f *flow) rule(rule *ast.Rule, args [][]value) []value {
	key := call{rule, argsKey(args)}
	if out, ok := f.memo[key]; ok {
		return out
	}
	if f.active[key] {
		return nil
	}
	f.active[key] = true
	defer delete(f.active, key)

	e := env{}
	for i, arg := range rule.Head.Args {
		if v, ok := arg.Value.(ast.Var); ok && i < len(args) {
			e[v] = args[i]
		}
	}
	f.body(rule.Body, e)
	var out []value
	if rule.Head.Value != nil {
		out = append(out, f.term(rule.Head.Value, e)...)
	}
	if key := rule.Head.Key; key != nil {
		// A set's element is its value; an object's key is not.
		if keys := f.term(key, e); rule.Head.RuleKind() == ast.MultiValue {
			out = append(out, keys...)
		}
	}
	for _, part := range rule.Head.Ref()[1:] {
		if !part.IsGround() {
			f.term(part, e)
		}
	}
	if rule.Else != nil {
		out = append(out, f.rule(rule.Else, args)...)
	}
	out = unique(out)
	f.memo[key] = out
	return out
}

// body follows the expressions twice, since one may use what a later one binds.
func (f *flow) body(body ast.Body, e env) {
	for range 2 {
		for _, expr := range body {
			f.expr(expr, e)
		}
	}
}

func (f *flow) expr(expr *ast.Expr, e env) {
	switch terms := expr.Terms.(type) {
	case *ast.Term:
		f.term(terms, e)
	case *ast.Every:
		domain := f.term(terms.Domain, e)
		if v, ok := terms.Value.Value.(ast.Var); ok {
			e[v] = unique(append(e[v], f.selectAll(domain, anySegment, expr.Location)...))
		}
		f.body(terms.Body, e)
	case []*ast.Term:
		switch {
		case expr.IsEquality() || expr.IsAssignment():
			left, right := terms[1], terms[2]
			f.bind(left, f.term(right, e), e)
			f.bind(right, f.term(left, e), e)
		default:
			f.call(terms, e)
		}
	}
	for _, w := range expr.With {
		f.term(w.Value, e)
	}
}

func (f *flow) bind(target *ast.Term, values []value, e env) {
	switch t := target.Value.(type) {
	case ast.Var:
		e[t] = unique(append(e[t], values...))
	case *ast.Array:
		for i := range t.Len() {
			f.bind(t.Elem(i), f.selectAll(values, strconv.Itoa(i), target.Location), e)
		}
	case ast.Object:
		t.Foreach(func(k, v *ast.Term) { f.bind(v, f.selectAll(values, segmentOf(k), target.Location), e) })
	}
}

// call follows a function call; terms[0] is the function, the last term its
// result where there is one more than the function takes.
func (f *flow) call(terms []*ast.Term, e env) {
	args := make([][]value, 0, len(terms)-1)
	for _, t := range terms[1:] {
		args = append(args, f.term(t, e))
	}
	ref, ok := terms[0].Value.(ast.Ref)
	if !ok {
		return
	}
	if rules := f.compiler.GetRulesExact(ref); len(rules) > 0 {
		var out []value
		for _, rule := range rules {
			out = append(out, f.rule(rule, args)...)
		}
		if arity := len(rules[0].Head.Args); len(terms)-1 > arity {
			f.bind(terms[len(terms)-1], out, e)
		}
		return
	}
	name := ref.String()
	if name == ast.ObjectGet.Name && len(terms) > 3 {
		out := args[0]
		for _, segment := range segmentsOf(terms[2]) {
			out = f.selectAll(out, segment, terms[2].Location)
		}
		if len(terms) > 4 {
			f.bind(terms[4], append(out, args[2]...), e)
		}
		return
	}
	// Any other built-in may look at all of what it is given, and may hand it on.
	var out []value
	for i, arg := range args {
		if i == len(args)-1 && isOutput(terms[i+1], e) {
			continue
		}
		for _, v := range arg {
			if !countsOnly(name) {
				f.whole(v)
			}
			v.loose = true
			out = append(out, v)
			out = append(out, under(anySegment, []value{v})...)
		}
	}
	f.bind(terms[len(terms)-1], out, e)
}

func isOutput(t *ast.Term, e env) bool {
	v, ok := t.Value.(ast.Var)
	return ok && len(e[v]) == 0
}

func countsOnly(builtin string) bool {
	return builtin == ast.Count.Name || builtin == ast.ObjectKeys.Name
}

// term follows a term and returns what it may hold.
func (f *flow) term(t *ast.Term, e env) []value {
	switch v := t.Value.(type) {
	case ast.Var:
		return e[v]
	case ast.Ref:
		return f.ref(v, e, t.Location)
	case *ast.Array:
		var out []value
		for i := range v.Len() {
			out = append(out, under(strconv.Itoa(i), f.term(v.Elem(i), e))...)
		}
		return unique(out)
	case ast.Set:
		return f.elements(v.Foreach, e)
	case ast.Object:
		var out []value
		v.Foreach(func(k, val *ast.Term) {
			out = append(out, under(segmentOf(k), f.term(val, e))...)
			f.term(k, e)
		})
		return unique(out)
	case *ast.ArrayComprehension:
		f.body(v.Body, e)
		return under(anySegment, f.term(v.Term, e))
	case *ast.SetComprehension:
		f.body(v.Body, e)
		return under(anySegment, f.term(v.Term, e))
	case *ast.ObjectComprehension:
		f.body(v.Body, e)
		f.term(v.Key, e)
		return under(anySegment, f.term(v.Value, e))
	case ast.Call:
		f.call(v, e)
	}
	return nil
}

func (f *flow) elements(each func(func(*ast.Term)), e env) []value {
	var out []value
	each(func(item *ast.Term) { out = append(out, under(anySegment, f.term(item, e))...) })
	return unique(out)
}

func (f *flow) ref(ref ast.Ref, e env, loc *ast.Location) []value {
	for _, part := range ref[1:] {
		if _, ok := part.Value.(ast.Var); !ok && !part.IsGround() {
			f.term(part, e)
		}
	}
	if ref.HasPrefix(ast.DefaultRootRef) {
		return f.dataRef(ref, loc)
	}
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return nil
	}
	values := e[head]
	if head.Equal(ast.InputRootDocument.Value) {
		values = []value{{}}
	}
	for _, part := range ref[1:] {
		values = f.selectAll(values, segmentOf(part), loc)
	}
	return values
}

// dataRef follows a reference to a rule; what lies behind the rule's own name
// selects from its value.
func (f *flow) dataRef(ref ast.Ref, loc *ast.Location) []value {
	for n := len(ref); n > 1; n-- {
		if !ref[:n].IsGround() {
			continue
		}
		rules := f.compiler.GetRulesExact(ref[:n])
		if len(rules) == 0 {
			continue
		}
		var out []value
		for _, rule := range rules {
			values := f.rule(rule, nil)
			keys := len(rule.Head.Ref()) - len(rule.Head.Ref().GroundPrefix())
			if rule.Head.RuleKind() == ast.MultiValue {
				keys = 1
			}
			for range keys {
				values = under(anySegment, values)
			}
			out = append(out, values...)
		}
		for _, part := range ref[n:] {
			out = f.selectAll(out, segmentOf(part), loc)
		}
		return unique(out)
	}
	return nil
}

func (f *flow) selectAll(values []value, segment string, loc *ast.Location) []value {
	out := make([]value, 0, len(values))
	for _, v := range values {
		if v.via != "" {
			if key, rest, _ := strings.Cut(v.via, separator); key == segment || key == anySegment || segment == anySegment {
				out = append(out, value{path: v.path, via: rest, loose: v.loose})
			}
			continue
		}
		next := value{path: v.path + segment + separator, loose: v.loose}
		message, known := f.checked[next.path]
		if !known {
			message = f.schema.check(next.segments())
			f.checked[next.path] = message
		}
		switch {
		case strings.Count(next.path, separator) > 12: // a recursive walk; the document is less deep
			continue
		case message == "":
			f.noteOnce(next, false)
			out = append(out, next)
		case !v.loose:
			f.faults = append(f.faults, faultAt(loc, "docs/evidence.md lists the fields of the document", "%s", message))
		}
	}
	return unique(out)
}

// whole notes that all of a value may be looked at.
func (f *flow) whole(v value) { f.noteOnce(v, true) }

func (f *flow) noteOnce(v value, whole bool) {
	key := v.path
	if whole {
		key += anySegment
	}
	if !f.noted[key] {
		f.noted[key] = true
		f.note(v.segments(), whole)
	}
}

func (f *flow) note(path []string, whole bool) {
	switch {
	case len(path) == 0 && !whole:
	// A section whose name is not known before a policy runs may be any of them.
	case len(path) == 0 || path[0] == anySegment:
		for section := range evidence.SectionCollectors {
			if !strings.Contains(section, ".") {
				f.reads[Read{Section: section, Field: anySegment}] = true
			}
		}
	case path[0] == "views":
		f.noteView(path[1:], whole)
	default:
		r := Read{Section: path[0]}
		switch {
		case len(path) > 2:
			r.Field = path[2]
		case whole:
			r.Field = anySegment
		}
		f.reads[r] = true
		if path[0] == "endpoints" {
			f.noteDeeper(path, whole)
		}
	}
}

// noteDeeper notes a field of a probe or a chain: a gap names it by its own name,
// not by the map that probes or chains stand in.
func (f *flow) noteDeeper(path []string, whole bool) {
	switch {
	case len(path) > 4:
		f.reads[Read{Section: path[0], Field: path[4]}] = true
	case len(path) > 2 && whole:
		f.reads[Read{Section: path[0], Field: anySegment}] = true
	}
}

func (f *flow) noteView(path []string, whole bool) {
	for view, r := range viewReads {
		if len(path) == 0 && whole || len(path) > 0 && (path[0] == view || path[0] == anySegment) {
			f.reads[r] = true
		}
	}
}

// viewReads says which field of which section a view is made from.
var viewReads = map[string]Read{
	"failures_by_cause":    {"pull_failures", "cause"},
	"failures_by_registry": {"pull_failures", "registry"},
	"failures_by_node":     {"pull_failures", "node"},
	"failures_by_pod":      {"pull_failures", "pod"},
	"nodes_by_trust_store": {"nodes", "trust_store"},
	"trust_by_certificate": {"trust", "value"},

	"certificates_by_subject":        {"certificates", "subject"},
	"certificates_by_subject_key_id": {"certificates", "subject_key_id"},
}

func (f *flow) sorted() []Read {
	out := make([]Read, 0, len(f.reads))
	for r := range f.reads {
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool {
		return out[i].Section+"\x00"+out[i].Field < out[j].Section+"\x00"+out[j].Field
	})
	return out
}

func segmentOf(t *ast.Term) string {
	switch v := t.Value.(type) {
	case ast.String:
		return string(v)
	case ast.Number:
		return string(v)
	default:
		return anySegment
	}
}

func segmentsOf(t *ast.Term) []string {
	array, ok := t.Value.(*ast.Array)
	if !ok {
		return []string{segmentOf(t)}
	}
	out := make([]string, 0, array.Len())
	array.Foreach(func(item *ast.Term) { out = append(out, segmentOf(item)) })
	return out
}
