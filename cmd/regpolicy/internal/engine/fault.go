package engine

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Fault is one mistake in a policy, a parameter file or a waiver file.
type Fault struct {
	File      string
	Line, Col int
	Message   string
	Hint      string
}

func (f *Fault) Error() string {
	if f.File == "" {
		return f.Message
	}
	if f.Line == 0 {
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// Errors are all the faults found at once.
type Errors []*Fault

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, f := range e {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

func (e Errors) sorted() error {
	sort.SliceStable(e, func(i, j int) bool {
		if e[i].File != e[j].File {
			return e[i].File < e[j].File
		}
		return e[i].Line < e[j].Line
	})
	return e
}

func faultAt(loc *ast.Location, hint, format string, args ...any) *Fault {
	f := &Fault{Message: fmt.Sprintf(format, args...), Hint: hint}
	if loc != nil {
		f.File, f.Line, f.Col = loc.File, loc.Row, loc.Col
	}
	return f
}

func fromOPA(err error) Errors {
	if own, ok := errors.AsType[*Fault](err); ok {
		return Errors{own}
	}
	var many ast.Errors
	if !errors.As(err, &many) {
		return Errors{{Message: err.Error()}}
	}
	faults := make(Errors, 0, len(many))
	for _, e := range many {
		faults = append(faults, faultAt(e.Location, hintFor(e), "%s", brief(e.Message+detail(e.Details))))
	}
	return faults
}

// brief cuts what OPA quotes of a source, which may be all of it. Candidates for a field
// that there is none of fit in.
func brief(message string) string {
	const most = 2000
	if len(message) <= most {
		return message
	}
	return strings.ToValidUTF8(message[:most], "") + "..."
}

func hintFor(e *ast.Error) string {
	switch {
	case strings.Contains(e.Message, "undefined function"):
		return "policies are pure: clock, network, environment and randomness are not at hand; time is input.at, else input.collected_at (data.regpolicy.lib.clock)"
	case strings.Contains(e.Message, "undefined ref: input"):
		return "the document has no such field: docs/evidence.md lists those there are"
	case e.Code == ast.ParseErr:
		return "Rego v1 wants `if` before a rule's body and `contains` for sets"
	default:
		return ""
	}
}
