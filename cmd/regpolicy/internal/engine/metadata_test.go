package engine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/policies"
)

// policyFiles is where the policies lie, with their tests and cases beside them.
const policyFiles = "../../../../policies"

// builtinIDs are the policies of the catalogue, RT-CFG-001 to RT-XEV-016; an id is
// permanent.
func builtinIDs() []string {
	var out []string
	for _, area := range []struct {
		name  string
		count int
	}{{"CFG", 22}, {"EVT", 16}, {"NOD", 22}, {"TLS", 20}, {"XEV", 16}} {
		for n := range area.count {
			out = append(out, fmt.Sprintf("RT-%s-%03d", area.name, n+1))
		}
	}
	return out
}

// verifiedControls are those whose text was seen in the framework itself or in a
// published copy; no policy may name another.
var verifiedControls = map[string][]string{
	"bsi-app-4.4":                 {"A12", "A13"},
	"bsi-sys-1.6":                 {"A6", "A8", "A12"},
	"bsi-tr-02102-2":              nil, // it has no ids: the text stands for itself
	"cis-kubernetes-1.10":         {"5.1.2", "5.4.1", "5.4.2", "5.5.1"},
	"disa-container-platform-srg": {"V-233015", "V-233192"},
	"nist-800-190":                {"4.2.1"},
	"pci-dss-4.0.1":               {"4.2.1.1"},
}

func TestControlsAreVerified(t *testing.T) {
	frameworks, err := fs.ReadFile(policies.FS, policies.Frameworks)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range builtinPolicies(t) {
		for framework, ids := range p.Controls {
			known, ok := verifiedControls[framework]
			if !ok || !strings.Contains(string(frameworks), "\n  "+framework+":\n") {
				t.Errorf("%s names the framework %q, which is not verified or not in %s", p.ID, framework, policies.Frameworks)
			}
			for _, id := range ids {
				if known != nil && !slices.Contains(known, id) {
					t.Errorf("%s names %s %s, which is not verified", p.ID, framework, id)
				}
			}
		}
	}
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
	if want := builtinIDs(); !slices.Equal(ids, want) {
		t.Errorf("policies %v, want %v", ids, want)
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

// TestPublicRegistries: the library's own list, for runs without parameters, is
// RT-CFG-004's.
func TestPublicRegistries(t *testing.T) {
	library, err := fs.ReadFile(policies.FS, "lib/registries/registries.rego")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range builtinPolicies(t) {
		hosts, _ := p.Params["public_registries"].([]any)
		for _, host := range hosts {
			if !strings.Contains(string(library), fmt.Sprintf("%q,", host)) {
				t.Errorf("lib/registries does not hold %q of %s", host, p.ID)
			}
		}
		if len(hosts) > 0 && strings.Count(string(library), `",`) != len(hosts) {
			t.Errorf("lib/registries does not hold %d registries, as %s does", len(hosts), p.ID)
		}
	}
}
