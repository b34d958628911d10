package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet"
)

// TestFleetJobs holds deploy/fleet against the program that it runs and the list that
// it comes with.
func TestFleetJobs(t *testing.T) {
	for _, name := range []string{"collect", "merge"} {
		text, err := os.ReadFile(filepath.Join("../../deploy/fleet", name, "job.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var job batch.Job
		if err := yaml.UnmarshalStrict(text, &job); err != nil {
			t.Fatal(err)
		}
		pod := job.Spec.Template.Spec
		container := pod.Containers[0]
		command, rest, err := commands().Find(container.Args)
		if err != nil || command.Name() != name {
			t.Fatalf("%s: args %q: %v", name, container.Args, err)
		}
		if err := command.ParseFlags(rest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if container.Image != "ghcr.io/regpolicy/regpolicy" || container.Name != name {
			t.Errorf("%s: container %q of image %q", name, container.Name, container.Image)
		}
		restricted(t, name, &pod)
		if name == "collect" {
			fitsList(t, &job)
		}
	}
}

// fitsList: as many indexes as clusters, and only what no retry cures ends one at once.
func fitsList(t *testing.T, job *batch.Job) {
	t.Helper()
	file, err := os.Open("../../deploy/fleet/collect/clusters.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	members, err := fleet.ReadList(file)
	if err != nil || *job.Spec.Completions != int32(len(members)) {
		t.Errorf("%d completions for %d clusters, %v", *job.Spec.Completions, len(members), err)
	}
	codes := job.Spec.PodFailurePolicy.Rules[0].OnExitCodes.Values
	if !slices.Equal(codes, []int32{exitUsage}) || *job.Spec.CompletionMode != batch.IndexedCompletion || *job.Spec.BackoffLimitPerIndex == 0 {
		t.Errorf("the Job is %+v", job.Spec)
	}
	for _, m := range members {
		if !strings.HasPrefix(m.Kubeconfig, "/etc/regpolicy/kubeconfigs/") {
			t.Errorf("cluster %s: kubeconfig %q is not mounted", m.Name, m.Kubeconfig)
		}
	}
}

// restricted is what the Pod Security Standard of that name asks for, and no token.
func restricted(t *testing.T, name string, pod *core.PodSpec) {
	t.Helper()
	own := pod.Containers[0].SecurityContext
	if *pod.AutomountServiceAccountToken || !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault ||
		*own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem || !slices.Equal(own.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("%s: the pod may too much: %+v %+v", name, pod.SecurityContext, own)
	}
}
