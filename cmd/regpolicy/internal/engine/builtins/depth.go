package builtins

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

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
		if nesting(string(text)) > MaxDepth {
			return fmt.Sprintf("would read brackets nested more than %d deep", MaxDepth)
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
	if strings.Count(string(text), "{{") > MaxDepth {
		return fmt.Sprintf("would render a template of more than %d actions", MaxDepth)
	}
	return ""
}

// maxPaths bounds how long the paths of all patches of a call are together: each may put
// what it has at the end of the one before. So what a call gives is no deeper than that
// and MaxDepth together, or than what it was given.
const maxPaths = 100_000

func patched(args []*ast.Term) string {
	patches, _ := args[1].Value.(*ast.Array)
	if patches == nil {
		return ""
	}
	size, moves := 0, false
	patches.Foreach(func(t *ast.Term) {
		if patch, ok := t.Value.(ast.Object); ok {
			size += pathLength(patch.Get(ast.InternedTerm("path")))
			moves = moves || patch.Get(ast.InternedTerm("from")) != nil
		}
	})
	if size > maxPaths {
		return fmt.Sprintf("would follow paths of more than %d keys together", maxPaths)
	}
	if why := put(args[1]); why != "" || !moves {
		return why
	}
	return put(args[0])
}

// put tells why what is to stand elsewhere is refused, or nothing: call by call it
// would become deeper.
func put(t *ast.Term) string {
	switch size, deep := Written(t, maxText); {
	case deep:
		return tooDeep("put")
	case size > maxText:
		return fmt.Sprintf("would put values of more than %d MiB", maxText>>20)
	default:
		return ""
	}
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
