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
	s, err := reflectSchema(".")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := encode(s)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]byte{"policies/document.schema.json": schema, "docs/evidence.md": reference(s)} {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date: run `go generate ./...`", path)
		}
	}
}
