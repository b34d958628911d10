package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// TestInterruptedStdin interrupts commands that wait for a standard input to which nobody
// writes.
func TestInterruptedStdin(t *testing.T) {
	document := documentWith(t)
	for _, args := range [][]string{{"eval", "-"}, {"convert", "-"}, {"diff", "-", "-"}, {"verify-report", "-", document}, {"fix", "-"}, {"eval", document, "--baseline", "-"}} {
		t.Run(args[0], func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			interrupted, stop := context.WithCancel(t.Context())
			defer stop()
			defer context.AfterFunc(ctx, stop)()
			from, to := io.Pipe()
			defer to.Close() //nolint:errcheck // it never fails
			var errs strings.Builder
			code := run(interrupted, &environment{
				name: "regpolicy", args: args, stdin: from, stdout: io.Discard, stderr: &errs,
				getenv: func(string) string { return "" }, now: time.Now, after: time.After,
			})
			if code != exitInterrupted || errs.String() != "error: interrupted\n" {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, &errs)
			}
		})
	}
}
