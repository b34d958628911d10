package jsonpointer

import "testing"

func TestTokens(t *testing.T) {
	for key, token := range map[string]string{
		"":             "",
		"a":            "a",
		"a/b":          "a~1b",
		"m~n":          "m~0n",
		"~1":           "~01",
		"harbor/x~0/y": "harbor~1x~00~1y",
	} {
		if got := Escape(key); got != token {
			t.Errorf("key %q: token %q, want %q", key, got, token)
		}
		if got := Unescape(token); got != key {
			t.Errorf("token %q: key %q, want %q", token, got, key)
		}
	}
}

func TestChild(t *testing.T) {
	value := map[string]any{"a": []any{"x", "y"}, "": 1}
	list := Child(value, "a")
	for _, c := range []struct {
		value any
		key   string
		want  any
	}{
		{value, "", 1},
		{value, "b", nil},
		{list, "1", "y"},
		{list, "2", nil},
		{list, "-1", nil},
		{list, "x", nil},
		{"text", "a", nil},
		{nil, "a", nil},
	} {
		if got := Child(c.value, c.key); got != c.want {
			t.Errorf("%q of %v: got %v, want %v", c.key, c.value, got, c.want)
		}
	}
}
