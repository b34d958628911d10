package engine

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestDiagnosisNamesTheRootCause holds the first diagnosis of each story against
// what happened in it. A story whose failures have one cause has one diagnosis.
func TestDiagnosisNamesTheRootCause(t *testing.T) {
	causes := map[string][]string{
		"secret-encoded-once":         {"RT-CFG-001"},
		"manifests-only":              {"RT-CFG-001"},
		"secret-key-not-found":        {"RT-CFG-003"},
		"file-missing-on-one-node":    {"RT-NOD-001"},
		"same-name-other-fingerprint": {"RT-XEV-002"},
		"intermediate-not-sent":       {"RT-TLS-003"},
		"wrong-ca-embedded":           {"RT-XEV-003"},
		"vsphere-pod":                 {"RT-CFG-019"},
	}
	l, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../../../fixtures/*/document.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no story has a document: %v", err)
	}
	for _, file := range files {
		story := filepath.Base(filepath.Dir(file))
		t.Run(story, func(t *testing.T) {
			rep := judgeStory(t, l, file)
			var got []string
			explained := map[string]bool{}
			for _, d := range rep.Diagnosis {
				got = append(got, d.ID)
				explained[d.ID] = true
				for _, e := range d.Explains {
					explained[e.ID] = true
				}
			}
			if !slices.Equal(got, causes[story]) {
				t.Errorf("diagnosed %v, want %v", got, causes[story])
			}
			for _, r := range rep.Results {
				if r.Verdict == report.Error {
					t.Errorf("%s: %s", r.ID, r.Message)
				}
				if r.Verdict == report.Fail && !explained[r.ID] {
					t.Errorf("no diagnosis explains %s: %s", r.ID, r.Message)
				}
			}
		})
		delete(causes, story)
	}
	if len(causes) > 0 {
		t.Errorf("stories without a document: %v", causes)
	}
}

func judgeStory(t *testing.T, l *Library, file string) *report.Report {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := evidence.Decode(source)
	if err != nil {
		t.Fatal(err)
	}
	rep, err := l.Judge(t.Context(), []Input{{URI: file, Bytes: source, Document: doc}}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}
