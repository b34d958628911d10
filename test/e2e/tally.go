package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// tally prints what was expected and what came, and counts.
type tally struct {
	w              io.Writer
	start          time.Time
	passed, failed int
	title          string   // of the part that runs
	failures       []string // what failed, once more for the end
}

func newTally(w io.Writer, start time.Time) *tally { return &tally{w: w, start: start} }

func (t *tally) heading(title string) {
	t.title = title
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
	var text strings.Builder
	fmt.Fprintf(&text, "    FAIL %-52s %v, want %v\n", what, seen, want)
	for _, m := range more {
		if m != "" {
			fmt.Fprintf(&text, "         %s\n", m)
		}
	}
	fmt.Fprint(t.w, text.String())
	t.failures = append(t.failures, t.title+":\n"+text.String())
}

// fail is an error that ended the run.
func (t *tally) fail(err error) {
	t.failed++
	fmt.Fprintf(t.w, "error: %v\n", err)
	t.failures = append(t.failures, fmt.Sprintf("error: %v\n", err))
}

// end says again what failed: of a long log only the end may be kept.
func (t *tally) end() {
	for _, text := range t.failures {
		fmt.Fprint(t.w, text)
	}
	fmt.Fprintf(t.w, "%d passed, %d failed\n", t.passed, t.failed)
}
