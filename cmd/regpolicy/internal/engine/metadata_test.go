package engine

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// policyFiles is where the policies lie, with their tests and cases beside them.
const policyFiles = "../../../../policies"

// builtinIDs are the policies that there are; an id is permanent.
var builtinIDs = []string{
	"RT-CFG-001", "RT-CFG-002", "RT-CFG-003", "RT-CFG-004", "RT-CFG-009", "RT-CFG-021",
	"RT-EVT-001", "RT-EVT-002", "RT-EVT-003", "RT-EVT-012",
	"RT-NOD-001", "RT-NOD-002", "RT-NOD-003",
	"RT-TLS-001", "RT-TLS-002", "RT-TLS-003",
	"RT-XEV-001", "RT-XEV-002", "RT-XEV-003",
}

func policyFolder(p *Policy) string { return filepath.Join(policyFiles, filepath.Dir(p.File)) }

func builtinPolicies(t testing.TB) []*Policy {
	t.Helper()
	l, err := Load(t.Context(), builtin(t))
	if err != nil {
		t.Fatal(err)
	}
	return l.Policies()
}

func TestMetadataOfPolicies(t *testing.T) {
	var ids []string
	explains := map[string][]string{}
	for _, p := range builtinPolicies(t) {
		ids = append(ids, p.ID)
		explains[p.ID] = p.Explains
		t.Run(p.ID, func(t *testing.T) {
			if p.Title == p.Package || strings.HasSuffix(p.Title, ".") {
				t.Errorf("title %q is missing or ends with a full stop", p.Title)
			}
			if !strings.HasSuffix(strings.TrimSpace(p.Description), ".") {
				t.Errorf("description %q is no sentence", p.Description)
			}
			if p.RecommendedAction == "" || len(p.Tags) == 0 {
				t.Error("recommended_action or tags are missing")
			}
			severity, ok := p.module.Annotations[0].Custom["severity"]
			if !ok || severity != p.Severity {
				t.Errorf("severity is %v", severity)
			}
			words := strings.Split(p.Package, ".")
			folder := strings.Split(filepath.ToSlash(filepath.Dir(p.File)), "/")
			if !slices.Equal(folder, words[1:]) || words[0] != "regpolicy" || len(words) != 3 {
				t.Errorf("package %s lies in folder %v", p.Package, folder)
			}
			if filepath.Base(p.File) != words[2]+".rego" {
				t.Errorf("file %s is not named after its package %s", p.File, p.Package)
			}
			if want := strings.ToLower(strings.Split(p.ID, "-")[1]); words[1] != want || !slices.Contains(p.Tags, want) {
				t.Errorf("%s lies in area %s and has tags %v", p.ID, words[1], p.Tags)
			}
			if !p.hasSubjects || len(p.deny)+len(p.warn) == 0 {
				t.Error("it has no subjects, or neither deny nor warn")
			}
			if _, err := os.Stat(filepath.Join(policyFolder(p), words[2]+"_test.rego")); err != nil {
				t.Error(err)
			}
		})
	}
	if !slices.Equal(ids, builtinIDs) {
		t.Errorf("policies %v, want %v", ids, builtinIDs)
	}
	for id, targets := range explains {
		for _, target := range targets {
			if _, ok := explains[target]; !ok {
				t.Errorf("%s explains %s, which does not exist", id, target)
			}
		}
		if slices.Contains(reachable(id, explains), id) {
			t.Errorf("%s explains itself by way of others", id)
		}
	}
}

func reachable(id string, edges map[string][]string) []string {
	var out []string
	for queue := slices.Clone(edges[id]); len(queue) > 0; queue = queue[1:] {
		if !slices.Contains(out, queue[0]) {
			out = append(out, queue[0])
			queue = append(queue, edges[queue[0]]...)
		}
	}
	return out
}
