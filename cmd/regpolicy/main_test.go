package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// clockVariable stops the program's clock where a test's story takes place. Only the
// test binary knows it.
const clockVariable = "REGPOLICY_TEST_CLOCK"

// TestMain makes the test binary the program itself, under both of its names.
func TestMain(m *testing.M) {
	program := func() {
		now := time.Now
		if at, err := time.Parse(time.RFC3339, os.Getenv(clockVariable)); err == nil {
			now = func() time.Time { return at }
		}
		os.Unsetenv(clockVariable) //nolint:errcheck // it is no setting
		os.Exit(mainCode(now))
	}
	testscript.Main(leakless{m}, map[string]func(){"regpolicy": program, "kubectl-regpolicy": program})
}

// leakless fails a run that leaves goroutines behind.
type leakless struct{ m *testing.M }

func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestUserStories runs testdata/*.txtar. Besides testscript's own commands there
// are:
//
//	code N COMMAND ARG...   run it and want this exit code
//	await FILE PATTERN      wait until the file matches the regular expression
//	serve VAR FILE          a registry with this chain; its address goes to VAR
//	keypair NAME            a key to sign with: NAME.pem and NAME.pub
//	tamper BUNDLE OTHER     write the bundle with one byte of a policy changed
//
// $FIXTURES holds the fixture stories.
func TestUserStories(t *testing.T) {
	fixtures, err := filepath.Abs(fixturesDir)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FIXTURES", fixtures)
			env.Values["t"] = env.T()
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"keypair": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 1 {
					ts.Fatalf("usage: keypair NAME")
				}
				keypair(t, ts.MkAbs(args[0]))
			},
			"tamper": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: tamper BUNDLE OTHER")
				}
				tamper(t, ts.MkAbs(args[0]), ts.MkAbs(args[1]))
			},
			// unnamed FROM TO copies a document without the name of its cluster.
			"unnamed": func(ts *testscript.TestScript, _ bool, args []string) {
				document := regexp.MustCompile(`(?m)^ "cluster": .*\n`).ReplaceAllString(ts.ReadFile(args[0]), "")
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(document), 0o600))
			},
			"code": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: code N COMMAND ARG...")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				if got := exitCode(ts.Exec(args[1], args[2:]...)); got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
			"await": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: await FILE PATTERN")
				}
				await(ts, ts.MkAbs(args[0]), regexp.MustCompile(args[1]))
			},
			"serve": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 2 {
					ts.Fatalf("usage: serve VAR FILE")
				}
				ts.Setenv(args[0], serve(t, ts.MkAbs(args[1])))
			},
		},
	})
}

// await reads a file again and again until it matches.
func await(ts *testscript.TestScript, path string, pattern *regexp.Regexp) {
	var text []byte
	for range 1200 {
		if text, _ = os.ReadFile(path); pattern.Match(text) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	ts.Fatalf("%s does not match %s within two minutes:\n%s", path, pattern, text)
}

// exitCode is the code that a process ended with, -1 where it did not run.
func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return e.ExitCode()
	}
	return -1
}

// process is one run of the program as a process of its own, with a home and a
// working folder that hold nothing.
type process struct {
	args  []string
	stdin string
	env   []string
	dir   string
	// limit is how long it may take, 30 s when zero.
	limit time.Duration
}

type ended struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

func (p process) run(t *testing.T) ended {
	t.Helper()
	if p.dir == "" {
		p.dir = t.TempDir()
	}
	if p.limit == 0 {
		p.limit = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(t.Context(), p.limit)
	defer cancel()
	c := exec.CommandContext(ctx, "regpolicy", p.args...)
	var stdout, stderr bytes.Buffer
	c.Dir, c.Stdin, c.Stdout, c.Stderr = p.dir, strings.NewReader(p.stdin), &stdout, &stderr
	c.Env = append([]string{"HOME=" + p.dir, "PATH=" + os.Getenv("PATH")}, p.env...)
	began := time.Now()
	err := c.Run()
	if ctx.Err() != nil {
		t.Fatalf("regpolicy %s did not end within %s\n%s", strings.Join(p.args, " "), p.limit, stderr.String())
	}
	return ended{code: exitCode(err), stdout: stdout.String(), stderr: stderr.String(), took: time.Since(began)}
}

// regpolicy runs the program with nothing but arguments.
func regpolicy(t *testing.T, args ...string) ended {
	t.Helper()
	return process{args: args}.run(t)
}

// checkComplaint wants one error line that says all of what, and a hint behind it.
func (e ended) checkComplaint(t *testing.T, code int, what ...string) {
	t.Helper()
	if e.code != code {
		t.Errorf("exit code %d, want %d", e.code, code)
	}
	lines := strings.Split(strings.TrimSuffix(e.stderr, "\n"), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "error: ") || !strings.HasPrefix(lines[1], "hint: ") {
		t.Errorf("stderr is not one error and one hint:\n%s", e.stderr)
	}
	for _, text := range what {
		if !strings.Contains(lines[0], text) {
			t.Errorf("the error does not say %q: %s", text, lines[0])
		}
	}
	e.checkCalm(t)
}

// checkCalm wants no trace of a panic.
func (e ended) checkCalm(t *testing.T) {
	t.Helper()
	for _, trace := range []string{"panic:", "goroutine ", "runtime error", ".go:"} {
		if strings.Contains(e.stderr, trace) || strings.Contains(e.stdout, trace) {
			t.Errorf("a stack trace:\n%.2000s", e.stderr)
		}
	}
}
