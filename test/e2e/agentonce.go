package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// checkOnceRefused: without the rights, and where admission refuses the pods, that is
// a gap which says what to do.
func (l *lab) checkOnceRefused(ctx context.Context) error {
	if err := l.newNamespace(ctx, "plain", object{"pod-security.kubernetes.io/enforce": "baseline"}); err != nil {
		return err
	}
	for _, refused := range []struct{ name, kubeconfig, namespace, hint string }{
		{"admission", filepath.Join(clusterDir, "admin.conf"), "plain", "hint: the agent needs the node's files: kubectl label namespace plain pod-security.kubernetes.io/enforce=privileged"},
		{"rights", l.reader, "plain", "hint: the rights that it takes are in deploy/agent/once"},
		{"namespace", filepath.Join(clusterDir, "admin.conf"), "nowhere", "hint: make the namespace: kubectl apply -k deploy/agent/once"},
	} {
		path := filepath.Join(l.logs, "agent-refused.json")
		r, err := l.regpolicy(ctx, "collect", "-o", path, "--kubeconfig", refused.kubeconfig, "--no-probe", "--agent-image", agentImage, "--agent-namespace", refused.namespace)
		if err != nil {
			return err
		}
		var doc document
		if err := readJSON(path, &doc); err != nil {
			return err
		}
		want := "node worker-a: forbidden"
		if refused.name == "namespace" {
			want = "node worker-a: not_found"
		}
		l.tally.check("refused by "+refused.name, gaps(doc.Coverage["nodes"]), want)
		l.tally.check("what to do about it is said once", strings.Count(r.stderr, refused.hint), 1, r.stderr)
	}
	return nil
}

// checkOnce reads the node by pods that are made for it.
func (l *lab) checkOnce(ctx context.Context, overSSH map[string]any) error {
	for _, way := range []struct{ name, flag, image string }{
		{"agent-image", "--agent-image", agentImage},
		{"image-from-node", "--image-from-node", busyboxImage},
		{"image-by-pattern", "--image-from-node", "*busybox*"},
	} {
		if err := l.awaitListed(ctx, busyboxImage); err != nil {
			return err
		}
		got, err := l.nodeRecord(ctx, way.name, way.flag, way.image, "--registry", "harbor.corp.example", "--no-probe")
		if err != nil {
			return err
		}
		l.checkEqual(fmt.Sprintf("%s %s: evidence is that of SSH", way.flag, way.image), overSSH, got)
		if err := l.checkNoPods(ctx, way.name); err != nil {
			return err
		}
	}
	var doc document
	if err := readJSON(filepath.Join(l.logs, "agent-image-document.json"), &doc); err != nil {
		return err
	}
	l.tally.check("a pod's probe of harbor", doc.probe("harbor.corp.example:443", "node/"+nodeName), "ok")
	for _, bad := range []struct{ flag, image, detail string }{
		{"--agent-image", "unknown-ca.corp.example/apps/regpolicy:1.0", "certificate signed by unknown authority"},
		{"--image-from-node", "only.on.node.example/absent:1.0", "ErrImageNeverPull"},
		{"--image-from-node", "*absent*", "images that the node says it has fits"},
	} {
		doc, _, err := l.collect(ctx, "agent-bad", "--kubeconfig", l.reader, "--no-probe", bad.flag, bad.image)
		if err != nil {
			return err
		}
		l.tally.check(bad.flag+" "+bad.image, gaps(doc.Coverage["nodes"]), "node worker-a: image_unavailable")
		if found := doc.Coverage["nodes"].Gaps; len(found) > 0 {
			l.tally.check("its reason", strings.Contains(found[0].Detail, bad.detail), true, found[0].Detail)
		}
	}
	return l.checkNoPods(ctx, "images that are not to be had")
}

// checkInterrupted interrupts a run whose pod waits for a registry that never
// answers: nothing stays.
func (l *lab) checkInterrupted(ctx context.Context) error {
	path := filepath.Join(l.logs, "agent-interrupted.json")
	cmd := exec.CommandContext(ctx, filepath.Join(l.bin, "regpolicy"), "collect", "-o", path, "--kubeconfig", l.reader, "--no-probe",
		"--agent-image", "silent.corp.example/apps/regpolicy:1.0")
	cmd.Env = []string{"HOME=/run/e2e/home", "PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := l.awaitPods(ctx, 1); err != nil {
		return err
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	err := cmd.Wait()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return err
	}
	l.tally.check("exit code of an interrupted run", cmd.ProcessState.ExitCode(), 130)
	var doc document
	if err := readJSON(path, &doc); err != nil {
		return err
	}
	l.tally.check("its gap", gaps(doc.Coverage["nodes"]), "node worker-a: cancelled")
	return l.checkNoPods(ctx, "the interrupted run")
}

// awaitListed waits until the node says that it has an image: the kubelet looks anew
// twice a minute, and tells it later still.
func (l *lab) awaitListed(ctx context.Context, image string) error {
	return await(ctx, 3*time.Minute, fmt.Sprintf("the node's list of images to have %q", image), func(ctx context.Context) error {
		var node struct {
			Status struct{ Images []struct{ Names []string } }
		}
		if err := l.admin.get(ctx, "/api/v1/nodes/"+nodeName, &node); err != nil {
			return err
		}
		for _, i := range node.Status.Images {
			if slices.Contains(i.Names, image) {
				return nil
			}
		}
		return fmt.Errorf("it has %d images", len(node.Status.Images))
	})
}
