package repair

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// around is how many unchanged lines a diff shows around a change.
const around = 3

// Diff is a file's change as a unified diff for patch(1). What must not be printed
// is left out of the context; a change that stands in such a line is an error.
func (m *Manifests) Diff(path, label string) (string, error) {
	before, after := m.Texts(path)
	a, err := parseText(before)
	if err != nil {
		return "", err
	}
	b, err := parseText(after)
	if err != nil {
		return "", err
	}
	was, is := repairedKeys(a, b)
	d := &differ{
		a: lines(before), b: lines(after),
		hideA: hidden(a, was), hideB: hidden(b, is),
	}
	var out strings.Builder
	fmt.Fprintf(&out, "--- a/%s\n+++ b/%s\n", label, label)
	if err := d.write(&out); err != nil {
		return "", err
	}
	return out.String(), nil
}

func lines(data []byte) []string {
	var out []string
	for line := range bytes.Lines(data) {
		out = append(out, string(line))
	}
	return out
}

type differ struct {
	a, b         []string
	hideA, hideB map[int]bool
}

// step is one line of an edit script: kept (' '), taken out ('-') or put in ('+').
type step struct {
	op   byte
	i, j int // in a and b
}

func (d *differ) write(out *strings.Builder) error {
	script := d.script()
	for at := 0; at < len(script); {
		if script[at].op == ' ' {
			at++
			continue
		}
		to := d.together(script, at)
		from, end := at, to
		for from > 0 && at-from < around && d.shows(script[from-1]) {
			from--
		}
		for end < len(script) && end-to < around && d.shows(script[end]) {
			end++
		}
		from, end = d.balanced(script, from, at, to, end)
		if err := d.hunk(out, script[from:end]); err != nil {
			return err
		}
		at = end
	}
	return nil
}

// shows tells a line that may stand as context.
func (d *differ) shows(s step) bool { return s.op == ' ' && !d.hideA[s.i] }

// together is the end of the changes that stand so near to the first one that they
// share its context.
func (d *differ) together(script []step, first int) int {
	to, kept := first, 0
	for end := first; end < len(script); end++ {
		if script[end].op != ' ' {
			to, kept = end+1, 0
			continue
		}
		if kept++; kept > 2*around || !d.shows(script[end]) {
			break
		}
	}
	return to
}

// balanced takes as much context before a change as behind it, but at the ends of the
// file: patch takes a lack on one side for such an end.
func (d *differ) balanced(script []step, from, first, last, end int) (int, int) {
	before, behind := first-from, end-last
	if behind < before && end < len(script) {
		from = first - behind
	}
	if before < behind && from > 0 {
		end = last + before
	}
	return from, end
}

func (d *differ) hunk(out *strings.Builder, script []step) error {
	var body strings.Builder
	olds, news := 0, 0
	for _, s := range script {
		line := ""
		switch s.op {
		case '+':
			line, news = d.b[s.j], news+1
			if d.hideB[s.j] {
				return errBeside
			}
		case '-':
			line, olds = d.a[s.i], olds+1
			if d.hideA[s.i] {
				return errBeside
			}
		default:
			line, olds, news = d.a[s.i], olds+1, news+1
		}
		body.WriteByte(s.op)
		body.WriteString(line)
		if !strings.HasSuffix(line, "\n") {
			body.WriteString("\n\\ No newline at end of file\n")
		}
	}
	fmt.Fprintf(out, "@@ -%s +%s @@\n%s", lineRange(script[0].i, olds), lineRange(script[0].j, news), body.String())
	return nil
}

func lineRange(start, n int) string {
	if n > 0 {
		start++
	}
	return fmt.Sprintf("%d,%d", start, n)
}

// script is a shortest edit script (Myers, "An O(ND) Difference Algorithm").
func (d *differ) script() []step {
	a, b := d.a, d.b
	most := len(a) + len(b)
	v := map[int]int{1: 0}
	var trace []map[int]int
	for n := 0; n <= most; n++ {
		trace = append(trace, maps.Clone(v))
		for k := -n; k <= n; k += 2 {
			x := v[k-1] + 1
			if k == -n || k != n && v[k-1] < v[k+1] {
				x = v[k+1]
			}
			y := x - k
			for x < len(a) && y < len(b) && a[x] == b[y] {
				x, y = x+1, y+1
			}
			v[k] = x
			if x >= len(a) && y >= len(b) {
				return back(trace, len(a), len(b))
			}
		}
	}
	return nil
}

// back goes the way through the trace from its end.
func back(trace []map[int]int, x, y int) []step {
	var out []step
	for n, v := range slices.Backward(trace) {
		k := x - y
		before := k - 1
		if k == -n || k != n && v[k-1] < v[k+1] {
			before = k + 1
		}
		px := v[before]
		py := px - before
		for x > px && y > py {
			x, y = x-1, y-1
			out = append(out, step{' ', x, y})
		}
		if n > 0 {
			if x == px {
				y--
				out = append(out, step{'+', x, y})
			} else {
				x--
				out = append(out, step{'-', x, y})
			}
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
