package repair

import (
	"testing"
)

func TestPaths(t *testing.T) {
	text, err := parseText([]byte("spec:\n  variables:\n  - name: a\n  - {name: trust, value: {cas: [{name: x}]}}\ndata: {ca-bundle: x, a.b: y}\n"))
	if err != nil {
		t.Fatal(err)
	}
	object := text.roots[0].Content[0]
	for field, want := range map[string]string{
		"spec.variables[trust].value.cas[0]": "spec.variables[1].value.cas[0]",
		"data[ca-bundle]":                    "data.ca-bundle",
		"data[a.b]":                          "data.a.b",
	} {
		p, err := pathOf(object, field)
		if err != nil || p.String() != want {
			t.Errorf("%s: %s, %v; want %s", field, p, err, want)
		}
	}
	for _, field := range []string{"spec.gone", "spec.variables[7]", "spec.variables[none]", "data[", "data[x"} {
		if p, err := pathOf(object, field); err == nil {
			t.Errorf("%s: %s, want an error", field, p)
		}
	}
}
