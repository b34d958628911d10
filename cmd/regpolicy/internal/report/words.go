package report

import (
	"fmt"
	"strconv"
)

// Words gives a word or format of a report in the reader's language. Nil is English,
// in which they stand in the code.
type Words func(english string) string

// Say is a word or format.
func (w Words) Say(english string) string {
	if w == nil {
		return english
	}
	return w(english)
}

// Sayf fills values into a format.
func (w Words) Sayf(english string, args ...any) string { return fmt.Sprintf(w.Say(english), args...) }

func (w Words) count(n int, one, many string) string {
	return strconv.Itoa(n) + " " + w.plural(n, one, many)
}

func (w Words) plural(n int, one, many string) string {
	if n == 1 {
		return w.Say(one)
	}
	return w.Say(many)
}

// list joins names and says how many were left out.
func (w Words) list(names []string, most int) string {
	if len(names) <= most {
		return join(names)
	}
	return w.Sayf("%s and %d more", join(names[:most]), len(names)-most)
}

func (w Words) times(n int) string {
	if n == 1 {
		return ""
	}
	return w.Sayf(", %d times", n)
}

// What the formats for programs say is English.

func count(n int, one, many string) string { return Words(nil).count(n, one, many) }

func list(names []string, most int) string { return Words(nil).list(names, most) }

func times(n int) string { return Words(nil).times(n) }

func affectedLine(a Affected) string { return Words(nil).affectedLine(a) }

func failingLine(r *Report) string { return Words(nil).failingLine(r) }

func notHad(r *Report) []string { return Words(nil).notHad(r) }
