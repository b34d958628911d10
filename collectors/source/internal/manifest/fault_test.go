package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func readTestdata(tb testing.TB, file string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestFaultsTellPlaceAndCure(t *testing.T) {
	const head = "apiVersion: v1\nkind: X\n"
	const tail = "y: 1\nz: 2\n"
	for _, test := range []struct {
		name, file, text string
		line, column     int
		detail, hint     string // parts
		truncated        bool
	}{
		{"a key indented too far", "a.yaml", head + "a:\n  b: 1\n   c: 2\n" + tail, 5, 0, "mapping values are not allowed", "", false},
		{"a key indented too little", "a.yaml", head + "a:\n    b: 1\n  c: 2\n" + tail, 5, 0, "did not find expected key", "", false},
		{"a tab", "a.yaml", head + "a:\n\tb: 1\n" + tail, 4, 0, "cannot start any token", "indent with spaces", false},
		{"a line that is no pair", "a.yaml", head + "words\n" + tail, 3, 0, "could not find expected ':'", "", false},
		{"an open quote", "a.yaml", head + "a: \"b\n" + tail, 3, 0, "unexpected end of stream", "cut short", true},
		{"an open quote in an earlier document", "a.yaml", head + "a: \"b\n---\n" + head, 3, 0, "unexpected end of stream", "correct the text", false},
		{"an open bracket", "a.yaml", head + "a: [1, 2\n" + tail, 3, 0, "did not find expected ',' or ']'", "", false},
		{"an alias without an anchor", "a.yaml", head + "a: *b\n" + tail, 3, 0, `the alias that stands there has no anchor`, "", false},
		{"a key that stands twice", "a.yaml", head + "a: 1\nb: 2\na: 3\n", 5, 1, `the key "a" stands twice`, "remove one", false},
		{"a key that stands twice in a List's item", "a.yaml", "apiVersion: v1\nitems:\n- a: 1\n- b: 1\n  b: 2\nkind: List\n", 5, 3, `the key "b" stands twice`, "", false},
		{"a key that is a list", "a.yaml", head + "? [a]\n: 1\n", 3, 3, "a key is a mapping or a list", "", false},
		{"a key that is empty", "a.yaml", head + "~: 1\n", 3, 1, "a key is empty", "", false},
		{"infinity", "a.yaml", head + "a: .inf\n", 3, 4, "not one that JSON can hold", "", false},
		{"a merge key without mapping", "a.yaml", head + "<<: 1\n", 3, 5, "<< needs a mapping", "", false},
		{"a template that is no YAML", "a.yaml", "{{- if .x }}\n" + head + "{{- end }}\n", 1, 0, "it is a template, not YAML", "helm template", false},
		{"a template value", "a.yaml", head + "image: {{ .Values.image }}\n", 3, 0, "it is a template, not YAML: a key is a mapping", "helm template", false},
		{"a template within lines", "a.yaml", head + "metadata:\n  {{- include \"labels\" . | nindent 4 }}\n  name: a\n", 4, 0, "it is a template, not YAML", "helm template", false},
		{"a truncated text", "a.yaml", head + "metadata:\n  name: a\n  na", 5, 0, "could not find expected ':'", "cut short", true},
		{"half a List", "a.yaml", "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- apiVersion: v1\n  kind: Pod\n", 6, 0, "half a List: it ends after 2 items", "save it again", true},
		{"half a List cut in its kind", "a.yaml", "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\nkind: Li\n", 3, 0, "half a List: it ends after 1 items", "save it again", true},
		{"half a List of none", "a.yaml", "apiVersion: v1\nitems:\n", 1, 0, "half a List: it ends after 0 items", "save it again", true},
		{"half a JSON List", "a.json", "{\"apiVersion\":\"v1\",\n\"items\":[{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}},\n{\"apiVer", 3, 9, "the JSON text ends too early", "save it again", true},
		{"a JSON syntax error in an item", "a.json", "{\"items\":[{},\n{\"a\": x}]}", 2, 7, "it is not JSON: invalid character 'x'", "", false},
		{"a JSON comma too many", "a.json", "{\"a\":1,\n}", 2, 1, "it is not JSON: invalid character '}'", "", false},
		{"a JSON colon that is missing", "a.json", "{\"a\"\n1}", 2, 1, "it is not JSON: invalid character '1'", "", false},
		{"JSON with text after it", "a.json", "{}\n\nfoo", 3, 2, "it is not JSON: invalid character 'o'", "", false},
		{"a JSON number out of range", "a.json", "{\n\"a\":1e999}", 2, 0, "out of range", "", false},
		{"deep JSON", "a.json", strings.Repeat("[", 200) + strings.Repeat("]", 200), 1, 0, "deeper than 100 levels", "", false},
		{"very deep JSON", "a.json", strings.Repeat("[", 50_000), 1, 10001, "far too deep", "", false},
		{"deep YAML in brackets", "a.yaml", head + "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", 3, 103, "deeper than 100 levels", "", false},
		{"very deep YAML in brackets", "a.yaml", head + "a: " + strings.Repeat("[", 90_000) + "\n", 3, 0, "far too deep", "", false},
		{"very deep YAML in blocks", "a.yaml", head + "a:\n" + strings.Repeat("- ", 50_000) + "\n", 4, 0, "far too deep", "", false},
		{"deep YAML in lines", "a.yaml", deepLines(200), 101, 0, "deeper than 100 levels", "", false},
		{"an alias bomb", "a.yaml", head + aliasBomb, 0, 0, "aliases repeat more than 100000 values", "", false},
		{"an alias of itself", "a.yaml", head + "a: &a\n  b: [*a]\n", 4, 7, `the alias "*a" stands within what it repeats`, "", false},
		{"a merge of itself", "a.yaml", head + "a: &a\n  <<: *a\n", 4, 7, `the alias "*a" stands within what it repeats`, "", false},
		{"too many YAML values", "a.yaml", head + "a: [" + strings.Repeat("1,", 100_001) + "]\n", 1, 0, "more than the limit of 100000", "-o json", false},
		{"too many JSON values", "a.json", "[" + strings.Repeat("1,", 100_001) + "1]", 0, 0, "more than the limit of 100000", "in parts", false},
		{"UTF-16", "a.yaml", "\xff\xfea\x00:\x00", 0, 0, "UTF-16", "Out-File -Encoding utf8", false},
		{"UTF-16 without its mark", "a.yaml", "a\x00:\x00", 1, 2, "NUL bytes", "", false},
		{"Latin-1", "a.yaml", head + "# Gr\xfc\xdfe\n", 3, 5, "not UTF-8", "", false},
		{"a control character", "a.yaml", head + "a: \x01\n", 3, 0, "control characters are not allowed", "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, fault := decode(t, test.file, test.text)
			if fault == nil {
				t.Fatal("no fault")
			}
			if test.line != 0 && fault.Line != test.line || test.column != 0 && fault.Column != test.column {
				t.Errorf("place %d:%d, want %d:%d", fault.Line, fault.Column, test.line, test.column)
			}
			if !strings.Contains(fault.Detail, test.detail) || !strings.Contains(fault.Hint, test.hint) {
				t.Errorf("%q, hint %q\nwant %q, hint %q", fault.Detail, fault.Hint, test.detail, test.hint)
			}
			if fault.Truncated != test.truncated {
				t.Errorf("truncated = %v", fault.Truncated)
			}
			if strings.ContainsAny(fault.Detail+fault.Hint, "\n\x00\x01") || len(fault.Detail) > 300 {
				t.Errorf("%q does not fit a line", fault.Detail)
			}
		})
	}
}

