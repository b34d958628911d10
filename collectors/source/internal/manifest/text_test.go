package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// selfTelling replaces each @ by its own place, "line:column".
func selfTelling(text string) string {
	var out strings.Builder
	line, start := 1, 0
	for _, r := range text {
		switch r {
		case '@':
			fmt.Fprintf(&out, "at %d.%d", line, 1+utf8.RuneCountInString(out.String()[start:]))
		case '\n':
			out.WriteRune(r)
			line, start = line+1, out.Len()
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// leaves calls fn for each scalar within v.
func leaves(v any, path []string, fn func(path []string, leaf any)) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			leaves(e, append(slices.Clip(path), key), fn)
		}
	case []any:
		for i, e := range v {
			leaves(e, append(slices.Clip(path), strconv.Itoa(i)), fn)
		}
	default:
		fn(path, v)
	}
}

func TestFieldsTellTheirPlace(t *testing.T) {
	const head = "apiVersion: v1\nkind: X\n"
	for _, test := range []struct {
		name, file, text string
		values           int
	}{
		{"one document", "a.yaml", "# it\n" + head + "metadata: {name: @}\nspec:\n  a: @\n  list:\n  - name: @\n    value:  @\n  - @\n", 5},
		{"several documents", "a.yaml", head + "a: @\n---\n# two\n" + head + "b: @\n--- # three\n" + head + "c:\n    d: @\n", 3},
		{"directives and ends", "a.yaml", "%YAML 1.1\n---\n" + head + "a: @\n...\n---\n" + head + "b: @\n", 2},
		{"a list", "a.yaml", "apiVersion: v1\nitems:\n- " + strings.ReplaceAll(head, "\n", "\n  ") + "a: @\n- apiVersion: v1\n  kind: Z\n  b:\n  - c: @\nkind: List\n", 2},
		{"a list in a list", "a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: X, a: @}\n  - {apiVersion: v1, kind: X, a: @}\n", 2},
		{"a list that is not split", "a.yaml", "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: X, a: @},\n  {apiVersion: v1, kind: Z,\n b: [@, @]}]\n", 3},
		{"no list although it has items", "a.yaml", head + "metadata: {name: x}\nitems:\n- a: @\n- b: @\nspec: {c: @}\n", 3},
		{"a sequence", "a.yaml", "- {apiVersion: v1, kind: X, a: @}\n- {apiVersion: v1, kind: X, a: @}\n", 2},
		{"anchors", "a.yaml", head + "base: &b\n  a: @\n  over: other\nuses:\n  <<: *b\n  over: @\n  more: @\ntwice: [{<<: [{x: @}, *b]}]\n", 5},
		{"quotes and escapes", "a.yaml", head + "'a': '@'\n\"b\\u0020c\": \"@\"\n8080: @\nno: @\n", 4},
		{"letters beyond ASCII", "a.yaml", head + "ä: {größe: 'Ω€😀', b: @, c: [ü, @]}\n", 2},
		{"line ends of Windows", "a.yaml", strings.ReplaceAll(head+"a:\n  b: @\n---\n"+head+"c: [@, @]\n", "\n", "\r\n"), 3},
		{"tabs in flow style", "a.yaml", head + "a: {\tb: @,\n\t\tc: [\t@\t] }\n", 2},
		{"braces that are not JSON", "a.yaml", "{apiVersion: v1, kind: X, a: @,\n b: {c: @}}\n", 2},
		{"a byte order mark", "a.yaml", "\ufeff" + head + "a: @\n", 1},
		{"JSON", "a.json", "{\n\t\"apiVersion\": \"v1\", \"kind\": \"X\",\n\t\"spec\": {\"a\": \"@\", \"list\": [1, \"@\", {\"b\" : \"@\"}]}\n}\n", 3},
		{"JSON in one line", "a.json", `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"X","a":"@"},{"apiVersion":"v1","kind":"X","ü":"€","b":["@","@"]}]}`, 3},
		{"JSON in a stream", "a.json", "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"a\":\"@\"}  {\"apiVersion\":\"v1\",\"kind\":\"X\",\n\"a\":\"@\"}", 2},
		{"JSON that YAML does not take", "a.json", "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"e\":\"\\ud83d\\ude00\",\n\"a\":\"@\"}", 1},
		{"JSON with a key twice", "a.json", `{"apiVersion":"v1","kind":"X","a":"first","a":"@","<<":{"b":"@"}}`, 2},
		{"JSON of Windows, lists within", "a.json", "{\"items\":[\r\n{\"apiVersion\":\"v1\",\"kind\":\"XList\",\"items\":[\r\n {\"a\":\"@\"}]}]}", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := selfTelling(test.text)
			if bom, ok := strings.CutPrefix(test.text, "\ufeff"); ok {
				text = "\ufeff" + selfTelling(bom)
			}
			content, fault := decode(t, test.file, text)
			if fault != nil {
				t.Fatal(fault)
			}
			var locator Locator
			values := 0
			for _, o := range content.Objects {
				if _, kept := o.Text.Keep(1 << 20); !kept {
					t.Fatal("the text is not kept")
				}
				leaves(o.Map, nil, func(path []string, leaf any) {
					want, ok := leaf.(string)
					if !ok || !strings.HasPrefix(want, "at ") {
						return
					}
					values++
					line, column, ok := locator.Position(o.Text, path...)
					if got := fmt.Sprintf("at %d.%d", line, column); got != strings.Trim(want, `"'`) || !ok {
						// A quoted value begins at its quote.
						if got = fmt.Sprintf("at %d.%d", line, column+1); got != want {
							t.Errorf("%v stands %s, want %s\n%s", path, got, want, text)
						}
					}
				})
				if line, column, ok := locator.Position(o.Text); line < o.Line || !strings.Contains(test.name, "in a list") && !strings.Contains(test.name, "lists within") && line != o.Line || column < 1 || !ok {
					t.Errorf("the object stands at %d.%d %v, want line %d", line, column, ok, o.Line)
				}
			}
			if values < test.values {
				t.Errorf("%d values, want %d", values, test.values)
			}
		})
	}
}

