package manifest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decode(t *testing.T, name, text string) (Content, *Fault) {
	t.Helper()
	content, err := NewDecoder(testLimits).Decode(t.Context(), name, []byte(text))
	var fault *Fault
	if err != nil && !errors.As(err, &fault) {
		t.Fatalf("Decode: %v, want a *Fault", err)
	}
	return content, fault
}

// places lists the objects as "kind/name:line".
func places(content Content) []string {
	var out []string
	for _, o := range content.Objects {
		out = append(out, fmt.Sprintf("%s/%s:%d", o.Map["kind"], name(o.Map), o.Line))
	}
	return out
}

const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\n"

func TestObjectsAndTheirLines(t *testing.T) {
	for _, test := range []struct {
		name, file, text string
		want             []string
		foreign          int
	}{
		{"one YAML object", "a.yaml", "\n# a pod\n" + fmt.Sprintf(pod, "a"), []string{"Pod/a:3"}, 0},
		{"a stream", "a.yaml", fmt.Sprintf(pod, "a") + "---\n" + fmt.Sprintf(pod, "b") + "--- # last\n\n" + fmt.Sprintf(pod, "c"), []string{"Pod/a:1", "Pod/b:5", "Pod/c:10"}, 0},
		{"empty documents between", "a.yaml", "---\n---\n# nothing\n---\n" + fmt.Sprintf(pod, "a") + "...\n---\n", []string{"Pod/a:5"}, 0},
		{"a document on its marker's line", "a.yaml", "--- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n", []string{"Pod/a:1"}, 0},
		{"directives before a document", "a.yaml", "%YAML 1.1\n---\n" + fmt.Sprintf(pod, "a"), []string{"Pod/a:3"}, 0},
		{"Windows line ends", "a.yaml", strings.ReplaceAll(fmt.Sprintf(pod, "a")+"---\n"+fmt.Sprintf(pod, "b"), "\n", "\r\n"), []string{"Pod/a:1", "Pod/b:5"}, 0},
		{"a byte order mark", "a.yaml", "\xef\xbb\xbf" + fmt.Sprintf(pod, "a"), []string{"Pod/a:1"}, 0},
		{"a List as kubectl prints it", "a.yaml", "apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: a\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\nkind: List\nmetadata:\n  resourceVersion: \"\"\n", []string{"Pod/a:3", "Pod/b:7"}, 0},
		{"a List that is indented", "a.yaml", "kind: List\napiVersion: v1\nitems:\n  # first\n  - apiVersion: v1\n    kind: Pod\n    metadata:\n      name: a\n\n  - kind: Pod\n    apiVersion: v1\n    metadata:\n      name: b\n", []string{"Pod/a:5", "Pod/b:10"}, 0},
		{"a typed list", "a.json", `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + "\n" + `{"metadata":{"name":"a"}},` + "\n\n" + `{"metadata":{"name":"b"}}]}`, []string{"Pod/a:2", "Pod/b:4"}, 0},
		{"a typed list in YAML", "a.yaml", "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n", []string{"Pod/a:4"}, 0},
		{"a JSON list whose kind comes last", "a.json", "{\n\"apiVersion\":\"v1\",\n\"items\":[\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}\n],\n\"kind\":\"List\"}", []string{"Pod/a:4"}, 0},
		{"a List in a List", "a.json", `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}}]}]}`, []string{"Pod/a:1"}, 0},
		{"JSON values one after another", "a.json", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}` + "\n" + `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}`, []string{"Pod/a:1", "Pod/b:2"}, 0},
		{"a JSON array of objects", "a.json", `[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}, 3]`, []string{"Pod/a:1"}, 1},
		{"a YAML list of objects", "a.yaml", "- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- text\n", []string{"Pod/a:1"}, 1},
		{"JSON documents in a YAML stream", "a.yaml", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}` + "\n---\n" + fmt.Sprintf(pod, "b"), []string{"Pod/a:1", "Pod/b:3"}, 0},
		{"braces that are no JSON", "a.yaml", "{apiVersion: v1, kind: Pod, metadata: {name: a}}", []string{"Pod/a:1"}, 0},
		{"Helm values", "values.yaml", "image:\n  tag: 1\nitems:\n- a\n", nil, 1},
		{"an object that has items", "a.json", `{"apiVersion":"x/v1","kind":"AllowList","metadata":{"name":"a"},"items":[1]}`, []string{"AllowList/a:1"}, 0},
		{"an empty file", "a.yaml", "", nil, 0},
		{"an empty JSON List", "a.json", `{"apiVersion":"v1","items":[],"kind":"List"}`, nil, 0},
		{"a JSON scalar", "a.json", `3`, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			content, fault := decode(t, test.file, test.text)
			if fault != nil {
				t.Fatalf("fault %+v", fault)
			}
			if diff := cmp.Diff(test.want, places(content)); diff != "" {
				t.Errorf("objects (-want +got):\n%s", diff)
			}
			if content.Foreign != test.foreign {
				t.Errorf("foreign = %d, want %d", content.Foreign, test.foreign)
			}
		})
	}
}

func TestListsTellWhatTheyAreFor(t *testing.T) {
	for text, want := range map[string][]string{
		`{"apiVersion":"v1","kind":"SecretList","items":[]}`:   {"Secret"},
		`{"apiVersion":"v1","kind":"SecretList","items":null}`: {"Secret"},
		`{"apiVersion":"v1","kind":"List","items":[]}`:         {""},
		"apiVersion: v1\nkind: SecretList\n":                   {"Secret"},
		"apiVersion: v1\nkind: List\nitems: []\n":              {""},
		"apiVersion: v1\nkind: Pod\n":                          nil,
	} {
		content, fault := decode(t, "a", text)
		if fault != nil {
			t.Fatalf("%s: %v", text, fault)
		}
		if diff := cmp.Diff(want, content.Lists); diff != "" {
			t.Errorf("%s: lists (-want +got):\n%s", text, diff)
		}
	}
}

func TestTheLastAppliedConfigurationIsLeftOutAndManagedFieldsAreCut(t *testing.T) {
	content, fault := decode(t, "a.yaml", `apiVersion: v1
