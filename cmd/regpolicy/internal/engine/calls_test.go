package engine

import (
	"fmt"
	"strings"
	"testing"
)

// long is a rule's body that repeats a text 2^17 times by few steps.
func long(name, text string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "\t%s0 := `%s`\n", name, text)
	for i := range 17 {
		fmt.Fprintf(&out, "\t%[1]s%[3]d := concat(\"\", [%[1]s%[2]d, %[1]s%[2]d])\n", name, i, i+1)
	}
	return out.String()
}

// Some functions go as deep as what they read.
func TestCallsThatWouldFillTheStackAreRefused(t *testing.T) {
	within := func(open, shut, call string) string { return long("o", open) + long("s", shut) + "\t" + call + "\n" }
	// Each call puts what it is given twelve thousand deep in all.
	const deep = "\tkeys := [\"0\" | some _ in numbers.range(1, 6000)]\n" +
		"\tlist := json.unmarshal(concat(\"\", array.concat(array.concat([\"[\" | some _ in keys], [\"0\"]), [\"]\" | some _ in keys])))\n" +
		"\ta := json.patch(list, [{\"op\": \"replace\", \"path\": keys, \"value\": list}])\n"
	const loop = `{"definitions": {"a": {"anyOf": [{"$ref": "#/definitions/a"}]}}, "$ref": "#/definitions/a"}`
	for name, c := range map[string]struct{ body, want string }{
		"a glob":                     {within("{a,", "}", `glob.match(concat("", [o17, s17]), [], "a")`), "glob.match would read brackets nested more than 10000 deep"},
		"a GraphQL query":            {within("{a", "}", `graphql.parse_query(concat("", [o17, s17]))`), "graphql.parse_query would read brackets"},
		"a GraphQL schema":           {within("[", "]", "graphql.parse_schema(concat(\"\", [`type Q { a: `, o17, `Int`, s17, ` }`]))"), "graphql.parse_schema would read brackets"},
		"a template":                 {within("{{if 1}}", "{{end}}", `strings.render_template(concat("", [o17, s17]), {}) == ""`), "strings.render_template would render a template of more than 10000 actions"},
		"many patches":               {"\tp := [\"0\" | some _ in numbers.range(1, 60000)]\n\tq := {\"op\": \"replace\", \"path\": p, \"value\": 1}\n\tjson.patch([], [q, q]) == []\n", "json.patch would follow paths of more than 100000 keys together"},
		"patches of patches":         {deep + "\tjson.patch(list, [{\"op\": \"replace\", \"path\": keys, \"value\": a}])\n", "json.patch would put values nested more than 10000 deep"},
		"a deep value as text":       {deep + "\tsprintf(\"%v\", [a]) != \"\"\n", "sprintf would write values nested more than 10000 deep"},
		"a deep value as JSON":       {deep + "\tjson.marshal(a) != \"\"\n", "json.marshal would write values nested more than 10000 deep"},
		"a schema that is endless":   {"\tjson.match_schema({}, " + loop + ")[0]\n", "json.match_schema would follow a schema that refers to itself without end, at #/definitions/a"},
		"one that is a text":         {"\tjson.match_schema({}, `" + loop + "`)[0]\n", "json.match_schema would follow a schema that refers to itself"},
		"one that is to be verified": {"\tjson.verify_schema(" + loop + ")[0]\n", "json.verify_schema would follow a schema that refers to itself"},
		"a glob of few braces":       {"\tglob.match(\"{a,{b,c}}\", [], \"c\")\n", "fail"},
		"a short template":           {"\tstrings.render_template(\"{{if .a}}{{.a}}{{end}}\", {\"a\": 1}) == \"1\"\n", "fail"},
		"a patch":                    {"\tjson.patch({}, [{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]) == {\"a\": 1}\n", "fail"},
		"a schema of a tree":         {"\tjson.match_schema({\"a\": {\"a\": {}}}, {\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#\"}})[0]\n", "fail"},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, document(t, nil), Options{}, "package a\n\ndeny contains \"x\" if {\n\tinput.pods\n"+c.body+"}\n")
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("results %q, want %q", got, c.want)
			}
		})
	}
}

func TestCallsThatWouldTakeAnyAmountAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"a number of a terabit":     {"bits.lsh(1, 1000000000000) == 0", "bits.lsh would make more than 64 MiB"},
		"a number of many bits":     {"bits.lsh(1, 1000000000) == 0", "bits.lsh would make more than 64 MiB"},
		"one object many times":     {"a := {x: x | some x in numbers.range(1, 10000)}\n\tobject.union_n([a | some _ in numbers.range(1, 1000)]) == {}", "object.union_n would make more than 64 MiB"},
		"a number of modest length": {"bits.lsh(1, 100) == 0", "pass "},
		"a few objects":             {"object.union_n([{\"a\": 1}, {\"b\": 1}]) == {}", "pass "},
	} {
		t.Run(name, func(t *testing.T) {
			got := judged(t, document(t, nil), Options{}, "package a\n\ndeny contains \"x\" if {\n\tinput.pods\n\t"+c.body+"\n}\n")
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("results %q, want %q", got, c.want)
			}
		})
	}
}
