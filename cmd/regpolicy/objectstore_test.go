package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// objectStoreJob is the Job as REGPOLICY_KUSTOMIZE, which .ci/run sets, makes it.
func objectStoreJob(t *testing.T) *batch.Job {
	t.Helper()
	kustomize := os.Getenv("REGPOLICY_KUSTOMIZE")
	if kustomize == "" {
		t.Skip("REGPOLICY_KUSTOMIZE names no program")
	}
	object := manifests(t, kustomize, "build", "../../deploy/fleet/object-store")["Job regpolicy-fleet/regpolicy-fleet"]
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	var job batch.Job
	if err := yaml.UnmarshalStrict(text, &job); err != nil {
		t.Fatal(err)
	}
	return &job
}

// TestChartOfObjectStore: collect comes first, and keeps its exit code for after the
// upload.
func TestChartOfObjectStore(t *testing.T) {
	job := objectStoreJob(t)
	pod := job.Spec.Template.Spec
	if len(pod.InitContainers) != 1 || len(pod.Containers) != 1 {
		t.Fatalf("%d and %d containers", len(pod.InitContainers), len(pod.Containers))
	}
	collect, upload := pod.InitContainers[0], pod.Containers[0]
	command, rest, err := commands().Find(collect.Args)
	if err != nil || command.Name() != "collect" {
		t.Fatalf("args %q: %v", collect.Args, err)
	}
	if err := command.ParseFlags(rest); err != nil {
		t.Error(err)
	}
	kept := command.Flag("exit-code-file").Value.String()
	if kept == "" || !strings.Contains(upload.Args[0], kept) {
		t.Errorf("collect keeps its exit code in %q, the upload runs %q", kept, upload.Args)
	}
	if name := *job.Spec.PodFailurePolicy.Rules[0].OnExitCodes.ContainerName; name != collect.Name {
		t.Errorf("a rule is about container %q, which is called %q", name, collect.Name)
	}
	if _, tag, ok := strings.Cut(upload.Image, ":"); !ok || tag == "latest" {
		t.Errorf("the image %q is another each day", upload.Image)
	}
	for _, c := range []core.Container{collect, upload} {
		pod.Containers = []core.Container{c}
		restricted(t, c.Name, &pod)
	}
	fitsList(t, job)
}

// TestChartOfUpload runs what the containers run, with real rclone, which
// REGPOLICY_RCLONE names, and a folder for a store.
func TestChartOfUpload(t *testing.T) {
	job := objectStoreJob(t)
	rclone := os.Getenv("REGPOLICY_RCLONE")
	if rclone == "" {
		t.Skip("REGPOLICY_RCLONE names no program")
	}
	script := job.Spec.Template.Spec.Containers[0]
	dir, store := t.TempDir(), filepath.Join(t.TempDir(), "documents")
	putFile(t, filepath.Join(store, "shop.json"), "the green one of yesterday")
	list, kubeconfig := filepath.Join(dir, "clusters.txt"), filepath.Join(dir, "config")
	putFile(t, list, "shop kubeconfig="+kubeconfig+"\n")
	putFile(t, kubeconfig, `{apiVersion: v1, kind: Config, current-context: a, clusters: [{name: a, cluster: {server: "https://127.0.0.1:1"}}], users: [{name: a, user: {token: x}}], contexts: [{name: a, context: {cluster: a, user: a}}]}`)
	documents := filepath.Join(dir, "documents")
	if err := os.Mkdir(documents, 0o750); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := command(t, time.Now(), "collect", "--fleet", list, "--index", "0", "-o", documents, "--exit-code-file", filepath.Join(documents, ".exit-code"))
	if code != exitOK || !strings.Contains(stderr, "could not be read") {
		t.Fatalf("collect ends with %d: %s", code, stderr)
	}
	upload := func(to string) int {
		c := exec.CommandContext(t.Context(), script.Command[0], slices.Concat(script.Command[1:], []string{strings.ReplaceAll(script.Args[0], "/documents", documents)})...)
		c.Env = append(os.Environ(), "PATH="+filepath.Dir(rclone)+":"+os.Getenv("PATH"), "RCLONE_CONFIG_STORE_TYPE=local", "DESTINATION=store:"+to, "RCLONE_RETRIES=1")
		out, err := c.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return exit.ExitCode()
		}
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return 0
	}
	if code := upload(store); code != exitInconclusive {
		t.Errorf("an index that did not reach its cluster ends with %d", code)
	}
	if got, err := os.ReadFile(filepath.Join(store, "shop.json")); err != nil || !strings.Contains(string(got), `"refused"`) {
		t.Errorf("the store has %.80q, %v", got, err)
	}
	if got := names(t, store); !slices.Equal(got, []string{"shop.json"}) {
		t.Errorf("the store has %q", got)
	}
	// A store that takes nothing fails the index whatever collect found.
	putFile(t, filepath.Join(documents, ".exit-code"), "0\n")
	if code := upload(filepath.Join(kubeconfig, "below-a-file")); code == exitOK {
		t.Error("an upload that failed ends well")
	}
	if code := upload(store); code != exitOK {
		t.Errorf("an index in order ends with %d", code)
	}
}

func putFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
