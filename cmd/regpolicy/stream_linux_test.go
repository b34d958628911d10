package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// bash runs the program in a shell that hands it pipes, $1 being a document and $2 a
// file of waivers.
func bash(t *testing.T, line string, args ...string) ended {
	t.Helper()
	return shell(t, t.TempDir(), "exec bash -c '"+line+`' bash "$@"`, args...)
}

// TestStreams reads what the shell has opened, as a file of that text is read.
func TestStreams(t *testing.T) {
	document := arguments(t, "$document")[0]
	manifests := arguments(t, "$story")[0]
	waivers := writeFile(t, "waivers.yaml", "waivers: [{policy: RT-CFG-001, subject: \"*\", reason: x, owner: y, expires: 2030-01-01}]\n")
	report := func(got ended) string {
		if got.stderr != "" {
			t.Errorf("stderr is %q", got.stderr)
		}
		rep := readReport(t, got.stdout)
		return rep.Run.Documents[0].SHA256 + rep.Results[0].Fingerprint
	}
	want := report(regpolicy(t, "eval", "-o", "json", document, "--waivers", waivers))
	for name, line := range map[string]string{
		"a document":          `regpolicy eval -o json <(cat "$1") --waivers "$2"`,
		"one that is packed":  `regpolicy eval -o json <(gzip -c "$1") --waivers "$2"`,
		"both":                `regpolicy eval -o json <(cat "$1") --waivers <(cat "$2")`,
		"a late one":          `regpolicy eval -o json <(sleep 0.3; cat "$1") --waivers <(sleep 0.6; cat "$2")`,
		"standard input":      `cat "$1" | regpolicy eval -o json /dev/stdin --waivers "$2"`,
		"a file as input":     `regpolicy eval -o json /dev/stdin --waivers "$2" <"$1"`,
		"a file of a number":  `regpolicy eval -o json /dev/fd/7 --waivers "$2" 7<"$1"`,
		"by the other folder": `regpolicy eval -o json /proc/self/fd/7 --waivers "$2" 7< <(cat "$1")`,
	} {
		t.Run(name, func(t *testing.T) {
			got := bash(t, line, document, waivers)
			if got.code != exitFailed {
				t.Fatalf("exit code %d\n%s", got.code, got.stderr)
			}
			if again := report(got); again != want {
				t.Errorf("%s, want %s", again, want)
			}
		})
	}
	for name, c := range map[string]struct{ line, says, hint string }{
		"nothing":    {`regpolicy eval <(true)`, "it is empty", "save it again"},
		"fix":        {`regpolicy fix <(cat "$1"/*)`, "can be read only once, and fix reads twice", "regpolicy fix -"},
		"watch":      {`regpolicy eval --watch=1m <(cat "$1"/*)`, "--watch cannot read ", "save it to a file"},
		"merge":      {`regpolicy merge <(cat "$1"/*)`, "a pipe, a device or a socket", ""},
		"closed":     {`regpolicy eval /dev/fd/9 9<&-`, "/dev/fd/9", ""},
		"not opened": {`mkfifo p; regpolicy eval p`, `reading "p": a FIFO, not a file`, `name it "-"`},
	} {
		t.Run(name, func(t *testing.T) {
			got := bash(t, c.line, manifests)
			if got.code == exitOK || got.code == exitFailed || !strings.Contains(got.stderr, c.says) || !strings.Contains(got.stderr, c.hint) {
				t.Errorf("exit code %d, stderr %q", got.code, got.stderr)
			}
		})
	}
}

// TestInterruptedStream interrupts commands that wait for a pipe to which nobody writes.
func TestInterruptedStream(t *testing.T) {
	document := documentWith(t)
	for name, args := range map[string][]string{
		"source": {"eval", "/dev/fd/3"}, "report": {"convert", "/dev/fd/3"}, "waivers": {"eval", document, "--waivers", "/dev/fd/3"},
		"params": {"eval", document, "--params", "/dev/fd/3"}, "key": {"eval", document, "--bundle-key", "/dev/fd/3"}, "list": {"merge", document, "--expect", "/dev/fd/3"},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer to.Close()
			c := exec.CommandContext(t.Context(), "regpolicy", args...)
			var stderr strings.Builder
			c.Dir, c.Stderr, c.Env, c.ExtraFiles = t.TempDir(), &stderr, []string{}, []*os.File{from}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			from.Close()
			defer time.AfterFunc(time.Minute, func() { c.Process.Kill() }).Stop()
			time.Sleep(500 * time.Millisecond)
			c.Process.Signal(syscall.SIGTERM)
			if code := exitCode(c.Wait()); code != exitInterrupted || stderr.String() != "error: interrupted\n" {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, stderr.String())
			}
		})
	}
}

// TestInterruptedOutput interrupts a command that waits for who reads its report.
func TestInterruptedOutput(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	document := documentWith(t)
	for name, args := range map[string][]string{"report": {"eval", document, "-o", "json=" + pipe}, "document": {"collect", document, "-o", pipe}} {
		t.Run(name, func(t *testing.T) {
			c := exec.CommandContext(t.Context(), "regpolicy", args...)
			var stderr strings.Builder
			c.Dir, c.Stderr, c.Env = t.TempDir(), &stderr, []string{}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			defer time.AfterFunc(time.Minute, func() { c.Process.Kill() }).Stop()
			time.Sleep(3 * time.Second)
			c.Process.Signal(syscall.SIGTERM)
			if code := exitCode(c.Wait()); code != exitInterrupted || !strings.HasSuffix(stderr.String(), "error: interrupted\n") {
				t.Errorf("exit code %d, want %d\n%s", code, exitInterrupted, stderr.String())
			}
		})
	}
}
