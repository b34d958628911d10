package repair

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

const pemText = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"

// object makes a text of one object with these lines below its metadata.
func object(lines string) string { return "kind: Secret\nmetadata: {name: s}\n" + lines }

func TestEdits(t *testing.T) {
	data := Path{"data"}
	list := Path{"spec", "cas"}
	tests := []struct {
		name, before string
		edits        []Edit
		want         string
	}{
		{"a plain value, its comment stays", "data:\n  a: old   # the old CA\n  b: x\n", []Edit{SetScalar{data.With("a"), "bmV3"}}, "data:\n  a: bmV3   # the old CA\n  b: x\n"},
		{"quotes stay", "data:\n  a: 'old'\n  b: \"old\"\n", []Edit{SetScalar{data.With("a"), "new"}, SetScalar{data.With("b"), "new"}}, "data:\n  a: 'new'\n  b: \"new\"\n"},
		{"a value that YAML takes for something else", "data:\n  a: old\n", []Edit{SetScalar{data.With("a"), "yes"}}, "data:\n  a: \"yes\"\n"},
		{"a value over several lines", "data:\n  a: one\n    two\n  b: x\n", []Edit{SetScalar{data.With("a"), "new"}}, "data:\n  a: new\n  b: x\n"},
		{"a block scalar", "data:\n  a: |\n    one\n    two\n  # about b\n  b: x\n", []Edit{SetScalar{data.With("a"), "new"}}, "data:\n  a: new\n  # about b\n  b: x\n"},
		{"a block scalar keeps its indentation", "data:\n  a: |-\n      one\n  b: x\n", []Edit{SetScalar{data.With("a"), pemText}}, "data:\n  a: |\n      -----BEGIN CERTIFICATE-----\n      MIIB\n      -----END CERTIFICATE-----\n  b: x\n"},
		{"a plain value becomes a block", "data:\n  a: TFMw\n", []Edit{SetScalar{data.With("a"), pemText}}, "data:\n  a: |\n    -----BEGIN CERTIFICATE-----\n    MIIB\n    -----END CERTIFICATE-----\n"},
		{"lines within brackets", "data: {a: TFMw, b: x}\n", []Edit{SetScalar{data.With("a"), "p\nq\n"}}, "data: {a: \"p\\nq\\n\", b: x}\n"},
		{"a key", "data:\n  # corp\n  \"a\": old # x\n", []Edit{RenameKey{data, "a", "a-2"}}, "data:\n  # corp\n  \"a-2\": old # x\n"},
		{"a key in brackets", "data: {a: old, b: x}\n", []Edit{RenameKey{data, "a", "a-2"}, SetScalar{data.With("a-2"), "new"}}, "data: {a-2: new, b: x}\n"},
		{"another key", "data:\n  a: old # x\n  b: x\n", []Edit{AddKey{data, "a", "c", "new"}}, "data:\n  a: old # x\n  c: new\n  b: x\n"},
		{"another key behind a block", "data:\n  a: |\n    one\n\n  b: x\n", []Edit{AddKey{data, "a", "c", "new"}}, "data:\n  a: |\n    one\n  c: new\n\n  b: x\n"},
		{"another key in brackets", "data: {a: old}\n", []Edit{AddKey{data, "a", "c", "new"}}, "data: {a: old, c: new}\n"},
		{"a copy of an item", "spec:\n  cas:\n  - name: a # first\n    data: x\n  - name: b\n  other: 1\n", []Edit{AppendCopy{list, 0}, SetScalar{list.With(-1, "name"), "c"}}, "spec:\n  cas:\n  - name: a # first\n    data: x\n  - name: b\n  - name: c # first\n    data: x\n  other: 1\n"},
		{"a copy in brackets", "spec: {cas: [{name: a}, {name: b}]}\n", []Edit{AppendCopy{list, 0}, SetScalar{list.With(-1, "name"), "c"}}, "spec: {cas: [{name: a}, {name: b}, {name: c}]}\n"},
		{"a tree", "spec:\n  a: 1 # one\nstatus: {}\n", []Edit{AddTree{Path{"spec"}, "t", mapping(scalar("cas"), sequence(mapping(scalar("name"), scalar("x"))))}}, "spec:\n  a: 1 # one\n  t:\n    cas:\n      - name: x\nstatus: {}\n"},
		{"an item more", "spec:\n  cas:\n  - name: a\n", []Edit{AddItem{list, mapping(scalar("name"), scalar("b"), scalar("data"), scalar("x"))}}, "spec:\n  cas:\n  - name: a\n  - name: b\n    data: x\n"},
		{"another tree in its place", "spec:\n  cas:\n  - name: a\n    value: 1\n  - name: b\n", []Edit{ReplaceTree{list.With(0), mapping(scalar("name"), scalar("c"))}}, "spec:\n  cas:\n  - name: c\n  - name: b\n"},
		{"a key less", "spec:\n  a: 1\n  # about b\n  b:\n    c: [1,\n      2]\n  d: 3\n", []Edit{RemoveKey{Path{"spec"}, "b"}}, "spec:\n  a: 1\n  # about b\n  d: 3\n"},
		{"an item less", "spec:\n  cas:\n  - name: a\n    x: 1\n  - name: b\n", []Edit{RemoveItem{list, 0}}, "spec:\n  cas:\n  - name: b\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for form, change := range map[string]func(string) string{
				"alone":             object,
				"with Windows ends": func(s string) string { return strings.ReplaceAll(object(s), "\n", "\r\n") },
				"with a mark":       func(s string) string { return "\xef\xbb\xbf" + object(s) },
				"without an end":    func(s string) string { return strings.TrimSuffix(object(s), "\n") },
				"between documents": func(s string) string { return "# first\n---\n" + object(s) + "---\n# last\nkind: Other\n" },
				"in a List": func(s string) string {
					return "apiVersion: v1\nkind: List\nitems:\n- " + strings.TrimSuffix(strings.ReplaceAll(object(s), "\n", "\n  "), "  ")
				},
			} {
				before, want := change(tt.before), change(tt.want)
				if form == "without an end" && strings.Contains(tt.want, "|") {
					continue // a text that ends with a block scalar has another value then
				}
				got, err := edit([]byte(before), 0, tt.edits)
				if err != nil {
					t.Errorf("%s: %v\n%s", form, err, before)
					continue
				}
				// The item of a List is indented further, its blank lines too.
				if diff := cmp.Diff(trimmed(want), trimmed(string(got))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", form, diff)
				}
			}
		})
	}
}

