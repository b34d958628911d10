// Package builtins bounds what one call of OPA's built-in functions may make, and how deep
// it may go: a call cannot be stopped once it runs.
package builtins

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxText bounds what one call may make, in bytes: a few nested ones make any amount.
const maxText = 64 << 20

// Bound makes OPA refuse calls whose result would be longer than 64 MiB, as text or in
// memory, and those that would go too deep.
func Bound() { bound() }

// OPA has one table of built-in functions for the whole process: it is changed once,
// before the first policy runs.
//
//nolint:gochecknoglobals // see above
var bound = sync.OnceFunc(func() {
	for name, size := range map[string]func(args []*ast.Term) int{
		ast.Concat.Name:        concatenated,
		ast.Replace.Name:       replaced,
		ast.ReplaceN.Name:      replacedEach,
		ast.RegexReplace.Name:  replacedMatches,
		ast.BitsShiftLeft.Name: shifted,
		ast.ObjectUnionN.Name:  united,
	} {
		refuseCalls(name, func(args []*ast.Term) string { return tooLong(size(args)) })
	}
	for name, why := range writingCalls {
		refuseCalls(name, why)
	}
	for name, why := range deepCalls {
		refuseCalls(name, why)
	}
})

// writingCalls say why a call that writes values out is refused, or nothing.
//
//nolint:gochecknoglobals // it is never changed
var writingCalls = map[string]func(args []*ast.Term) string{
	ast.Sprintf.Name:                formatted,
	ast.JSONMarshal.Name:            marshalled,
	ast.JSONMarshalWithOptions.Name: marshalled,
	ast.YAMLMarshal.Name:            marshalled,
}

func tooLong(size int) string {
	if size > maxText {
		return fmt.Sprintf("would make more than %d MiB of text", maxText>>20)
	}
	return ""
}

// refuseCalls halts a query that calls a built-in function with arguments that why tells
// something of.
func refuseCalls(name string, why func(args []*ast.Term) string) {
	call := topdown.GetBuiltin(name)
	topdown.RegisterBuiltinFunc(name, func(c topdown.BuiltinContext, args []*ast.Term, yield func(*ast.Term) error) error {
		if reason := why(args); reason != "" {
			return topdown.Halt{Err: fmt.Errorf("%v: %s %s", c.Location, name, reason)}
		}
		return call(c, args, yield)
	})
}

// length is that of a string, or of a number as text; of anything else it is zero.
func length(t *ast.Term) int {
	switch v := t.Value.(type) {
	case ast.String:
		return len(v)
	case ast.Number:
		return len(v)
	default:
		return 0
	}
}

func concatenated(args []*ast.Term) int {
	size, n := 0, 0
	add := func(t *ast.Term) {
		size += length(t)
		n++
	}
	switch parts := args[1].Value.(type) {
	case *ast.Array:
		parts.Foreach(add)
	case ast.Set:
		parts.Foreach(add)
	}
	return size + n*length(args[0])
}

func replaced(args []*ast.Term) int {
	text, _ := args[0].Value.(ast.String)
	old, _ := args[1].Value.(ast.String)
	return len(text) + strings.Count(string(text), string(old))*length(args[2])
}

// replacedEach takes the longest replacement for what may be replaced anywhere, and where
// that would be too long what is made of the text.
func replacedEach(args []*ast.Term) int {
	patterns, ok := args[0].Value.(ast.Object)
	text, _ := args[1].Value.(ast.String)
	if !ok {
		return 0
	}
	longest := 1
	var pairs []string
	patterns.Foreach(func(from, to *ast.Term) {
		longest = max(longest, length(to))
		old, _ := from.Value.(ast.String)
		put, _ := to.Value.(ast.String)
		pairs = append(pairs, string(old), string(put))
	})
	if most := (len(text) + 1) * longest; most <= maxText {
		return most
	}
	var made counted
	_, _ = strings.NewReplacer(pairs...).WriteString(&made, string(text)) // it fails where it is too long
	return int(made)
}

// counted takes what is written until that is too long.
type counted int

func (c *counted) Write(p []byte) (int, error) {
	if *c += counted(len(p)); *c > maxText {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// replacedMatches allows for a match at each byte, and looks for them only where that
// would be too long: most texts match at few places, and to look takes as long as to replace.
func replacedMatches(args []*ast.Term) int {
	text, _ := args[0].Value.(ast.String)
	pattern, _ := args[1].Value.(ast.String)
	to, _ := args[2].Value.(ast.String)
	parts := strings.Count(string(to), "$")
	if most := len(text) + (len(text)+1)*len(to) + parts*len(text); most <= maxText {
		return most
	}
	matching, err := regexp.Compile(string(pattern))
	if err != nil {
		return 0 // OPA says so
	}
	matches, matched := 0, 0
	matching.ReplaceAllStringFunc(string(text), func(match string) string {
		matches++
		matched += len(match)
		return ""
	})
	return len(text) - matched + matches*len(to) + parts*matched
}

func marshalled(args []*ast.Term) string {
	size, deep := Written(args[0], maxText)
	if deep {
		return tooDeep("write")
	}
	return tooLong(size)
}

// shifted is the number's length as text, about a digit for three bits.
func shifted(args []*ast.Term) int {
	bits, ok := args[1].Value.(ast.Number)
	if !ok {
		return 0
	}
	n, small := bits.Int()
	if !small || n/3 > maxText {
		return maxText + 1
	}
	return n / 3
}

// united counts the keys of all objects: each is looked at, wherever it came from.
func united(args []*ast.Term) int {
	const perKey = 16
	size := 0
	if objects, ok := args[0].Value.(*ast.Array); ok {
		objects.Foreach(func(t *ast.Term) {
			if o, ok := t.Value.(ast.Object); ok {
				size += perKey * o.Len()
			}
		})
	}
	return size
}
