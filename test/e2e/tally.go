package main

import (
	"fmt"
	"io"
	"time"
)

// tally prints what was expected and what came, and counts.
type tally struct {
	w              io.Writer
	start          time.Time
	passed, failed int
}

func newTally(w io.Writer, start time.Time) *tally { return &tally{w: w, start: start} }

func (t *tally) heading(title string) {
	fmt.Fprintf(t.w, "\n%6.2fs  %s\n", time.Since(t.start).Seconds(), title)
}

// check is one line: seen must be want. More is printed where it is not.
func (t *tally) check(what string, seen, want any, more ...string) {
	if s, w := fmt.Sprint(seen), fmt.Sprint(want); s == w {
		t.passed++
		fmt.Fprintf(t.w, "    ok   %-52s %s\n", what, s)
		return
	}
	t.failed++
	fmt.Fprintf(t.w, "    FAIL %-52s %v, want %v\n", what, seen, want)
	for _, m := range more {
		if m != "" {
			fmt.Fprintf(t.w, "         %s\n", m)
		}
	}
}
