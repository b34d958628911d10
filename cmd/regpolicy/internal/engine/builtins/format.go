package builtins

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

func formatted(args []*ast.Term) string {
	values, _ := args[1].Value.(*ast.Array)
	text, _ := args[0].Value.(ast.String)
	if values == nil {
		return ""
	}
	f := formatOf(string(text))
	for i := range values.Len() {
		if !f.take(values.Elem(i)) {
			return tooDeep("write")
		}
	}
	return tooLong(f.most())
}

const (
	// perByte is how long `% #x` writes one.
	perByte = 5
	// perVerb is more than how long a float, a type or what is wrong is written.
	perVerb = 400
	// maxPadding is the longest there is: fmt takes none beyond a million, but looks
	// before it has read the last digit.
	maxPadding = 10_000_009
)

// format is what a format of fmt's can make, and of which values.
type format struct {
	length       int
	verbs, stars int
	padding      int  // the sum of all widths and precisions
	named        bool // values may be written several times
	escapes      bool // some are not written as they are

	values, sum, longest int
	star                 int // the longest width or precision that is a value
}

// take tells whether the value can be written.
func (f *format) take(t *ast.Term) bool {
	size, deep := Written(t, maxText)
	f.values++
	f.sum, f.longest = f.sum+size, max(f.longest, size)
	if n, ok := t.Value.(ast.Number); ok {
		f.star = max(f.star, padding(n))
	}
	return !deep
}

// most is each value once, be it that no verb is for it, or as many of the longest as
// there are verbs where these name their values.
func (f *format) most() int {
	written := f.sum
	if f.named {
		written = f.verbs * f.longest
	}
	if f.escapes {
		written *= perByte
	}
	return f.length + f.padding + f.stars*f.star + written + perVerb*(f.verbs+f.values)
}

func formatOf(text string) format {
	f := format{length: len(text)}
	for {
		_, rest, more := strings.Cut(text, "%")
		if !more {
			return f
		}
		flags := rest[:len(rest)-len(strings.TrimLeft(rest, "#0+- []*.123456789"))]
		text = rest[len(flags):]
		f.flagged(flags)
		if text == "" {
			return f
		}
		if text[0] != '%' {
			f.verbs++
			f.escapes = f.escapes || !strings.ContainsRune("dstv", rune(text[0]))
		}
		text = text[1:]
	}
}

func (f *format) flagged(flags string) {
	f.stars += strings.Count(flags, "*")
	f.named = f.named || strings.Contains(flags, "[")
	for _, digits := range strings.FieldsFunc(flags, func(r rune) bool { return r < '0' || r > '9' }) {
		f.padding += padding(ast.Number(strings.TrimLeft(digits, "0")))
	}
}

func padding(n ast.Number) int {
	wide, ok := n.Int()
	if !ok {
		return 0
	}
	return min(max(wide, -wide), maxPadding)
}
