package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// manifests renders something with a program and returns its objects by kind and
// name.
func manifests(t *testing.T, program string, args ...string) map[string]any {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		t.Fatalf("running %s %s: %v", program, strings.Join(args, " "), err)
	}
	return deployed(t, out)
}

// TestChartGivesWhatKustomizeGives renders deploy/ with both programs, which
// REGPOLICY_KUSTOMIZE and REGPOLICY_HELM name, as .ci/run does.
func TestChartGivesWhatKustomizeGives(t *testing.T) {
	kustomize, helm := os.Getenv("REGPOLICY_KUSTOMIZE"), os.Getenv("REGPOLICY_HELM")
	if kustomize == "" || helm == "" {
		t.Skip("REGPOLICY_KUSTOMIZE and REGPOLICY_HELM name no programs")
	}
	const chart = "../../deploy/charts/regpolicy-agent"
	// A Helm that `go install` made knows of no newer Kubernetes than 1.20.
	render := func(more ...string) map[string]any {
		return manifests(t, helm, append([]string{"template", "regpolicy-agent", chart, "-n", "regpolicy-agent", "--kube-version", "1.33.0", "--set", "namespace.create=true"}, more...)...)
	}
	if diff := cmp.Diff(manifests(t, kustomize, "build", "../../deploy/agent"), render()); diff != "" {
		t.Errorf("kustomize (-), Helm (+):\n%s", diff)
	}
	if diff := cmp.Diff(manifests(t, kustomize, "build", "../../deploy/agent/once"), render("--set", "agent=false,rbac.once=true")); diff != "" {
		t.Errorf("without the agent, kustomize (-), Helm (+):\n%s", diff)
	}
	out, err := exec.CommandContext(t.Context(), helm, "lint", "--strict", "--kube-version", "1.33.0", chart).CombinedOutput()
	if err != nil {
		t.Errorf("helm lint: %v\n%s", err, out)
	}
	for _, wrong := range []string{"interval=often", "image.pullPolicy=Sometimes", "imgae.tag=1", "rbac.subjects=nobody"} {
		out, err := exec.CommandContext(t.Context(), helm, "template", "x", chart, "--kube-version", "1.33.0", "--set", wrong).CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("schema")) {
			t.Errorf("%s is taken: %v\n%s", wrong, err, out)
		}
	}
	more := render("--set", "registries={harbor.corp.example,other.example:5000},interval=1h,image.pullPolicy=Never,image.tag=1.2.3", "--set-json", `imagePullSecrets=[{"name":"pull"}]`)
	text, err := yaml.Marshal(more["DaemonSet regpolicy-agent/regpolicy-agent"])
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--registry=harbor.corp.example", "--registry=other.example:5000", "--interval=1h", "imagePullPolicy: Never", "regpolicy:1.2.3", "name: pull"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