func deepLines(depth int) string {
	var b strings.Builder
	for i := range depth {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

const aliasBomb = `a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]
g: &g {<<: [*f]}
`

func TestWhatIsWholeBeforeAFaultIsKept(t *testing.T) {
	item := "- apiVersion: v1\n  kind: Pod\n  metadata: {name: %s}\n"
	for _, test := range []struct {
		name, file, text string
		want             []string
	}{
		{"documents around a broken one", "a.yaml", fmt.Sprintf(pod, "a") + "---\na: [\n---\n" + fmt.Sprintf(pod, "b"), []string{"Pod/a:1", "Pod/b:7"}},
		{"items before a broken one", "a.yaml", "apiVersion: v1\nitems:\n" + fmt.Sprintf(item, "a") + fmt.Sprintf(item, "b") + "- a: b: c\n" + fmt.Sprintf(item, "d") + "kind: List\n", []string{"Pod/a:3", "Pod/b:6"}},
		{"half a List without its last item", "a.yaml", "apiVersion: v1\nitems:\n" + fmt.Sprintf(item, "a") + fmt.Sprintf(item, "b"), []string{"Pod/a:3"}},
		{"items before the end of a JSON text", "a.json", `{"apiVersion":"v1","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}},{"apiVersion":"v1","kind":"Po`, []string{"Pod/a:1"}},
		{"items of a typed list before its end", "a.json", `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}},{"meta`, []string{"Pod/a:1"}},
		{"JSON values before a broken one", "a.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}{"b"`, []string{"Pod/a:1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			content, fault := decode(t, test.file, test.text)
			if fault == nil {
				t.Error("no fault")
			}
			if diff := cmp.Diff(test.want, places(content)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAliasesOfAllTextsShareOneBudget(t *testing.T) {
	d := NewDecoder(Limits{Depth: 10, Values: 100, Nodes: 100})
	text := []byte("apiVersion: v1\nkind: X\na: &a [" + strings.Repeat("1,", 20) + "]\nb: [*a, *a]\n")
	var last error
	for range 3 {
		_, last = d.Decode(t.Context(), "a.yaml", text)
	}
	if last == nil || !strings.Contains(last.Error(), "aliases") {
		t.Errorf("err = %v, want the aliases' limit", last)
	}
}
