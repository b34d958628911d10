package main

import (
	"os"
	"path/filepath"
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
}
