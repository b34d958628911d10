package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

const (
	agentNamespace = "regpolicy-agent"
	// What is on the node and in no registry.
	agentImage   = "only.on.node.example/regpolicy:1.0"
	busyboxImage = "only.on.node.example/busybox:1.0"
)

// checkAgent reads the node through pods, in each of the three ways, and holds what
// comes of it against what SSH tells of the same node.
func (l *lab) checkAgent(ctx context.Context) error {
	before, err := listening()
	if err != nil {
		return err
	}
	overSSH, err := l.nodeRecord(ctx, "agent-ssh", l.overSSH("--ssh")...)
	if err != nil {
		return err
	}
	for _, archive := range []string{"regpolicy.tar", "busybox.tar"} {
		if err := importImage(ctx, filepath.Join(stateDir, archive)); err != nil {
			return err
		}
	}
	if err := l.checkOnceRefused(ctx); err != nil {
		return err
	}
	if err := l.checkDeployed(ctx, overSSH, before); err != nil {
		return err
	}
	if err := l.checkOnce(ctx, overSSH); err != nil {
		return err
	}
	if err := l.checkInterrupted(ctx); err != nil {
		return err
	}
	return l.followAgentPage(ctx)
}

// imageOnNode has the DaemonSet run what is on the node and nowhere else.
func imageOnNode(o object) {
	if o["kind"] == "DaemonSet" {
		container := agentContainer(o)
		container["image"], container["imagePullPolicy"] = agentImage, "Never"
	}
}

// checkDeployed applies deploy/agent as it stands, but for the image.
func (l *lab) checkDeployed(ctx context.Context, overSSH map[string]any, before []string) error {
	err := l.apply(ctx, "agent.yaml", func(o object) {
		if o["kind"] == "DaemonSet" {
			imageOnNode(o)
			container := agentContainer(o)
			args, _ := container["args"].([]any)
			container["args"] = append(args, "--registry=harbor.corp.example", "--registry=unknown-ca.corp.example")
		}
	})
	if err != nil {
		return err
	}
	pod, err := l.awaitAgent(ctx)
	if err != nil {
		return err
	}
	l.checkSpec(pod)
	l.checkProcess()
	through, err := l.nodeRecord(ctx, "agent", "--agent", "--no-probe")
	if err != nil {
		return err
	}
	l.checkEqual("the agent's evidence is that of SSH", overSSH, through)
	after, err := listening()
	if err != nil {
		return err
	}
	l.tally.check("ports that are listened on, with the agent", strings.Join(after, " "), strings.Join(before, " "))
	var doc document
	if err := readJSON(filepath.Join(l.logs, "agent-document.json"), &doc); err != nil {
		return err
	}
	for registry, want := range map[string]string{"harbor.corp.example:443": "ok", "unknown-ca.corp.example:443": "chain"} {
		l.tally.check("the agent's probe of "+registry, doc.probe(registry, "node/"+nodeName), want)
	}
	if err := l.checkGhost(ctx); err != nil {
		return err
	}
	return l.admin.do(ctx, "DELETE", "/apis/apps/v1/namespaces/"+agentNamespace+"/daemonsets/regpolicy-agent", nil, nil)
}

// checkGhost adds a node that nothing runs on: it is a gap, and no other is.
func (l *lab) checkGhost(ctx context.Context) error {
	const ghost = "worker-ghost"
	if err := l.admin.post(ctx, "/api/v1/nodes", object{"apiVersion": "v1", "kind": "Node", "metadata": object{"name": ghost}}, nil); err != nil {
		return err
	}
	for _, way := range []struct{ flags, want string }{
		{"--agent", "node worker-ghost: unschedulable"},
		{"--agent-image " + agentImage + " --agent-timeout 8s", "node worker-ghost: unreachable"},
	} {
		if way.flags == "--agent" {
			if err := l.awaitPods(ctx, 2); err != nil {
				return err
			}
		} else if err := l.apply(ctx, "agent-once.yaml", nil); err != nil {
			return err
		}
		doc, _, err := l.collect(ctx, "agent-ghost", append(strings.Fields(way.flags), "--kubeconfig", l.reader, "--no-probe")...)
		if err != nil {
			return err
		}
		l.tally.check("gaps with a node that nothing runs on", gaps(doc.Coverage["nodes"]), way.want)
		l.tally.check("the other node is read", doc.Nodes[nodeName].Read, true)
	}
	return l.admin.do(ctx, "DELETE", "/api/v1/nodes/"+ghost, nil, nil)
}

