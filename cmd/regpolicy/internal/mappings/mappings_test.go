package mappings_test

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/mappings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func keys(n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, "  a%d: 1\n", i)
	}
	return out.String()
}

func TestCheck(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"a: 1\n---\n- b\n":                "",
		"x:\n" + keys(mappings.MaxKeys):   "",
		"x:\n" + keys(mappings.MaxKeys+1): "yaml: line 2: a mapping of 2001 keys, more than the limit of 2000",
		"- 1\n---\n- x:\n  " + strings.ReplaceAll(keys(4001), "\n", "\n  "): "yaml: line 4: a mapping of 4001 keys, more than the limit of 2000",
		"a: 1\nb: \xff\n":                       "yaml: line 2: byte 0xff is no UTF-8",
		"a: 1\n\nb: \x1b\n":                     "yaml: line 3: control character U+001B",
		"\xff\xfea\x00:\x00":                    "",
		"a: 1\n? [b]\n: 2\n":                    "yaml: line 2: a key that is no text",
		"a: &x {}\nb: {<<: *x, c: 1, *x : 2}\n": "yaml: line 2: a key that is no text",
		"a: &x b\n*x : {<<: {c: 1}, 1: 2}\n":    "",
		"a: [":                                  "yaml: line 1: did not find expected node content",
	} {
		got := ""
		if err := mappings.Check([]byte(text)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}
