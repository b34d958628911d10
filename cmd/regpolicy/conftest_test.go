package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestConftestFolders runs folders as conftest users have them: the older language,
// several packages, data files, exceptions. testdata/conftest/compare holds conftest
// itself to the same findings.
func TestConftestFolders(t *testing.T) {
	folders, err := filepath.Glob("testdata/conftest/*-style")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no folders (%v)", err)
	}
	document := filepath.Join(fixturesDir, "secret-encoded-once", "document.json")
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			args := []string{"eval", "--no-builtin", "-o", "json", "-p", filepath.Join(folder, "policy"), document}
			if data := filepath.Join(folder, "data"); exists(data) {
				args = append(args, "--data", data)
			}
			code, stdout, stderr := command(t, time.Now(), args...)
			if code != exitFailed || stderr != "" {
				t.Fatalf("exit code %d, want %d\n%s", code, exitFailed, stderr)
			}
			var got []string
			for _, r := range readReport(t, stdout).Results {
				got = append(got, fmt.Sprintf("%s %s: %s", r.Verdict, r.Policy, r.Message))
			}
			slices.Sort(got)
			want, err := os.ReadFile(filepath.Join(folder, "findings.txt"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), strings.Join(got, "\n")+"\n"); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