// nodeRecord collects, and returns the node's record without what tells how and when
// it was read.
func (l *lab) nodeRecord(ctx context.Context, name string, args ...string) (map[string]any, error) {
	doc, path, err := l.collect(ctx, name, append(args, "--kubeconfig", l.reader)...)
	if err != nil {
		return nil, err
	}
	l.tally.check(name+": gaps of nodes", gaps(doc.Coverage["nodes"]), "none")
	var whole struct {
		Nodes   map[string]map[string]any
		Proxies map[string]map[string]any
	}
	if err := readJSON(path, &whole); err != nil {
		return nil, err
	}
	record := whole.Nodes[nodeName]
	if clock, _ := record["clock"].(map[string]any); name != "agent" { // whose frame may be old
		skew, known := clock["skew_seconds"].(float64)
		l.tally.check(name+": clocks compared, and equal", known && skew > -10 && skew < 10, true, fmt.Sprint(clock))
	}
	for _, how := range []string{"access", "provenance", "clock"} {
		if record[how] == nil {
			return nil, fmt.Errorf("the node's record of %q has no %q", name, how)
		}
		delete(record, how)
	}
	for key, proxy := range whole.Proxies {
		delete(proxy, "provenance")
		record["proxy of "+key] = proxy
	}
	return record, nil
}

// checkEqual holds two records of a node against each other, field by field.
func (l *lab) checkEqual(what string, want, got map[string]any) {
	var differ []string
	for _, field := range slices.Sorted(maps.Keys(want)) {
		a, _ := json.Marshal(want[field])
		b, _ := json.Marshal(got[field])
		if !bytes.Equal(a, b) {
			differ = append(differ, fmt.Sprintf("%s: %.300s, want %.300s", field, b, a))
		}
	}
	l.tally.check(what, fmt.Sprintf("%d fields", len(got)), fmt.Sprintf("%d fields", len(want)))
	l.tally.check("fields that differ", orNone(differ), "none")
}

func importImage(ctx context.Context, archive string) error {
	out, err := exec.CommandContext(ctx, "ctr", "-n", "k8s.io", "images", "import", archive).CombinedOutput()
	if err != nil {
		return fmt.Errorf("importing %q: %w: %s", archive, err, out)
	}
	return nil
}

func (l *lab) agentPods(ctx context.Context) ([]object, error) {
	var list struct{ Items []object }
	err := l.admin.get(ctx, podsOf(agentNamespace), &list)
	return list.Items, err
}

func (l *lab) awaitPods(ctx context.Context, n int) error {
	return await(ctx, 30*time.Second, fmt.Sprintf("%d pods of the agent", n), func(ctx context.Context) error {
		pods, err := l.agentPods(ctx)
		if err == nil && len(pods) != n {
			err = fmt.Errorf("there are %d", len(pods))
		}
		return err
	})
}

// checkNoPods: of what was made for one run nothing is left.
func (l *lab) checkNoPods(ctx context.Context, after string) error {
	var names []string
	pods, err := l.agentPods(ctx)
	for _, p := range pods {
		metadata, _ := p["metadata"].(map[string]any)
		if name := fmt.Sprint(metadata["name"]); strings.HasPrefix(name, "regpolicy-once-") {
			names = append(names, name)
		}
	}
	l.tally.check("pods that are left after "+after, orNone(names), "none")
	return err
}

// awaitAgent waits until the DaemonSet's pod runs.
func (l *lab) awaitAgent(ctx context.Context) (object, error) {
	var pod object
	err := await(ctx, time.Minute, "the agent", func(ctx context.Context) error {
		pods, err := l.agentPods(ctx)
		if err != nil {
			return err
		}
		for _, p := range pods {
			status, _ := p["status"].(map[string]any)
			if status["phase"] == "Running" {
				pod = p
				return nil
			}
		}
		text, err := json.Marshal(pods)
		return errors.Join(err, fmt.Errorf("none runs: %.2000s", text))
	})
	return pod, err
}

func agentContainer(daemonSet object) map[string]any {
	var at any = daemonSet
	for _, key := range []string{"spec", "template", "spec"} {
		next, _ := at.(object)
		at = next[key]
	}
	spec, _ := at.(object)
	containers, _ := spec["containers"].([]any)
	if len(containers) == 0 {
		return object{}
	}
	container, _ := containers[0].(object)
	return container
}

// apply creates the objects of a text that kustomize made; change may change them.
// What is there already stays.
func (l *lab) apply(ctx context.Context, name string, change func(object)) error {
	paths := map[string]string{
		"Namespace":   "/api/v1/namespaces",
		"DaemonSet":   "/apis/apps/v1/namespaces/%s/daemonsets",
		"Role":        "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles",
		"RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings",
	}
	path := filepath.Join(l.bin, name)
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("reading %q: %w", path, err)
		}
		if change != nil {
			change(o)
		}
		kind := fmt.Sprint(o["kind"])
		to, known := paths[kind]
		if !known {
			return fmt.Errorf("reading %q: no way to create a %s", path, kind)
		}
		metadata, _ := o["metadata"].(object)
		if strings.Contains(to, "%s") {
			to = fmt.Sprintf(to, metadata["namespace"])
		}
		if err := l.admin.post(ctx, to, o, nil); err != nil && !strings.Contains(err.Error(), "409") {
			return err
		}
		if kind == "Namespace" {
			if err := l.awaitNamespace(ctx, fmt.Sprint(metadata["name"])); err != nil {
				return err
			}
		}
	}
}
