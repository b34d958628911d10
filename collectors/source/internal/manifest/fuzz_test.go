package manifest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func FuzzDecode(f *testing.F) {
	for _, file := range []string{"pod.json", "events.json"} {
		f.Add(readTestdata(f, file))
	}
	for _, seed := range []string{
		fmt.Sprintf(pod, "a") + "---\n" + fmt.Sprintf(pod, "b"),
		"apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\nkind: List\n",
		"apiVersion: v1\nkind: X\n" + aliasBomb,
		"%TAG ! tag:x,2026:\n--- !a\n? [a]\n: &b {<<: *b}\n...\n",
		`{"items":[{"kind":"PodList","items":[{}]}],"apiVersion":"v1"}{`,
		"{{- if }}\n", "\xff\xfea\x00", "a:\n\tb", "a: |\n\n  b\n", "- {y: !!binary a, 0x1: .nan}",
	} {
		f.Add([]byte(seed))
	}
	limits := Limits{Depth: 50, Values: 5000, Nodes: 5000}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range []string{"a.json", "a.yaml"} {
			content, err := NewDecoder(limits).Decode(context.Background(), file, data)
			var fault *Fault
			if err != nil && (!errors.As(err, &fault) || fault.Detail == "" || strings.Contains(fault.Error(), "\n")) {
				t.Fatalf("error %#v, want a one-line *Fault", err)
			}
			var locator Locator
			lines := 1 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + bytes.Count(data, []byte("\u2028")) + bytes.Count(data, []byte("\u2029")) + bytes.Count(data, []byte("\u0085"))
			if fault != nil && fault.Line > lines {
				t.Fatalf("fault at line %d of %d: %v", fault.Line, lines, fault)
			}
			for _, o := range content.Objects {
				if o.Line < 1 || o.Line > lines {
					t.Fatalf("object at line %d of %d", o.Line, lines)
				}
				if _, err := json.Marshal(o.Map); err != nil {
					t.Fatalf("object is not JSON: %v", err)
				}
				checkTypes(t, o.Map)
				leaves(o.Map, nil, func(path []string, _ any) {
					if line, column, ok := locator.Position(o.Text, path...); line > lines || ok && (line < 1 || column < 1) {
						t.Fatalf("%q stands at %d:%d of %d lines", path, line, column, lines)
					}
				})
			}
		}
	})
}

func checkTypes(t *testing.T, v any) {
	switch v := v.(type) {
	case nil, string, bool, int64, float64:
	case map[string]any:
		for _, e := range v {
			checkTypes(t, e)
		}
	case []any:
		for _, e := range v {
			checkTypes(t, e)
		}
	default:
		t.Fatalf("a value of type %T", v)
	}
}

// A list that is read item by item must read as the document does as a whole. Its lines are
// those that editors count: yaml.v3 takes a carriage return alone and the separators of
// Unicode for the end of one, too.
func FuzzSplitItems(f *testing.F) {
	for _, seed := range []string{
		"apiVersion: v1\nitems:\n- a: 1\n- b: 2\nkind: List\n",
		"items: # c\n  - a: |\n      x\n\n  # y\n  - 'b'\n\n---\n",
		"items: []\na: \"x\nitems:\n- b\n\"\n",
		"{\nitems:\n- a\n}\n",
		"--- |\nitems:\n- a\n",
		"items:\n- \"a\n- b\"\n- &x c\n- *x\n",
		"items:\n- [a,\n- b]\n", "items:\n-\n- - a\n  - b\n -c\nx: 1\n",
		"a: &a 1\nitems:\n- *a\n", "items:\n- a\rb: 1\n", "%TAG ! tag:x,2026:\n---\nitems:\n- !a b\n",
		"items:\n- a\nitems:\n- b\n", "items:\n? a\n- b\n", "items:\n- a\n...\n- b\n", "items:\n-\r-\n- a\n", "items:\n- a\u2028b\n- c\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data, fault := CheckText(data)
		if fault != nil {
			return
		}
		lines := !otherBreak.Match(data)
		for _, p := range splitDocuments(data) {
			d := NewDecoder(Limits{Depth: 50, Values: 5000, Nodes: 5000})
			split, splitErr := d.yamlPiece(context.Background(), p)
			d = NewDecoder(Limits{Depth: 50, Values: 5000, Nodes: 5000})
			whole, wholeErr := d.yamlWhole(p)
			if (splitErr == nil) != (wholeErr == nil) {
				t.Fatalf("split err %v, whole err %v", splitErr, wholeErr)
			}
			if splitErr != nil {
				continue
			}
			if diff := cmp.Diff(plain(whole, lines), plain(split, lines)); diff != "" {
				t.Fatalf("(-whole +split):\n%s", diff)
			}
		}
	})
}

var otherBreak = regexp.MustCompile(`\r([^\n]|$)|[\x{85}\x{2028}\x{2029}]`)

func plain(docs []document, lines bool) []any {
	line := func(n int) int {
		if lines {
			return n
		}
		return 0
	}
	var out []any
	for _, d := range docs {
		out = append(out, d.top, line(d.line), d.hasItems)
		for _, item := range d.items {
			out = append(out, item.any, line(item.line))
		}
	}
	return out
}
