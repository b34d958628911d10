package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A type that shares its parts may have more of them than could ever be told.
func TestTypesThatCannotBeTold(t *testing.T) {
	var values strings.Builder
	values.WriteString("package a\n\nx0 contains 1 if input.pods\n\n")
	for i := range 60 {
		fmt.Fprintf(&values, "x%d := {x%d, [x%d]}\n\n", i+1, i, i)
	}
	for name, c := range map[string]struct{ rule, want string }{
		"types that do not match":    {`deny contains "x" if x60 == 1`, "org/a.rego:125: match error (a type that is too long to tell)"},
		"an argument":                {`deny contains concat("", x60)`, "org/a.rego:125: concat: invalid argument(s) (a type that is too long to tell)"},
		"what is looked up":          {`deny contains "x" if [x60][0].a.b`, "org/a.rego:125: undefined ref: "},
		"what it is looked up by":    {`deny contains "x" if {"a": 1}[x60]`, "org/a.rego:125: undefined ref: "},
		"what can never be reported": {"deny contains [x60]", `rule "deny" of policy "a" holds what could never be reported: a type that is too long to tell`},
		"a short one":                {`deny contains "x" if [x1] == 1`, "org/a.rego:125: match error (left : array<set[any<array<set[number]>, set[number]>]> right : number)"},
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			go func() {
				_, err := load(t, values.String()+c.rule+"\n")
				ended <- err
			}()
			select {
			case err := <-ended:
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want %q", err, c.want)
				}
			case <-time.After(time.Minute):
				t.Fatal("it is told for ever")
			}
		})
	}
}
