package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

// TestDeployedRights: kustomize reads no file outside of its folder, so the CronJob's
// rights are a copy. `-update` renews it.
func TestDeployedRights(t *testing.T) {
	text, err := os.ReadFile("../../docs/rbac.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../deploy/cronjob/rbac.yaml", string(text))
}

// deployed reads objects by kind and name.
func deployed(t *testing.T, text []byte) map[string]any {
	t.Helper()
	objects := map[string]any{}
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o map[string]any
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return objects
		} else if err != nil {
			t.Fatal(err)
		}
		if len(o) > 0 {
			metadata, _ := o["metadata"].(map[string]any)
			objects[fmt.Sprintf("%v %v/%v", o["kind"], metadata["namespace"], metadata["name"])] = o
		}
	}
}

// TestChartOfCronJob renders deploy/cronjob and its chart with both programs, which
// REGPOLICY_KUSTOMIZE and REGPOLICY_HELM name, as .ci/run does.
func TestChartOfCronJob(t *testing.T) {
	kustomize, helm := os.Getenv("REGPOLICY_KUSTOMIZE"), os.Getenv("REGPOLICY_HELM")
	if kustomize == "" || helm == "" {
		t.Skip("REGPOLICY_KUSTOMIZE and REGPOLICY_HELM name no programs")
	}
	const chart = "../../deploy/charts/regpolicy"
	render := func(more ...string) ([]byte, error) {
		// A Helm that `go install` made knows of no newer Kubernetes than 1.20.
		args := []string{"template", "regpolicy", chart, "-n", "regpolicy", "--kube-version", "1.33.0", "--set", "namespace.create=true"}
		return exec.CommandContext(t.Context(), helm, slices.Concat(args, more)...).CombinedOutput()
	}
	want, err := exec.CommandContext(t.Context(), kustomize, "build", "../../deploy/cronjob").Output()
	if err != nil {
		t.Fatal(err)
	}
	got, err := render()
	if err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if diff := cmp.Diff(deployed(t, want), deployed(t, got)); diff != "" {
		t.Errorf("kustomize (-), Helm (+):\n%s", diff)
	}
	if out, err := exec.CommandContext(t.Context(), helm, "lint", "--strict", "--kube-version", "1.33.0", chart).CombinedOutput(); err != nil {
		t.Errorf("helm lint: %v\n%s", err, out)
	}
	for _, wrong := range []string{"schedule=hourly", "publish=reports", "pushMetrics=http://me:secret@pg", "imgae.tag=1"} {
		if out, err := render("--set", wrong); err == nil || !bytes.Contains(out, []byte("schema")) {
			t.Errorf("%s is taken: %v\n%s", wrong, err, out)
		}
	}
	for values, want := range map[string]string{
		"publish=policyreport,pushMetrics=http://pg:9091,args={--select=RT-EVT-*}": "--publish=policyreport --push-metrics=http://pg:9091 --select=RT-EVT-* policyreports clusterpolicyreports",
		"publish=none,image.tag=1.2.3,imagePullSecrets[0].name=pull":               "regpolicy:1.2.3 imagePullSecrets",
	} {
		out, err := render("--set", values)
		if err != nil {
			t.Fatalf("%s: %v: %s", values, err, out)
		}
		for part := range strings.FieldsSeq(want) {
			if !bytes.Contains(out, []byte(part)) {
				t.Errorf("%s: %q is not in\n%s", values, part, out)
			}
		}
		if strings.Contains(values, "none") && bytes.Contains(out, []byte("publish")) {
			t.Errorf("%s: publishes:\n%s", values, out)
		}
	}
}
