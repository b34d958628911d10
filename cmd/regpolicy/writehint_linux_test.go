package main

import (
	"os"
	"strings"
	"testing"
)

// TestWriteHints wants a cure that fits of everything that cannot be written.
func TestWriteHints(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Fatal(err)
	}
	const room = "make room on that device, or write to another one"
	for name, tt := range map[string]struct{ before, args, hint string }{
		"text":               {"", "eval -o text=/dev/full $document", room},
		"JSON":               {"", "eval -o json=/dev/full $document", room},
		"HTML":               {"", "eval -o html=/dev/full $document", room},
		"a fleet's report":   {"", "merge -o json=/dev/full $document", room},
		"a document":         {"", "collect -o /dev/full $document", room},
		"standard output":    {"exec >/dev/full; ", "eval -o text $document", room},
		"a job's summary":    {"export GITHUB_STEP_SUMMARY=/dev/full; ", "eval -o github $document", room},
		"a reader that left": {"exec > >(true); sleep 0.2; ", "eval -o json $document", "let it read all"},
		"a file's limit":     {"ulimit -f 1; ", "eval -o json=$dir/x.json $document", "`ulimit -f` shows the shell's limit"},
		"a long name":        {"", "eval -o json=$dir/" + strings.Repeat("x", 300) + " $document", "give the file a shorter name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			got := shell(t, dir, strings.ReplaceAll("exec bash -c '"+tt.before+`exec regpolicy "$@"' bash "$@"`, "$dir", dir), arguments(t, tt.args)...)
			got.checkComplaint(t, exitUsage, "writing ")
			if !strings.Contains(got.stderr, "hint: ") || !strings.Contains(got.stderr, tt.hint) {
				t.Errorf("stderr is %q, want the hint %q", got.stderr, tt.hint)
			}
		})
	}
}