func trimmed(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			lines[i] = ""
		}
	}
	return strings.Join(lines, "\n")
}

func TestEditsThatAreRefused(t *testing.T) {
	data := Path{"data"}
	tests := []struct {
		name, before string
		edit         Edit
	}{
		{"an alias", "x: &a old\ndata: {a: *a}\n", SetScalar{data.With("a"), "new"}},
		{"an anchor that others use", "data: {a: &a old, b: *a}\n", SetScalar{data.With("a"), "new"}},
		{"a tag", "data: {a: !!binary b2xk}\n", SetScalar{data.With("a"), "new"}},
		{"a value that is not there", "data: {a: old}\n", SetScalar{data.With("b"), "new"}},
		{"a name that is taken", "data: {a: old, b: x}\n", RenameKey{data, "a", "b"}},
		{"the only key", "data:\n  a: old\n", RemoveKey{data, "a"}},
		{"a tree in brackets", "data: {a: old}\n", AddTree{data, "t", mapping()}},
		{"a block whose indentation is given", "data:\n  a: |2\n      old\n", SetScalar{data.With("a"), "new"}},
		{"no YAML", "data: {a: old\n", SetScalar{data.With("a"), "new"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := edit([]byte(object(tt.before)), 0, []Edit{tt.edit}); err == nil {
				t.Errorf("no error:\n%s", got)
			}
		})
	}
}

// TestJSON edits what kubectl get -o json prints, and leaves JSON.
func TestJSON(t *testing.T) {
	before := "{\n    \"kind\": \"List\",\n    \"items\": [\n        {\n            \"kind\": \"Secret\",\n            \"data\": {\n                \"a\": \"old\",\n                \"b\": \"x\"\n            }\n        }\n    ]\n}\n"
	got, err := edit([]byte(before), 0, []Edit{RenameKey{Path{"data"}, "a", "a-2"}, SetScalar{Path{"data", "a-2"}, "new"}, AddKey{Path{"data"}, "a-2", "a-3", "more"}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(before, "\"a\": \"old\",", "\"a-2\": \"new\",\n                \"a-3\": \"more\",", 1)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzEdit edits the first value of any text: it changes that and nothing else, or
// refuses.
// A key that is a list makes yaml.v3 panic where there is a merge key, too.
func TestPlainValueOfAListForAKey(t *testing.T) {
	roots, err := documents([]byte("{<<: {a: 1}, ? [b] : 2}\n"))
	if err != nil || len(roots) != 1 {
		t.Fatalf("%d documents, %v", len(roots), err)
	}
	if v, err := plainValue(roots[0]); err == nil {
		t.Errorf("read as %v", v)
	}
}

func FuzzEdit(f *testing.F) {
	for _, seed := range []string{
		"kind: a\ndata:\n  a: old # c\n", "kind: a\ndata: {a: 'x'}\n", "kind: a\ndata:\n  a: |\n    x\n\n  b: >-\n   y\n",
		"\xef\xbb\xbfkind: a\r\ndata:\r\n  a: x y\r\n    z\r\n", "{\"kind\":\"a\",\"data\":{\"a\":\"\\u00e9\"}}", "kind: a\ndata: &x\n  ? a\n  : \"é\n  ü\"\n---\n...\n",
	} {
		f.Add(seed, "value")
	}
	f.Fuzz(func(t *testing.T, before, value string) {
		if len(before)+len(value) > 1<<16 {
			return
		}
		edits := []Edit{RenameKey{Path{"data"}, "a", "a-2"}, SetScalar{Path{"data", "a-2"}, value}, AddKey{Path{"data"}, "a-2", "a-3", value}}
		for n := range edits {
			got, err := edit([]byte(before), 0, edits[:n+1])
			if err != nil {
				continue
			}
			if n == 0 {
				continue
			}
			var first yaml.Node
			if err := yaml.Unmarshal(got, &first); err != nil {
				t.Fatalf("no YAML any more: %v\n%q", err, got)
			}
			text, err := parseText(got)
			if err != nil {
				t.Fatalf("not read again: %v\n%q", err, got)
			}
			if v := word(child(text.objects()[0].node, "data"), "a-2"); v != value {
				t.Errorf("value %q, want %q", v, value)
			}
			_ = hidden(text, nil)
		}
	})
}
