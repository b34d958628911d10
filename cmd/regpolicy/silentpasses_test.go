package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// silentPassLine is what docs/silent-passes/run says of regpolicy.
var silentPassLine = regexp.MustCompile(`(?m)^   regpolicy  exit .*$`)

// TestSilentPassesInREADME holds regpolicy's half of the README's comparison to what
// the program does; docs/silent-passes/run --check holds all of it.
func TestSilentPassesInREADME(t *testing.T) {
	readme, err := filepath.Abs("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir("../../docs/silent-passes")
	folders, err := filepath.Glob("[0-9]-*")
	if err != nil || len(folders) != 7 {
		t.Fatalf("folders %q, want seven (%v)", folders, err)
	}
	var lines []string
	for _, folder := range folders {
		args := []string{"eval", "--color", "never", "--no-builtin", "-p", folder, "document.json"}
		if folder == "2-nothing-selected" {
			args = append(args, "--select", "nosuch")
		}
		lines = append(lines, silentPassOf(t, folder, args))
	}
	if shown := silentPassLine.FindAllString(string(text), -1); len(shown) != len(lines) {
		t.Fatalf("the README shows %d lines of regpolicy's, want %d: run docs/silent-passes/run --readme", len(shown), len(lines))
	}
	next := 0
	want := silentPassLine.ReplaceAllStringFunc(string(text), func(string) string { next++; return lines[next-1] })
	if *update {
		if err := os.WriteFile(readme, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("README.md is out of date (-want +got):\n%s", diff)
	}
}

// silentPassOf is the README's line on one mistake. None may end with 0.
func silentPassOf(t *testing.T, folder string, args []string) string {
	t.Helper()
	code, stdout, stderr := command(t, time.Now(), args...)
	if code == 0 {
		t.Errorf("%s passes:\n%s", folder, stdout)
	}
	report := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
	line := report[len(report)-1]
	if code == exitUsage {
		line, _, _ = strings.Cut(stderr, "\n")
	}
	return fmt.Sprintf("   regpolicy  exit %d  %s", code, line)
}
