package report

import "strconv"

// String is file:line:column, as editors and terminals open it.
func (l *Location) String() string {
	out := l.File
	if out == "-" {
		out = "stdin"
	}
	for _, n := range []int{l.Line, l.Column} {
		if n == 0 {
			break
		}
		out += ":" + strconv.Itoa(n)
	}
	return out
}
