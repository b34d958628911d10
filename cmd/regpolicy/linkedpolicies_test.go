package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestLinkedPolicies reads the folder that a link names.
func TestLinkedPolicies(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "real")
	if code, _, stderr := command(t, time.Now(), "new", "policy", "ACME-REG-001", "--dir", folder); code != exitOK {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", link}, {"test", link}, {"list", "--no-builtin", "-p", link}, {"check", link + "/"}} {
		if code, stdout, stderr := command(t, time.Now(), args...); code != exitOK {
			t.Errorf("%q ends with %d\n%s%s", args, code, stdout, stderr)
		}
	}
	// Below a folder a link is not followed, which is told where policies would go missing.
	above := t.TempDir()
	for _, name := range []string{"sub", "..data"} { // the other is how Kubernetes mounts
		if err := os.Symlink(folder, filepath.Join(above, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(above, "others")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, time.Now(), "list", "-p", above)
	if code != exitUsage || !strings.Contains(stderr, filepath.Join(above, "sub")+`": it is a link to a folder`) || !strings.Contains(stderr, "hint: ") {
		t.Errorf("a link below a folder ends with %d\n%s", code, stderr)
	}
}

// TestLinkedData tells of data that would go missing, of --data and beside policies.
func TestLinkedData(t *testing.T) {
	folder, above := t.TempDir(), t.TempDir()
	for file, text := range map[string]string{
		filepath.Join(folder, "data.json"): `{"org": {"a": 1}}`, filepath.Join(above, "own.json"): `{"b": 1}`,
		filepath.Join(above, "org.rego"): "package org.helpers\n\nuse := data.org.a\n",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(folder, filepath.Join(above, "sub")); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"--data", "-p"} {
		code, _, stderr := command(t, time.Now(), "list", flag, above)
		if code != exitUsage || !strings.Contains(stderr, filepath.Join(above, "sub")+`": it is a link to a folder`) || !strings.Contains(stderr, "hint: name that folder with a "+flag+" of its own") {
			t.Errorf("a link below a folder of %s ends with %d\n%s", flag, code, stderr)
		}
	}
}
