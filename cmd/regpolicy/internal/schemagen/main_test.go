package main

import (
	"bytes"
	"os"
	"testing"
)

// TestCommittedFilesAreCurrent fails when the types changed and `go generate` was
// not run.
func TestCommittedFilesAreCurrent(t *testing.T) {
	t.Chdir("../../../..")
	files, err := generate()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range files {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run `go generate ./...`", path)
		}
	}
}
