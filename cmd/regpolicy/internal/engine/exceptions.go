package engine

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// exceptionRule is conftest's: a set of lists of names of result rules, each
// without its `deny_`, whose findings do not count.
const exceptionRule = "exception"

// excepted are the names that one element of the set takes out.
func excepted(element *ast.Term) []string {
	list, _ := elementsOf(element)
	var names []string
	for _, item := range list {
		if name, ok := item.Value.(ast.String); ok {
			names = append(names, string(name))
		}
	}
	return names
}

// withoutPrefix is how an exception names a result rule; plain `deny` is "".
func withoutPrefix(rule string) string {
	_, name, _ := strings.Cut(rule, "_")
	return name
}

// exceptionWaiver is how a report shows what an exception took out. It has neither
// an owner nor a day on which it ends.
func exceptionWaiver(warn bool) *report.Waiver {
	w := &report.Waiver{Reason: "an exception that the policy itself makes", Verdict: report.Fail}
	if warn {
		w.Verdict = report.Warn
	}
	return w
}
