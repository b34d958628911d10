package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endlessPolicy is one that OPA compiles for minutes.
func endlessPolicy(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	text.WriteString("package org.endless\n\ndeny contains \"x\" if _f(1) == 3\n\n_f(x) := 0 if x == 0")
	for i := range 20000 {
		fmt.Fprintf(&text, " else := %d if x == %d", i+1, i+1)
	}
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "endless.rego"), []byte(text.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestInterruptWhileCompiling: OPA's compiler cannot be stopped, the program can.
func TestInterruptWhileCompiling(t *testing.T) {
	folder := endlessPolicy(t)
	document, err := filepath.Abs(filepath.Join(fixturesDir, "secret-encoded-once/document.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"eval", document, "-p", folder},
		{"merge", document, "-p", folder},
		{"list", "-p", folder},
		{"check", folder},
		{"test", folder},
		{"bundle", "build", folder, "-o", "bundle.tar.gz"},
	} {
		t.Run(args[0], func(t *testing.T) {
			// It compiles after a moment, and for a minute; a process that did not yet
			// listen to the signal dies of it.
			for wait := 2 * time.Second; ; wait *= 2 {
				code, stderr := interrupted(t, wait, args)
				if code == -1 && wait < 20*time.Second {
					continue
				}
				if code != exitInterrupted || stderr != "error: interrupted\n" {
					t.Errorf("exit code %d, want %d; stderr is %q", code, exitInterrupted, stderr)
				}
				return
			}
		})
	}
}

// interrupted starts the program and sends it SIGTERM after so long.
func interrupted(t *testing.T, wait time.Duration, args []string) (code int, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), wait+40*time.Second) // compiling goes on for longer
	defer cancel()
	c := exec.CommandContext(ctx, "regpolicy", args...)
	var told strings.Builder
	c.Dir, c.Stderr, c.Env = t.TempDir(), &told, []string{}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(wait)
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return exitCode(c.Wait()), told.String()
}

// TestLeaving takes what is done in time, and leaves behind what is not.
func TestLeaving(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	stuck := func(context.Context) (string, error) { <-release; return "late", nil }
	prompt := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", errors.New("its own error") }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		ctx   context.Context //nolint:containedctx // a row of a table
		grace time.Duration
		work  func(context.Context) (string, error)
		want  string
	}{
		"done":                  {t.Context(), time.Minute, func(context.Context) (string, error) { return "done", nil }, "done <nil>"},
		"failed":                {t.Context(), time.Minute, func(context.Context) (string, error) { return "", errors.New("broken") }, " broken"},
		"interrupted":           {cancelled, time.Millisecond, stuck, " compiling the policies: context canceled"},
		"interrupted, and ends": {cancelled, time.Minute, prompt, " its own error"},
	} {
		t.Run(name, func(t *testing.T) {
			value, err := leaving(tc.ctx, tc.grace, tc.work)
			if got := fmt.Sprint(value, " ", err); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
