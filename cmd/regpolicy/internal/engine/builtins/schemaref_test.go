package builtins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestEndlessSchemas(t *testing.T) {
	chain := `{"definitions": {`
	for i := range 1100 {
		chain += fmt.Sprintf(`"a%d": {"$ref": "#/definitions/a%d"}, `, i, i+1)
	}
	for schema, want := range map[string]string{
		`{"$ref": "#"}`: "refers to itself without end, at #",
		`{"properties": {"a": {"not": {"$ref": "#/properties/a"}}}}`:                                  "at #/properties/a",
		`{"if": {"then": {"$ref": "#"}}}`:                                                             "refers to itself",
		`{"dependencies": {"a/b": {"$ref": "#/dependencies/a~1b"}}}`:                                  "at #/dependencies/a~1b",
		`{"oneOf": [{}, {"$ref": "#/oneOf/1"}]}`:                                                      "at #/oneOf/1",
		`{"oneOf": [{}, {"$ref": "#%2FoneOf%2F1"}]}`:                                                  "at #/oneOf/1",
		`{"$id": "http://a/b", "$ref": "http://a/b#"}`:                                                "which is no pointer into its own schema",
		`{"properties": {"a": {"$id": "b", "$ref": "#/c"}}}`:                                          "with a name of its own, at #/properties/a",
		chain + `"a1100": {}}}`:                                                                       "more than 1000 schemas",
		`{"properties": {"a": {"$ref": "#"}}, "items": {"$ref": "#"}}`:                                "",
		`{"definitions": {"a": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/a"}, {}]}`:      "",
		`{"$ref": "#/nowhere/0", "allOf": [], "definitions": {"a": [1], "b": {"$ref": "#/allOf/7"}}}`: "",
		`{"properties": {"id": {"type": "string"}}}`:                                                  "",
		`no JSON`: "",
		`true`:    "",
	} {
		if got := endlessSchema(ast.StringTerm(schema)); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%.80s: got %q, want %q", schema, got, want)
		}
	}
}
