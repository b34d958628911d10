package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/yamltext"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// What a report quotes of a document.
const (
	excerptLines   = 12
	excerptResults = 200 // of each policy
)

// excerpts quotes what results point to. A cluster of thousands of nodes would be
// quoted over and over, so that only the first results of each policy are.
type excerpts struct{ quoted map[string]int }

func newExcerpts() *excerpts { return &excerpts{quoted: map[string]int{}} }

// add quotes for the results of one policy, in their order. known are the document's
// parts that were quoted already.
func (x *excerpts) add(results []report.Result, document readable, known map[string]string) error {
	for i := range results {
		r := &results[i]
		switch r.Verdict {
		case report.Pass, report.Skip, report.Error:
			continue
		default:
		}
		if len(r.Evidence) == 0 || x.quoted[r.ID] >= excerptResults {
			continue
		}
		x.quoted[r.ID]++
		for j := range r.Evidence {
			pointer := r.Evidence[j].Pointer
			text, ok := known[pointer]
			if !ok {
				var err error
				if text, err = quote(document, pointer); err != nil {
					return fmt.Errorf("quoting evidence %q of policy %q: %w", pointer, r.ID, err)
				}
				known[pointer] = text
			}
			r.Evidence[j].Excerpt = text
		}
	}
	return nil
}

// quote is what a pointer points to; empty where there is nothing. A long record is
// told in outline, rather than its first lines in full.
func quote(document readable, pointer string) (string, error) {
	found, err := document.follow(pointer)
	if found == nil {
		return "", err
	}
	plain, err := ast.JSON(found)
	if err != nil {
		return "", err
	}
	if plain = yamltext.Prune(plain); !isCollection(plain) { // a bare value says little
		last := pointer[strings.LastIndex(pointer, "/")+1:]
		plain = map[string]any{jsonpointer.Unescape(last): plain}
	}
	var w yamltext.Writer
	for depth := 4; depth > 0; depth-- {
		text, err := w.Write(outline(plain, depth), excerptLines)
		if errors.Is(err, yamltext.ErrTooLong) {
			continue
		}
		if err != nil || strings.Count(text, "\n") < excerptLines {
			return shortLines(text), err
		}
	}
	text, err := yamltext.Excerpt(outline(plain, 1), excerptLines)
	return shortLines(text), err
}

// shortLines cuts lines that hold a long text.
func shortLines(text string) string {
	const most = 240
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if len(line) <= most {
			continue
		}
		if runes := []rune(line); len(runes) > most {
			lines[i] = string(runes[:most]) + " ..."
		}
	}
	return strings.Join(lines, "\n")
}

func follow(v ast.Value, pointer string) ast.Value {
	if !strings.HasPrefix(pointer, "/") {
		return nil
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		var next *ast.Term
		switch at := v.(type) {
		case ast.Object:
			next = at.Get(ast.StringTerm(jsonpointer.Unescape(token)))
		case *ast.Array:
			if i, err := strconv.Atoi(token); err == nil && i >= 0 && i < at.Len() {
				next = at.Elem(i)
			}
		}
		if next == nil {
			return nil
		}
		v = next.Value
	}
	return v
}

// outline replaces collections below a depth by how much they hold.
func outline(v any, depth int) any {
	switch at := v.(type) {
	case map[string]any:
		if depth == 0 {
			return "(" + counted(len(at), "field") + ")"
		}
		out := make(map[string]any, len(at))
		for key, value := range at {
			out[key] = outline(value, depth-1)
		}
		return out
	case []any:
		if depth == 0 && slices.ContainsFunc(at, isCollection) || len(at) > excerptLines {
			return "(" + counted(len(at), "entry") + ")"
		}
		out := make([]any, 0, len(at))
		for _, value := range at {
			out = append(out, outline(value, depth-1))
		}
		return out
	}
	return v
}

func isCollection(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, strings.TrimSuffix(noun, "y")+map[bool]string{true: "ie"}[strings.HasSuffix(noun, "y")])
}
