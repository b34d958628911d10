package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// hook is one of .pre-commit-hooks.yaml.
type hook struct {
	ID, Entry string
	Args      []string
}

// TestHooks runs the hooks as pre-commit does: the entry's words, then args.
func TestHooks(t *testing.T) {
	var hooks []hook
	readYAML(t, ".pre-commit-hooks.yaml", &hooks)
	commit := map[string]func(dir string) int{
		"regpolicy": func(dir string) int {
			place(t, dir, "values.yaml", "replicaCount: 1\n")
			if err := os.CopyFS(filepath.Join(dir, "clusters"), os.DirFS(filepath.Join(fixturesDir, "manifests-only", "source"))); err != nil {
				t.Fatal(err)
			}
			return exitFailed
		},
		"regpolicy-check": func(dir string) int {
			place(t, dir, "broken.rego", "package acme\n\ndenyy contains \"x\"\n")
			return exitUsage
		},
	}
	var ids []string
	for _, h := range hooks {
		ids = append(ids, h.ID)
		want := commit[h.ID]
		if want == nil {
			t.Fatalf("no commit is known that hook %q should stop", h.ID)
		}
		dir := t.TempDir()
		code := want(dir)
		words := append(strings.Fields(h.Entry), h.Args...)
		if got := (process{args: words[1:], dir: dir}).run(t); got.code != code || words[0] != "regpolicy" {
			t.Errorf("%s: exit code %d, want %d\n%s%s", h.ID, got.code, code, got.stdout, got.stderr)
		}
	}
	var example struct {
		Repos []struct{ Hooks []hook }
	}
	readYAML(t, "docs/examples/pre-commit-config.yaml", &example)
	for _, r := range example.Repos {
		for _, h := range r.Hooks {
			if !slices.Contains(ids, h.ID) {
				t.Errorf("the example has a hook %q, there are %q", h.ID, ids)
			}
		}
	}
}

// TestWorkflowExample: the inputs that the example gives are the action's.
func TestWorkflowExample(t *testing.T) {
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string
				With map[string]string
			}
		}
	}
	readYAML(t, "docs/examples/github-workflow.yml", &workflow)
	inputs, used := newRunner(t).Inputs, 0
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			if !strings.HasPrefix(step.Uses, "regpolicy/regpolicy@") {
				continue
			}
			used++
			for name := range step.With {
				if _, ok := inputs[name]; !ok {
					t.Errorf("the action has no input %q", name)
				}
			}
		}
	}
	if used == 0 {
		t.Error("the example does not use the action")
	}
}

// TestComponentRuns does the job of the GitLab component with an input for each
// place that takes one.
func TestComponentRuns(t *testing.T) {
	text, err := os.ReadFile("../../templates/regpolicy.yml")
	if err != nil {
		t.Fatal(err)
	}
	header, body, ok := strings.Cut(string(text), "\n---\n")
	var spec struct {
		Spec struct {
			Inputs map[string]struct{ Default string }
		}
	}
	if err := yaml.Unmarshal([]byte(header), &spec); err != nil || !ok {
		t.Fatalf("the header of the component: %v", err)
	}
	given := map[string]string{"sources": "clusters/", "args": "--fail-on medium", "job-name": "trust"}
	body = regexp.MustCompile(`\$\[\[ inputs\.([a-z-]+) \]\]`).ReplaceAllStringFunc(body, func(place string) string {
		name := strings.TrimSuffix(strings.TrimPrefix(place, "$[[ inputs."), " ]]")
		input, ok := spec.Spec.Inputs[name]
		if !ok {
			t.Errorf("there is no input %q", name)
		}
		if value, ok := given[name]; ok {
			return value
		}
		return input.Default
	})
	var jobs map[string]struct {
		Script    []string
		Artifacts struct{ Reports map[string]string }
	}
	if err := yaml.Unmarshal([]byte(body), &jobs); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "clusters"), os.DirFS(filepath.Join(fixturesDir, "manifests-only", "source"))); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "sh", "-e", "-c", strings.Join(jobs["trust"].Script, "\n"))
	c.Dir, c.Env = dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GOPATH=" + dir}
	out, err := c.CombinedOutput()
	if exitCode(err) != exitFailed || !strings.Contains(string(out), "RT-CFG-001") {
		t.Errorf("exit code %d\n%s", exitCode(err), out)
	}
	var quality []struct {
		CheckName string `yaml:"check_name"`
		Location  struct{ Path string }
	}
	report, err := os.ReadFile(filepath.Join(dir, jobs["trust"].Artifacts.Reports["codequality"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(report, &quality); err != nil || len(quality) != 1 || quality[0].CheckName != "RT-CFG-001" || quality[0].Location.Path != "clusters/cluster/cluster.yaml" {
		t.Errorf("the code quality report is %s, %v", report, err)
	}
}

// TestKrewManifest fills the template, and finds each asset's own checksum in it.
func TestKrewManifest(t *testing.T) {
	var lines strings.Builder
	want := map[string]string{}
	for i, asset := range []string{"linux_amd64.tar.gz", "linux_arm64.tar.gz", "darwin_amd64.tar.gz", "darwin_arm64.tar.gz", "windows_amd64.zip", "windows_arm64.zip"} {
		sum := strings.Repeat(fmt.Sprint(i), 64)
		fmt.Fprintf(&lines, "%s  regpolicy_1.2.3_%s\n", sum, asset)
		if i < 5 {
			want["https://github.com/regpolicy/regpolicy/releases/download/v1.2.3/regpolicy_1.2.3_"+asset] = sum
		}
	}
	out, err := exec.CommandContext(t.Context(), "../../deploy/krew/fill", "v1.2.3", writeFile(t, "checksums.txt", lines.String())).Output()
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct {
		Spec struct {
			Version   string
			Platforms []struct{ URI, SHA256, Bin string }
		}
	}
	if err := yaml.Unmarshal(out, &manifest); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range manifest.Spec.Platforms {
		got[p.URI] = p.SHA256
		if exe := strings.Contains(p.URI, "windows"); strings.HasSuffix(p.Bin, ".exe") != exe {
			t.Errorf("%s has the binary %q", p.URI, p.Bin)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" || manifest.Spec.Version != "v1.2.3" || strings.Contains(string(out), "VERSION") {
		t.Errorf("version %s, assets (-want +got):\n%s", manifest.Spec.Version, diff)
	}
	if exec.CommandContext(t.Context(), "../../deploy/krew/fill", "v1.2.4", writeFile(t, "checksums.txt", lines.String())).Run() == nil {
		t.Error("a release without assets was filled in")
	}
}
