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
	return l.checkInterrupted(ctx)
}

// checkDeployed applies deploy/agent as it stands, but for the image.
func (l *lab) checkDeployed(ctx context.Context, overSSH map[string]any, before []string) error {
	err := l.apply(ctx, "agent.yaml", func(o object) {
		if o["kind"] == "DaemonSet" {
			container := agentContainer(o)
			container["image"], container["imagePullPolicy"] = agentImage, "Never"
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

// checkSpec: what the API server made of the agent's pod.
func (l *lab) checkSpec(pod object) {
	spec, _ := pod["spec"].(map[string]any)
	text, err := json.Marshal(spec)
	if err != nil {
		text = []byte(err.Error())
	}
	l.tally.check("service account token in the agent's pod", bytes.Contains(text, []byte("serviceAccountToken")), false)
	l.tally.check("ports of the agent's pod", bytes.Contains(text, []byte(`"ports"`)), false)
	for _, must := range []string{
		`"automountServiceAccountToken":false`, `"capabilities":{"drop":["ALL"]}`, `"readOnlyRootFilesystem":true`, `"allowPrivilegeEscalation":false`,
		`"runAsNonRoot":true`, `"mountPath":"/host","name":"host","readOnly":true`, `"imagePullPolicy":"Never"`,
	} {
		l.tally.check("the agent's pod has "+must, bytes.Contains(text, []byte(must)), true)
	}
	for _, not := range []string{`"privileged":true`, `"hostPID":true`, `"hostIPC":true`} {
		l.tally.check("the agent's pod has "+not, bytes.Contains(text, []byte(not)), false)
	}
}

// checkProcess: what the kernel says of the agent's process.
func (l *lab) checkProcess() {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		files = nil
	}
	facts := "no process"
	for _, file := range files {
		command, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(command, []byte("regpolicy\x00agent\x00node\x00")) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil {
			continue
		}
		var lines []string
		for line := range strings.Lines(string(status)) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
			if slices.Contains([]string{"CapEff", "CapBnd", "CapPrm", "NoNewPrivs", "Uid", "Seccomp"}, name) {
				lines = append(lines, name+" "+strings.Fields(value)[0])
			}
		}
		facts = strings.Join(lines, ", ")
	}
	none := strings.Repeat("0", 16)
	l.tally.check("the agent's process", facts, "Uid 65532, CapPrm "+none+", CapEff "+none+", CapBnd "+none+", NoNewPrivs 1, Seccomp 2")
}

// listening are the TCP sockets of the node's network that wait for connections.
func listening() ([]string, error) {
	const listen = "0A"
	found := map[string]bool{}
	for _, file := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[3] == listen {
				found[fields[1]] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
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