func TestPlacesOfWhatIsNoWord(t *testing.T) {
	content, _ := decode(t, "a.yaml", `apiVersion: v1
kind: X
spec:
  block: |
    one
  mapping:
    a: 1
  list:
  - b: 2
  flow: {c: 3}
  empty:
  quoted: ""
  alias: &x {d: 4}
  again: *x
`)
	var locator Locator
	for path, want := range map[string]string{
		"":                    "1:1",
		"spec":                "3:1",
		"spec.block":          "4:10",
		"spec.mapping":        "6:3",
		"spec.list":           "8:3",
		"spec.list.0":         "9:5",
		"spec.list.0.b":       "9:8",
		"spec.flow":           "10:3",
		"spec.flow.c":         "10:13",
		"spec.empty":          "11:3",
		"spec.quoted":         "12:11",
		"spec.again":          "14:10",
		"spec.again.d":        "13:17",
		"spec.list.7":         "8:3", // nearest to what is not there
		"spec.flow.none.none": "10:3",
		"none":                "1:1",
	} {
		var steps []string
		if path != "" {
			steps = strings.Split(path, ".")
		}
		line, column, ok := locator.Position(content.Objects[0].Text, steps...)
		if got := fmt.Sprintf("%d:%d", line, column); got != want || !ok {
			t.Errorf("%s stands at %s, want %s", path, got, want)
		}
	}
}

func TestTextsAreKeptOnceAndWithinALimit(t *testing.T) {
	content, _ := decode(t, "a.yaml", "- {apiVersion: v1, kind: X, a: b}\n- {apiVersion: v1, kind: X, a: b}\n")
	first, second := content.Objects[0].Text, content.Objects[1].Text
	if cost, kept := first.Keep(10); cost != 0 || kept {
		t.Errorf("Keep(10) = %d, %v, want nothing", cost, kept)
	}
	if cost, kept := first.Keep(1000); cost != 68 || !kept {
		t.Errorf("Keep = %d, %v, want 68", cost, kept)
	}
	if cost, kept := second.Keep(1000); cost != 0 || !kept {
		t.Errorf("Keep of the second = %d, %v, want no cost", cost, kept)
	}
	var locator Locator
	if _, _, ok := locator.Position(Text{}, "a"); ok {
		t.Error("an object of no text has a place")
	}
}

// Merges that repeat each other end.
func TestSearchIsBounded(t *testing.T) {
	var text strings.Builder
	text.WriteString("apiVersion: v1\nkind: X\na0: &a0 {x: 1}\n")
	for i := range 12 {
		fmt.Fprintf(&text, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	content, fault := decode(t, "a.yaml", text.String())
	if fault != nil || len(content.Objects) != 1 {
		t.Fatalf("%v, %d objects", fault, len(content.Objects))
	}
	s := search{left: 1000}
	roots := content.Objects[0].Text.chunk.parse()
	if _, whole := s.find(roots[0], []string{"a12", "y"}); whole || s.left >= 0 {
		t.Errorf("found: %v, steps left: %d", whole, s.left)
	}
}
