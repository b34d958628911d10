package builtins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestFormats(t *testing.T) {
	number, million := ast.IntNumberTerm(7), ast.IntNumberTerm(1_000_000)
	long := ast.StringTerm(strings.Repeat("x", 40<<20))
	ten := ast.StringTerm(strings.Repeat("x", 10<<20))
	for name, c := range map[string]struct {
		format  string
		values  []*ast.Term
		refused bool
	}{
		"widths":                         {strings.Repeat("%1000000d", 70), []*ast.Term{number}, true},
		"widths of seven digits":         {strings.Repeat("%8888888d", 8), []*ast.Term{number}, true},
		"precisions":                     {strings.Repeat("%.1000000f", 70), []*ast.Term{number}, true},
		"with flags":                     {strings.Repeat("%-+ #01000000d", 70), []*ast.Term{number}, true},
		"of values by their place":       {strings.Repeat("%[1]1000000d", 70), []*ast.Term{number}, true},
		"widths that are values":         {strings.Repeat("%[1]*[2]d", 70), []*ast.Term{million, number}, true},
		"precisions that are values":     {strings.Repeat("%.*[2]f", 70), []*ast.Term{ast.IntNumberTerm(-1_000_000), number}, true},
		"a long value several times":     {"%[1]s%[1]s", []*ast.Term{long}, true},
		"long values that are left over": {"", []*ast.Term{long, long}, true},
		"a long number several times":    {"%[1]d%[1]d", []*ast.Term{ast.NewTerm(ast.Number(strings.Repeat("7", 40<<20)))}, true},
		"a text as bytes":                {"% #x", []*ast.Term{ast.StringTerm(strings.Repeat("x", 15<<20))}, true},
		"a long value once":              {"%d of %s, %v and %s", []*ast.Term{number, long, number, number}, false},
		"several long ones":              {"%s, %s, %s and %s", []*ast.Term{ten, ten, ten, ten}, false},
		"widths beyond what fmt takes":   {"%99999999999999999999d", []*ast.Term{number}, false},
		"some widths":                    {strings.Repeat("%-20s", 1000), []*ast.Term{number}, false},
		"percent signs":                  {strings.Repeat("1000000%%", 1000) + "%", []*ast.Term{number}, false},
	} {
		if got := formatted([]*ast.Term{ast.StringTerm(c.format), ast.ArrayTerm(c.values...)}); (got != "") != c.refused {
			t.Errorf("%s: %q, refused %v", name, got, c.refused)
		}
	}
}

// What is reckoned of a format is no less than what fmt makes of it.
func FuzzFormats(f *testing.F) {
	for _, text := range []string{"%d", "%[2]*.[1]*f %%", "% #x|%+q|%U|%08b", "%!|%", "%[3]d%[x]d", "%1000.99d", "%é%s", "%-010.3s"} {
		f.Add(text, "text\x00é", 12)
	}
	f.Fuzz(func(t *testing.T, text, value string, number int) {
		if len(text) > 1000 || len(value) > 1000 {
			return
		}
		number %= 2000
		made := len(fmt.Sprintf(text, value, int64(number), 1e300))
		reckoned := formatOf(text)
		for _, v := range []*ast.Term{ast.StringTerm(value), ast.IntNumberTerm(number), ast.NewTerm(ast.Number("1e300"))} {
			reckoned.take(v)
		}
		if size := reckoned.most(); made > size {
			t.Errorf("%q makes %d of %q and %d, reckoned %d", text, made, value, number, size)
		}
	})
}
