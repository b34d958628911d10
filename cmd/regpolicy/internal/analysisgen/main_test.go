package main

import (
	"bytes"
	"io/fs"
	"os"
	"testing"

	"github.com/regpolicy/regpolicy/policies"
)

// TestCommittedAnalysisIsCurrent fails when a policy, the schema or the analysis
// changed and `go generate ./...` was not run.
func TestCommittedAnalysisIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := generate(t.Context(), os.DirFS("../../../../policies"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := fs.ReadFile(policies.FS, policies.Analysis)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("policies/%s is out of date: run `go generate ./...`", policies.Analysis)
	}
}
