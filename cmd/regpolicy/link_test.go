package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestOutputLeavesLinks(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "report.txt"), filepath.Join(dir, "latest.txt")
	writeBytes(t, target, []byte("old"))
	if err := os.Symlink("report.txt", link); err != nil {
		t.Fatal(err)
	}
	var stdout bytes.Buffer
	e := &environment{stdout: &stdout}
	for _, path := range []string{link, "/dev/stdout"} {
		if err := deliver(e, path, []byte("new")); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is %v, %v", info.Mode(), err)
	}
	if got := readFile(t, target); string(got) != "new" {
		t.Errorf("the link leads to %q", got)
	}
	if stdout.String() != "new" {
		t.Errorf("standard output got %q", stdout.String())
	}
}
