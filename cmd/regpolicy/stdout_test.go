package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// spoken is one good use of each command and what it prints: JSON, text, or
// nothing because a file takes it.
type spoken struct {
	args   string
	prints string
	code   int
}

// uses are by command; arguments replaces $document and the like.
func uses() map[string]spoken {
	return map[string]spoken{
		"eval":          {"eval -o json $damaged", "json", 1},
		"collect":       {"collect $damaged", "json", 0},
		"test":          {"test $policy", "text", 0},
		"check":         {"check $policy", "text", 0},
		"new policy":    {"new policy ACME-REG-002 --dir $dir", "text", 0},
		"demo":          {"demo -o json", "json", 1},
		"list":          {"list -o json", "json", 0},
		"explain":       {"explain RT-CFG-001", "text", 0},
		"docs":          {"docs", "text", 0},
		"fix":           {"fix $story", "text", 0},
		"diff":          {"diff -o json $report.json $report.json", "json", 0},
		"merge":         {"merge -o json $document", "json", 1},
		"convert":       {"convert -o json $report.json", "json", 0},
		"verify-report": {"verify-report $report.json $document", "text", 0},
		"bundle build":  {"bundle build $policy -o $dir/bundle.tar.gz", "text", 0},
		"bundle verify": {"bundle verify $bundle --verification-key $key.pub", "text", 0},
		"agent node":    {"agent node --once --node wk-1 --root $root", "text", 0},
		"version":       {"version", "text", 0},
		"completion":    {"completion bash", "text", 0},
	}
}

// needServer are commands that talk to a registry: testdata/bundles.txtar has them.
var needServer = []string{"bundle push", "bundle pull"}

// leaves are the commands that do something.
func leaves(c *cobra.Command) []string {
	if !c.HasSubCommands() {
		_, name, _ := strings.Cut(c.CommandPath(), " ")
		return []string{name}
	}
	var out []string
	for _, child := range c.Commands() {
		if child.Name() != "help" {
			out = append(out, leaves(child)...)
		}
	}
	return out
}

// arguments are the files of a use of a command.
func arguments(t *testing.T, line string) []string {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	document, err := filepath.Abs(filepath.Join(fixturesDir, "secret-encoded-once", "document.json"))
	if err != nil {
		t.Fatal(err)
	}
	ok := func(want int, args ...string) {
		t.Helper()
		if code, _, stderr := command(t, time.Now(), args...); code != want {
			t.Fatalf("regpolicy %q: exit code %d\n%s", args, code, stderr)
		}
	}
	policy := func() string {
		ok(exitOK, "new", "policy", "ACME-REG-001", "--dir", at("policies"))
		return at("policies")
	}
	bundle := func() string {
		keypair(t, at("key"))
		ok(exitOK, "bundle", "build", policy(), "-o", at("signed.tar.gz"), "--signing-key", at("key.pem"))
		return at("signed.tar.gz")
	}
	return strings.Fields(os.Expand(line, func(name string) string {
		switch name {
		case "document":
			return document
		case "report":
			ok(exitFailed, "eval", document, "-o", "json="+at("report.json"))
		case "policy":
			return policy()
		case "bundle":
			return bundle()
		case "story":
			return filepath.Join(copyStory(t, "secret-encoded-once"), "objects")
		case "damaged":
			damaged := copyStory(t, "secret-encoded-once")
			place(t, damaged, "objects/broken.yaml", "a: [")
			return damaged
		case "root":
			for _, folder := range []string{"etc", "proc", "usr", "var"} {
				place(t, dir, folder+"/file", "")
			}
			return dir
		case "dir":
			return dir
		}
		return at(name)
	}))
}

// TestEveryCommandIsSpokenFor fails for a new command that the tables below lack.
func TestEveryCommandIsSpokenFor(t *testing.T) {
	all, known := leaves(commands()), slices.Clone(needServer)
	for name := range uses() {
		known = append(known, name)
	}
	slices.Sort(all)
	slices.Sort(known)
	if !slices.Equal(all, known) {
		t.Errorf("commands %q, and the tables speak of %q", all, known)
	}
}

