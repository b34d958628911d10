package builtins

import (
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// What regular expressions replace is reckoned by what matches.
func TestReplacedMatches(t *testing.T) {
	long := strings.Repeat(`{"name":"a","node":"b"},`, 1<<19)
	for name, c := range map[string]struct {
		text, pattern, to string
		refused           bool
	}{
		"a longer text at few places":     {long + `"c"`, `"c"`, strings.Repeat("x", 100), false},
		"a text of the same length":       {long, `"node":"[^"]*"`, "[removed]", false},
		"a part of what matches":          {long, `"(node)":"[^"]*"`, "$1: -", false},
		"a dollar":                        {long, `"node"`, "$$", false},
		"a longer text at many places":    {long, `"node":"[^"]*"`, strings.Repeat("x", 200), true},
		"a longer text at no place":       {"x", ``, strings.Repeat("x", 40<<20), true},
		"all that matches, several times": {long, `.*`, strings.Repeat("$0", 8), true},
		"no pattern":                      {long, `(`, "[removed]", false},
	} {
		size := replacedMatches([]*ast.Term{ast.StringTerm(c.text), ast.StringTerm(c.pattern), ast.StringTerm(c.to)})
		if (size > maxText) != c.refused {
			t.Errorf("%s: reckoned %d, refused %v", name, size, c.refused)
		}
	}
}

func TestReplacedEach(t *testing.T) {
	long := strings.Repeat("<b>a & c</b>, ", 1<<19)
	for name, c := range map[string]struct {
		text     string
		patterns [][2]string
		refused  bool
	}{
		"what is at few places":       {long + "%", [][2]string{{"%", strings.Repeat("x", 100)}, {"@", "at"}}, false},
		"what is at many places":      {long, [][2]string{{"<", "&lt;"}, {">", "&gt;"}, {"&", "&amp;"}}, false},
		"what becomes longer":         {long, [][2]string{{"<b>", strings.Repeat("x", 200)}}, true},
		"a byte that becomes longer":  {long, [][2]string{{"a", strings.Repeat("x", 200)}}, true},
		"what stands between letters": {long, [][2]string{{"", "0123456789"}}, true},
		"a short text":                {"a", [][2]string{{"a", "b"}}, false},
	} {
		var patterns [][2]*ast.Term
		for _, p := range c.patterns {
			patterns = append(patterns, [2]*ast.Term{ast.StringTerm(p[0]), ast.StringTerm(p[1])})
		}
		size := replacedEach([]*ast.Term{ast.ObjectTerm(patterns...), ast.StringTerm(c.text)})
		if (size > maxText) != c.refused {
			t.Errorf("%s: reckoned %d, refused %v", name, size, c.refused)
		}
	}
}