kind: Secret
metadata:
  name: a
  managedFields: [{manager: kubectl, time: "2026-04-03T08:00:00Z", fieldsV1: {f:data: {f:password: {}}}}, {manager: x}]
  annotations: {kubectl.kubernetes.io/last-applied-configuration: "{}", other: x}
`)
	if fault != nil {
		t.Fatal(fault)
	}
	want := map[string]any{
		"name": "a", "annotations": map[string]any{"other": "x"},
		"managedFields": []any{map[string]any{"time": "2026-04-03T08:00:00Z", "fieldsV1": map[string]any{"f:data": map[string]any{}}}},
	}
	if diff := cmp.Diff(want, content.Objects[0].Map["metadata"]); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestValuesHaveJSONTypes(t *testing.T) {
	const head = "apiVersion: v1\nkind: X\nv: "
	for text, want := range map[string]any{
		"1":                            int64(1),
		"0644":                         int64(0o644),
		"0o17":                         int64(15),
		"0x1F":                         int64(31),
		"1_000":                        int64(1000),
		"-3":                           int64(-3),
		"9223372036854775807":          int64(9223372036854775807),
		"18446744073709551615":         float64(18446744073709551615),
		"1.5":                          1.5,
		"1e3":                          1000.0,
		"true":                         true,
		"yes":                          true,
		"off":                          false,
		"'yes'":                        "yes",
		"!!str yes":                    "yes",
		"~":                            nil,
		"":                             nil,
		"2026-01-31":                   "2026-01-31",
		"2026-01-31T10:00:00Z":         "2026-01-31T10:00:00Z",
		"!!binary aGk=":                "aGk=",
		"!vault abc":                   "abc",
		"1.2.3":                        "1.2.3",
		"<<":                           "<<",
		"|\n  a\n  b\n":                "a\nb\n",
		"[1, a]":                       []any{int64(1), "a"},
		"{8080: a, true: b}":           map[string]any{"8080": "a", "true": "b"},
		"{y: a}":                       map[string]any{"true": "a"},
		"{1.5: a}":                     map[string]any{"1.5": "a"},
		"&a {b: 1}\nw: *a":             map[string]any{"b": int64(1)},
		"{<<: {a: 1, b: 2}, b: 3}":     map[string]any{"a": int64(1), "b": int64(3)},
		"{<<: [{a: 1}, {a: 2, b: 2}]}": map[string]any{"a": int64(1), "b": int64(2)},
		"{x: &x {a: 1}, z: {<<: *x}}":  map[string]any{"x": map[string]any{"a": int64(1)}, "z": map[string]any{"a": int64(1)}},
		"{x: &x a, *x : 1}":            map[string]any{"x": "a", "a": int64(1)},
	} {
		content, fault := decode(t, "a.yaml", head+text+"\n")
		if fault != nil {
			t.Errorf("%q: %+v", text, fault)
			continue
		}
		if diff := cmp.Diff(want, content.Objects[0].Map["v"]); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	content, fault := decode(t, "a.json", `{"apiVersion":"v1","kind":"X","v":[1,-1,1.0,1e3,18446744073709551615,"1",null,true,{"a":2}]}`)
	if fault != nil {
		t.Fatal(fault)
	}
	want := []any{int64(1), int64(-1), 1.0, 1000.0, float64(18446744073709551615), "1", nil, true, map[string]any{"a": int64(2)}}
	if diff := cmp.Diff(want, content.Objects[0].Map["v"]); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestCancelledDecodeReturnsTheContextError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	list := `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod"}]}`
	for _, file := range []string{"a.json", "a.yaml"} {
		if _, err := NewDecoder(testLimits).Decode(ctx, file, []byte(list)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: err = %v, want context.Canceled", file, err)
		}
	}
}

func TestSamplesOfARealClusterAreRead(t *testing.T) {
	for file, want := range map[string]int{"pod.json": 1, "events.json": 6} {
		data := readTestdata(t, file)
		content, err := NewDecoder(testLimits).Decode(t.Context(), file, data)
		if err != nil || len(content.Objects) != want {
			t.Errorf("%s: %d objects, err %v, want %d", file, len(content.Objects), err, want)
		}
	}
}