// TestStdoutIsTheReport: JSON is one document from the first byte to the last, and
// warnings and notes are on stderr alone.
func TestStdoutIsTheReport(t *testing.T) {
	for name, use := range uses() {
		t.Run(name, func(t *testing.T) {
			got := process{args: arguments(t, use.args), limit: 2 * time.Minute}.run(t)
			if got.code != use.code {
				t.Fatalf("exit code %d, want %d\n%s", got.code, use.code, got.stderr)
			}
			got.checkCalm(t)
			if use.prints == "json" && !json.Valid([]byte(got.stdout)) {
				t.Errorf("standard output is no JSON:\n%.300s", got.stdout)
			}
			if got.stdout == "" {
				t.Error("nothing is printed")
			}
			for _, other := range []string{"warning: ", "hint: ", "error: ", "story secret", "gap: "} {
				if use.prints == "json" && strings.HasPrefix(got.stdout, other) || strings.Contains(got.stdout, "\n"+other) {
					t.Errorf("standard output holds %q", other)
				}
			}
			if strings.Contains(use.args, "$damaged") && !strings.Contains(got.stderr, "warning: ") {
				t.Errorf("stderr does not warn of the damaged file:\n%s", got.stderr)
			}
		})
	}
}

// TestWrongUseSaysNothingOnStdout gives each command a flag that it does not have.
func TestWrongUseSaysNothingOnStdout(t *testing.T) {
	for _, name := range leaves(commands()) {
		t.Run(name, func(t *testing.T) {
			got := regpolicy(t, append(strings.Fields(name), "--no-such-flag")...)
			if got.stdout != "" {
				t.Errorf("standard output holds %q", got.stdout)
			}
			got.checkComplaint(t, exitUsage, "no-such-flag")
		})
	}
}

// TestReaderGoesAway closes the pipe that standard output is, before anything is
// written: one line, exit code 2, whatever the verdict.
func TestReaderGoesAway(t *testing.T) {
	all := uses()
	for _, name := range []string{"", "eval", "help"} {
		all[strings.TrimSpace(name+" --help")] = spoken{args: strings.TrimSpace(name + " --help")}
	}
	for name, use := range all {
		t.Run(name, func(t *testing.T) {
			ours, theirs, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			ours.Close()
			defer theirs.Close()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := exec.CommandContext(ctx, "regpolicy", arguments(t, use.args)...)
			var stderr strings.Builder
			c.Dir, c.Stdout, c.Stderr, c.Env = t.TempDir(), theirs, &stderr, []string{}
			if code := exitCode(c.Run()); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			errs := 0
			for line := range strings.Lines(stderr.String()) {
				if strings.HasPrefix(line, "error: ") {
					errs++
				}
			}
			if !strings.Contains(stderr.String(), "error: writing to standard output: broken pipe\n") || errs != 1 {
				t.Errorf("stderr is %q", stderr.String())
			}
		})
	}
}

// TestFilesBeforeStdout: a reader that goes away costs no file.
func TestFilesBeforeStdout(t *testing.T) {
	args := arguments(t, "eval -o text -o json=$dir/kept.json $document")
	path := strings.TrimPrefix(args[4], "json=")
	shell := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `regpolicy "$@" | true`, "sh"}, args...)...)
	shell.Dir, shell.Env = t.TempDir(), []string{"PATH=" + os.Getenv("PATH")}
	if out, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	readReport(t, string(text))
}

// TestFailedWriteKeepsTheOldFile: neither a full disk nor a report that cannot be
// rendered leaves anything but the old file.
func TestFailedWriteKeepsTheOldFile(t *testing.T) {
	const old = "what stood here\n"
	check := func(t *testing.T, path string) {
		t.Helper()
		if text, err := os.ReadFile(path); err != nil || string(text) != old {
			t.Errorf("the file holds %.100q, %v", text, err)
		}
		if left := names(t, filepath.Dir(path)); len(left) != 1 {
			t.Errorf("beside it lies %q", left)
		}
	}
	for name, start := range map[string]string{"JSON": "eval -o json=", "text": "eval -o text=", "document": "collect -o "} {
		t.Run("full disk, "+name, func(t *testing.T) {
			path := writeFile(t, "old", old)
			line := start + path + " " + copyStory(t, "secret-encoded-once")
			// The kernel refuses to let any file grow beyond one block.
			shell := exec.CommandContext(t.Context(), "sh", "-c", "ulimit -f 1; exec regpolicy "+line)
			var stderr strings.Builder
			shell.Dir, shell.Stderr, shell.Env = t.TempDir(), &stderr, []string{"PATH=" + os.Getenv("PATH")}
			if code := exitCode(shell.Run()); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if !strings.Contains(stderr.String(), "file too large") {
				t.Errorf("stderr is %q", stderr.String())
			}
			check(t, path)
		})
	}
	t.Run("no rendering", func(t *testing.T) {
		path := writeFile(t, "old", old)
		// JSON has no number for it.
		rep := &report.Report{Run: report.Run{Params: map[string]map[string]any{"RT-X": {"limit": math.Inf(1)}}}}
		if err := write(&environment{}, []output{{format: "json", path: path}}, rep, rendering{}, &speech{}); err == nil {
			t.Error("it was written")
		}
		check(t, path)
	})
}
