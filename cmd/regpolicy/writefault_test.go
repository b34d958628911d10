package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// written is the source of the tests below, and the document it makes.
func written(t *testing.T) (source string, document []byte) {
	t.Helper()
	source, err := filepath.Abs(filepath.Join(fixturesDir, "secret-encoded-once/source"))
	if err != nil {
		t.Fatal(err)
	}
	made := regpolicy(t, "collect", source)
	if made.code != exitOK || len(made.stdout) < 4096 {
		t.Fatalf("exit code %d, a document of %d bytes\n%s", made.code, len(made.stdout), made.stderr)
	}
	return source, []byte(made.stdout)
}

// shell runs the program below a shell that takes something away from it first.
func shell(t *testing.T, dir, before string, args ...string) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", append([]string{"-c", before, "sh"}, args...)...)
	var stdout, stderr bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = dir, &stdout, &stderr
	c.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	err := c.Run()
	return ended{code: exitCode(err), stdout: stdout.String(), stderr: stderr.String()}
}

// TestDiskFull lets a write end in the middle: the file that was there is left alone,
// and nothing lies beside it.
func TestDiskFull(t *testing.T) {
	source, document := written(t)
	for _, blocks := range []int{0, 1, 4} { // of 512 bytes or 1 KiB: less than the document
		for _, args := range [][]string{{"collect", source, "-o", "out.json"}, {"eval", source, "-o", "json=out.json"}} {
			t.Run(fmt.Sprint(blocks, args[0]), func(t *testing.T) {
				dir := t.TempDir()
				file := filepath.Join(dir, "out.json")
				if err := os.WriteFile(file, document, 0o600); err != nil {
					t.Fatal(err)
				}
				got := shell(t, dir, fmt.Sprintf(`ulimit -f %d; exec regpolicy "$@"`, blocks), args...)
				got.checkComplaint(t, exitUsage, `writing "out.json": `)
				if left, err := os.ReadFile(file); err != nil || !bytes.Equal(left, document) {
					t.Errorf("the file that was there has %d bytes now, %v", len(left), err)
				}
				checkAlone(t, dir)
			})
		}
	}
}

// checkAlone wants no file in a folder but out.json.
func checkAlone(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() && e.Name() != "out.json" {
			t.Errorf("%s is left behind", e.Name())
		}
	}
}

// TestStandardOutputGone lets nothing be written to standard output. One that is
// closed from the beginning is /dev/null to every Go program.
func TestStandardOutputGone(t *testing.T) {
	source, _ := written(t)
	for name, before := range map[string]string{
		"only read":     `exec regpolicy "$@" 1</dev/null`,
		"a reader gone": `mkfifo p; (exec <p) & exec 9>p; wait; exec regpolicy "$@" >&9 9>&-`,
	} {
		for _, command := range []string{"collect", "eval"} {
			t.Run(name+" "+command, func(t *testing.T) {
				got := shell(t, t.TempDir(), before, command, source)
				if got.code != exitUsage || !strings.HasPrefix(got.stderr, "error: writing to standard output: ") || strings.Count(got.stderr, "\n") > 2 {
					t.Errorf("exit code %d\n%s", got.code, got.stderr)
				}
			})
		}
	}
}

// TestSecondSignal ends the program at any moment, by one signal or by two: the file
// is the old document or a new one, never half of one.
func TestSecondSignal(t *testing.T) {
	source, document := written(t)
	address, _ := silentRegistry(t)
	random := rand.New(rand.NewPCG(6, 7)) //nolint:gosec // to be repeatable
	for n := range 12 {
		dir := t.TempDir()
		file := filepath.Join(dir, "out.json")
		if err := os.WriteFile(file, document, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := exec.CommandContext(ctx, "regpolicy", "collect", source, "--registry", address, "--probe-timeout", "1m", "-o", file)
		var stderr bytes.Buffer
		c.Dir, c.Stderr, c.Env = dir, &stderr, []string{"HOME=" + dir}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(1500)) * time.Millisecond)
		for range 1 + n%2 {
			c.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may be over
			time.Sleep(time.Duration(random.IntN(20)) * time.Millisecond)
		}
		code := exitCode(c.Wait())
		left, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := evidence.Decode(left)
		if err != nil {
			t.Fatalf("run %d, exit code %d: half a document of %d bytes: %v\n%s", n, code, len(left), err, stderr.String())
		}
		if code == exitInterrupted && bytes.Equal(left, document) && stderr.Len() == 0 {
			t.Errorf("run %d: interrupted, nothing written and nothing said", n)
		}
		for name, section := range doc.Coverage {
			if section.Asked != section.Answered+len(section.Gaps)+section.Skipped {
				t.Errorf("run %d: %s: %+v", n, name, section)
			}
		}
	}
}
