package builtins

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// maxDepth bounds how deep what a call reads may nest. These functions go as deep as it
// does, and some ten thousand times deeper they overflow the stack. JSON, YAML, regular
// expressions and Rego have bounds of their own.
const maxDepth = 10_000

// deepCalls say why a call of a built-in function is refused, or nothing.
//
//nolint:gochecknoglobals // it is never changed
var deepCalls = map[string]func(args []*ast.Term) string{
	ast.GlobMatch.Name:             nestedTexts,
	ast.GraphQLParse.Name:          nestedTexts,
	ast.GraphQLParseAndVerify.Name: nestedTexts,
	ast.GraphQLParseQuery.Name:     nestedTexts,
	ast.GraphQLParseSchema.Name:    nestedTexts,
	ast.GraphQLIsValid.Name:        nestedTexts,
	ast.GraphQLSchemaIsValid.Name:  nestedTexts,
	ast.RenderTemplate.Name:        actions,
	ast.JSONPatch.Name:             patched,
	ast.JSONMatchSchema.Name:       func(args []*ast.Term) string { return endlessSchema(args[1]) },
	ast.JSONSchemaVerify.Name:      func(args []*ast.Term) string { return endlessSchema(args[0]) },
}

func nestedTexts(args []*ast.Term) string {
	for _, arg := range args {
		text, _ := arg.Value.(ast.String)
		if nesting(string(text)) > maxDepth {
			return fmt.Sprintf("would read brackets nested more than %d deep", maxDepth)
		}
	}
	return ""
}

// nesting is how many brackets are open at once, wherever they stand.
func nesting(text string) int {
	open, most := 0, 0
	for _, c := range []byte(text) {
		switch c {
		case '(', '[', '{':
			open++
			most = max(most, open)
		case ')', ']', '}':
			open = max(open-1, 0)
		}
	}
	return most
}

// actions bounds those of a template: each may stand within the one before.
func actions(args []*ast.Term) string {
	text, _ := args[0].Value.(ast.String)
	if strings.Count(string(text), "{{") > maxDepth {
		return fmt.Sprintf("would render a template of more than %d actions", maxDepth)
	}
	return ""
}

// maxPaths bounds how long the paths of all patches of a call are together: each may put
// what it has at the end of the one before.
const maxPaths = 100_000

func patched(args []*ast.Term) string {
	patches, _ := args[1].Value.(*ast.Array)
	if patches == nil {
		return ""
	}
	size := 0
	patches.Foreach(func(t *ast.Term) {
		if patch, ok := t.Value.(ast.Object); ok {
			size += pathLength(patch.Get(ast.StringTerm("path")))
		}
	})
	if size > maxPaths {
		return fmt.Sprintf("would follow paths of more than %d keys together", maxPaths)
	}
	return ""
}

func pathLength(path *ast.Term) int {
	if path == nil {
		return 0
	}
	switch keys := path.Value.(type) {
	case ast.String:
		return strings.Count(string(keys), "/") + 1
	case *ast.Array:
		return keys.Len()
	default:
		return 0
	}
}
