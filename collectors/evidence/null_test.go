package evidence

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

const wellBegun = "{\n\"schema_version\": \"" + SchemaVersion + "\", \"collected_at\": \"2026-11-23T08:00:00Z\",\n"

// TestDecodeRefusesNullEntries: null in place of a record, or of a text in a list, is no
// document's, and is told with its place.
func TestDecodeRefusesNullEntries(t *testing.T) {
	for text, want := range map[string]string{
		`"pods": {"a/b": {}, "a/c": null}}`:                                        `line 3, column 28: its "/pods/a~1c"`,
		`"pods": {"a/b":null}}`:                                                    `line 3, column 16: its "/pods/a~1b"`,
		"\"pods\": {\"a/b\"\n:\n\tnull\n}}":                                        `line 5, column 2: its "/pods/a~1b"`,
		`"nodes": {"n": {"trust_files": {"/a": null}}}}`:                           `line 3, column 39: its "/nodes/n/trust_files/~1a"`,
		`"nodes": {"n": {"trust_files": {"/a": {"certificates": [null]}}}}}`:       `line 3, column 57: its "/nodes/n/trust_files/~1a/certificates/0"`,
		`"nodes": {"n": {"clock": null}, "m": null}}`:                              `line 3, column 38: its "/nodes/m"`,
		`"coverage": {"pods": {"asked": 1, "gaps": [null]}}}`:                      `line 3, column 44: its "/coverage/pods/gaps/0"`,
		`"coverage": {"pods": {"asked": 1, "gaps": [{"subject":{"kind":null}}]}}}`: `line 3, column 63: its "/coverage/pods/gaps/0/subject/kind"`,
		`"pods": {"a/b": {"images": ["x","y", null]}}}`:                            `line 3, column 38: its "/pods/a~1b/images/2"`,
		`"views": {"failures_by_pod": {"a/b": null}}}`:                             `line 3, column 38: its "/views/failures_by_pod/a~1b"`,
	} {
		d, err := Decode([]byte(wellBegun + text))
		want = "reading evidence document: " + want + " is a JSON null, which no evidence document has there"
		if d != nil || fmt.Sprint(err) != want {
			t.Errorf("%s:\n%v, want\n%s", text, err, want)
		}
	}
	for f := range reflect.TypeFor[Document]().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Map {
			continue
		}
		_, err := Decode([]byte(wellBegun + `"` + name + `": {"x": null}}`))
		if at := fmt.Sprintf("line 3, column %d: its \"/%s/x\" is a JSON null", len(name)+11, name); !strings.Contains(fmt.Sprint(err), at) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDecodeTakesNullFields: what may be left out may be null, and text is text.
func TestDecodeTakesNullFields(t *testing.T) {
	for _, text := range []string{
		`"at": null, "cluster": null}`, `"pods": null, "nodes": null, "sources": null}`, `"nodes": {"n": {"clock": null, "trust_files": null, "trust_store": null}}}`,
		`"pods": {"null": {"node": "null", "images": ["null", ": null", ", null", "null,null", "[null]"], "pull_secrets": null}}}`,
		`"endpoints": {"h:443": {"probes": {"p": {"failure": null, "tls": null, "probed_at": null}}}}}`,
		`"coverage": {"pods": {"gaps": null}}}`, `"tool": null, "views": {"failures_by_pod": null}}`,
	} {
		if _, err := Decode([]byte(wellBegun + text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzNullEntry: what is read has no null among the entries that encoding/json finds in
// it, and what holds none is not refused for one.
func FuzzNullEntry(f *testing.F) {
	for _, text := range []string{
		`"pods":{"a/b":null}}`, `"pods":{"a/b":{"images":["x",null]}}}`, `"pods":null,"at":null}`, `"nodes":{"n":{"trust_files":{"null":{"certificates":["null"]}},"clock":null}}}`,
		`"coverage":{"pods":{"gaps":[{"subject":{"kind":"a"}}]}}}`, `"views":{"failures_by_pod":{"a":[null]}}}`, `"pods":{"a":{"node":"x: null"}}}`,
	} {
		f.Add([]byte(wellBegun + text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := decode(data); err != nil {
			return
		}
		var plain any
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatal(err)
		}
		err := noNullEntry(data)
		if want := hasNullEntry(plain, reflect.TypeFor[Document]()); (err != nil) != want {
			t.Errorf("error %v, want one: %t", err, want)
		}
	})
}

// hasNullEntry looks through what encoding/json reads.
func hasNullEntry(v any, t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			var of reflect.Type
			if t.Kind() == reflect.Struct {
				field, _ := t.FieldByNameFunc(func(f string) bool {
					of, _ := t.FieldByName(f)
					tag, _, _ := strings.Cut(of.Tag.Get("json"), ",")
					return tag == name
				})
				of = field.Type
			} else if of = t.Elem(); value == nil {
				return true
			}
			if hasNullEntry(value, of) {
				return true
			}
		}
	case []any:
		for _, value := range v {
			if value == nil || hasNullEntry(value, t.Elem()) {
				return true
			}
		}
	}
	return false
}

// TestMayHoldNull looks for null by its bytes, in whatever pieces a text comes.
func TestMayHoldNull(t *testing.T) {
	for text, want := range map[string]bool{
		`{"a":null}`: true, "[null]": true, "[1,\n null]": true, `{"a": "null"}`: false, `{"null":1}`: false, `{"a":"/dev/null, or 2>/dev/null"}`: false,
		"null": true, "\n null}": true, "": false, `{"a":nul}`: false, `{"a":"xnull", "b" : null`: true,
	} {
		if got := mayHoldNull([]byte(text)); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
	// The stories' documents take no second reading.
	data, err := os.ReadFile("../../fixtures/secret-encoded-once/document.json")
	if err != nil || mayHoldNull(data) {
		t.Errorf("%d bytes, error %v", len(data), err)
	}
}
