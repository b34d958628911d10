package builtins

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// nested puts a value into a list, or what wrap gives, again and again.
func nested(t *ast.Term, times int, wrap func(...*ast.Term) *ast.Term) *ast.Term {
	for range times {
		t = wrap(t)
	}
	return t
}

func TestWritten(t *testing.T) {
	x := ast.StringTerm("xyz")
	key := func(t ...*ast.Term) *ast.Term { return ast.ObjectTerm([2]*ast.Term{t[0], x}) }
	value := func(t ...*ast.Term) *ast.Term { return ast.ObjectTerm([2]*ast.Term{x, t[0]}) }
	both := func(t ...*ast.Term) *ast.Term { return ast.ArrayTerm(t[0], t[0]) }
	for name, c := range map[string]struct {
		value *ast.Term
		size  int
		deep  bool
	}{
		"a text":                {x, 5, false},
		"a list":                {ast.ArrayTerm(x, x), 12, false},
		"an object":             {value(x), 12, false},
		"parts that are shared": {nested(x, 3, both), 8*5 + 7*2, false},
		"as deep as it may":     {nested(x, MaxDepth, ast.ArrayTerm), MaxDepth*2 + 5, false},
		"deeper":                {nested(x, MaxDepth+1, ast.ArrayTerm), 0, true},
		"deeper sets":           {nested(x, MaxDepth+1, ast.SetTerm), 0, true},
		"deeper objects":        {nested(x, MaxDepth+1, value), 0, true},
		"deeper keys":           {nested(x, MaxDepth+1, key), 0, true},
		"deep enough for Go":    {nested(x, 2_000_000, ast.ArrayTerm), 0, true},
	} {
		size, deep := Written(c.value, maxText)
		if deep != c.deep || !deep && size != c.size {
			t.Errorf("%s: %d long, deep %v; want %d, %v", name, size, deep, c.size, c.deep)
		}
	}
	if size, deep := Written(nested(x, 60, both), 1000); size <= 1000 || deep {
		t.Errorf("what is longer than anything is %d long, deep %v", size, deep)
	}
}

// Call by call a value may become deeper, though no call goes deep itself.
func TestPatchesOfDeepValuesAreRefused(t *testing.T) {
	shallow, deep := ast.ArrayTerm(), nested(ast.ArrayTerm(), MaxDepth+1, ast.ArrayTerm)
	patch := func(op, key string, value *ast.Term) *ast.Term {
		return ast.ArrayTerm(ast.ObjectTerm(
			[2]*ast.Term{ast.StringTerm("op"), ast.StringTerm(op)},
			[2]*ast.Term{ast.StringTerm("path"), ast.StringTerm("/0")},
			[2]*ast.Term{ast.StringTerm(key), value},
		))
	}
	long := nested(ast.ArrayTerm(), 30, func(t ...*ast.Term) *ast.Term { return ast.ArrayTerm(t[0], t[0]) })
	for name, c := range map[string]struct {
		target, patches *ast.Term
		want            string
	}{
		"a deep value is put":             {shallow, patch("add", "value", deep), "would put values nested more than 10000 deep"},
		"a long one is put":               {shallow, patch("add", "value", long), "would put values of more than 64 MiB"},
		"parts of a deep value are put":   {deep, patch("copy", "from", ast.StringTerm("/0")), "would put values nested more than 10000 deep"},
		"a shallow value into a deep one": {deep, patch("add", "value", shallow), ""},
		"parts of a shallow value":        {shallow, patch("move", "from", ast.StringTerm("/0")), ""},
	} {
		if got := patched([]*ast.Term{c.target, c.patches}); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
