package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestSourcesThatNestTooDeepAreRefused(t *testing.T) {
	nested := func(open, middle, shut string, n int) string {
		return "\tx := " + strings.Repeat(open, n) + middle + strings.Repeat(shut, n) + "\n\tx == 1\n"
	}
	for name, body := range map[string]string{
		"brackets":          nested("[", "", "]", 50_000),
		"objects":           nested(`{"a":`, "1", "}", 50_000),
		"calls":             nested("abs(", "1", ")", 10_000),
		"comprehensions":    nested("[1 | ", "true", "]", 10_000),
		"references":        nested("input[", "1", "]", 10_000),
		"parentheses":       nested("(", "1", ")", 50_000),
		"a sum":             nested("1 + ", "1", "", 50_000),
		"template strings":  nested(`$"{`, "1", `}"`, 2_000),
		"just beyond bound": nested("[", "", "]", 5_100),
	} {
		for version, head := range map[string]string{"v1": "deny contains \"x\" if {\n\tinput.pods\n", "v0": "deny[\"x\"] {\n\tinput.pods\n"} {
			_, err := load(t, "package org.a\n\n"+head+body+"}\n")
			var faults Errors
			if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Line == 0 || faults[0].Hint == "" || faults[0].Message != "it nests too deep to be read" {
				t.Errorf("%s, %s: got %.300v", name, version, err)
			}
		}
	}
	for name, body := range map[string]string{
		"brackets": "\tcount(" + strings.Repeat("[", 100) + strings.Repeat("]", 100) + ") == 1\n",
		"a sum":    nested("1 + ", "1", "", 100),
	} {
		if _, err := load(t, "package org.a\n\ndeny contains \"x\" if {\n\tinput.pods\n"+body+"}\n"); err != nil {
			t.Errorf("%s of a hundred: %v", name, err)
		}
	}
}

// OPA quotes what it does not understand, however long it is.
func TestQuotesOfSourcesAreCut(t *testing.T) {
	_, err := load(t, "package org.a\n\ndeny contains \"x\" if input"+strings.Repeat(".a", 100_000)+"\n")
	if err == nil || len(err.Error()) > 3000 || !strings.HasPrefix(err.Error(), "org/a.rego:3: undefined ref: input.a.a") {
		t.Errorf("got %.300v", err)
	}
	long := fromOPA(ast.Errors{ast.NewError(ast.TypeErr, nil, "%s", strings.Repeat("ä", 2000))})
	if got := long[0].Message; got != strings.Repeat("ä", 1000)+"..." {
		t.Errorf("got %d bytes %.40q", len(got), got)
	}
}
