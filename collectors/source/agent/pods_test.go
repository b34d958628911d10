package agent

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func frameOf(t testing.TB, node string) []byte {
	t.Helper()
	f := aFrame(1)
	f.Node = node
	return written(t, f)
}

func once(warnings *[]string) *Once {
	return &Once{
		Options: Options{Namespace: DefaultNamespace, Timeout: time.Second, Sleep: soon, Warn: func(text, hint string) {
			*warnings = append(*warnings, text+" | "+hint)
		}},
		Image: func(string) (string, error) { return "example/regpolicy", nil }, Run: "1",
	}
}

// outcome is a result in one line.
func outcome(r Result) string {
	if r.Err != nil {
		return r.Err.Reason + ": " + r.Err.Detail
	}
	return "frame of " + r.Frame.Node
}

// Whatever befalls a node, its pod is deleted, and the others are read.
func TestEachNodeHasItsOwnOutcome(t *testing.T) {
	t.Parallel()
	a, c := newAPI(t)
	states := map[string]func(n int) (corev1.PodStatus, []byte){
		"good": func(n int) (corev1.PodStatus, []byte) {
			if n < 3 {
				return waiting("ContainerCreating", ""), nil
			}
			return succeeded(), frameOf(t, "good")
		},
		"impostor":  func(int) (corev1.PodStatus, []byte) { return succeeded(), frameOf(t, "another") },
		"silent":    func(int) (corev1.PodStatus, []byte) { return succeeded(), nil },
		"truncated": func(int) (corev1.PodStatus, []byte) { return succeeded(), frameOf(t, "truncated")[9000:] },
		"down":      func(int) (corev1.PodStatus, []byte) { return corev1.PodStatus{Phase: corev1.PodPending}, nil },
		"slow":      func(int) (corev1.PodStatus, []byte) { return waiting("ContainerCreating", ""), nil },
		"no-image":  func(int) (corev1.PodStatus, []byte) { return waiting("ErrImagePull", "x509: unknown authority"), nil },
		"never":     func(int) (corev1.PodStatus, []byte) { return waiting("ErrImageNeverPull", "not present"), nil },
		"no-start":  func(int) (corev1.PodStatus, []byte) { return waiting("CreateContainerError", "no such file"), nil },
		"full": func(int) (corev1.PodStatus, []byte) {
			return corev1.PodStatus{Phase: corev1.PodFailed, Reason: "OutOfpods", Message: "no room"}, nil
		},
		"failed": func(int) (corev1.PodStatus, []byte) {
			return corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: []corev1.ContainerStatus{
				{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}}},
			}}, nil
		},
	}
	a.run = func(p *corev1.Pod, n int) (corev1.PodStatus, []byte) { return states[p.Spec.NodeName](n) }
	var warnings []string
	o := once(&warnings)
	o.Jobs = 3
	got := map[string]string{}
	o.Read(t.Context(), c, slices.Collect(maps.Keys(states)), func(r Result) { got[r.Node] = outcome(r) })
	for node, want := range map[string]string{
		"good":      "frame of good",
		"impostor":  `parse_error: the frame says that it is of node "another"`,
		"silent":    "not_found: the log holds no frame",
		"truncated": "truncated: the log holds no whole frame",
		"down":      "unreachable: the kubelet of the node has not taken up",
		"slow":      "timeout_exec: ",
		"no-image":  "image_unavailable: ErrImagePull: x509: unknown authority",
		"never":     "image_unavailable: ErrImageNeverPull: not present",
		"no-start":  "internal: the container does not start: CreateContainerError: no such file",
		"full":      "unschedulable: the pod failed: OutOfpods: no room",
		"failed":    "internal: the agent ended with exit code 2",
	} {
		if !strings.HasPrefix(got[node], want) {
			t.Errorf("%s: %q, want %q", node, got[node], want)
		}
		if reason, _, _ := strings.Cut(got[node], ":"); !strings.HasPrefix(got[node], "frame") && !slices.Contains(evidence.Reasons, reason) {
			t.Errorf("%s: reason %q is not in the list", node, reason)
		}
	}
	if len(a.pods) > 0 || len(a.created) != len(states) || len(a.deleted) != len(states) || len(warnings) > 0 {
		t.Errorf("%d pods made, %d deleted, %d left; warnings %q", len(a.created), len(a.deleted), len(a.pods), warnings)
	}
	if a.most > 3 {
		t.Errorf("%d pods at a time, 3 are allowed", a.most)
	}
}

// An interrupted run deletes what it made, and says what it could not delete.
func TestInterruptedRunLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, undeletable := range map[string]bool{"deleted": false, "may not delete": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, c := newAPI(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			a.run = func(_ *corev1.Pod, n int) (corev1.PodStatus, []byte) {
				if n == 2 {
					cancel()
				}
				return waiting("ContainerCreating", ""), nil
			}
			a.refuse = func(r *http.Request) *metav1.Status {
				if undeletable && r.Method == http.MethodDelete {
					return &metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: "pods is forbidden"}
				}
				return nil
			}
			var warnings []string
			o := once(&warnings)
			o.Timeout, o.Jobs = time.Minute, 1
			var got []string
			o.Read(ctx, c, []string{"a", "b"}, func(r Result) { got = append(got, outcome(r)) })
			want := []string{"cancelled: the run was interrupted while the pod ran", "cancelled: the run ended before this node's turn"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if undeletable != (len(a.pods) == 1) || undeletable != (len(warnings) == 1) {
				t.Errorf("%d pods left, warnings %q", len(a.pods), warnings)
			}
			if undeletable && !strings.Contains(warnings[0], "kubectl -n regpolicy-agent delete pod regpolicy-once-") {
				t.Errorf("warning %q", warnings[0])
			}
		})
	}
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct{ reason, hint string }{
		`pods "x" is forbidden: violates PodSecurity "baseline:latest": host namespaces`: {"forbidden", "kubectl label namespace regpolicy-agent"},
		`pods is forbidden: User "u" cannot create resource "pods"`:                      {"forbidden", "deploy/agent/once"},
		`namespaces "regpolicy-agent" not found`:                                         {"not_found", "kubectl apply -k"},
	} {
		a, c := newAPI(t)
		a.refuse = func(*http.Request) *metav1.Status {
			if strings.Contains(message, "not found") {
				return &metav1.Status{Code: 404, Reason: metav1.StatusReasonNotFound, Message: message}
			}
			return &metav1.Status{Code: 403, Reason: metav1.StatusReasonForbidden, Message: message}
		}
		var warnings []string
		once(&warnings).Read(t.Context(), c, []string{"a"}, func(r Result) {
			if r.Err == nil || r.Err.Reason != want.reason || !strings.Contains(r.Err.Hint, want.hint) {
				t.Errorf("%s: %+v", message, r.Err)
			}
		})
		if len(warnings) > 0 {
			t.Errorf("nothing was created, and yet: %q", warnings)
		}
	}
}

func podOn(name, node string, status corev1.PodStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: DefaultNamespace, UID: "uid-of-" + "x"},
		Spec:       corev1.PodSpec{NodeName: node}, Status: status,
	}
}

func TestDeployedAgentsAreFound(t *testing.T) {
	t.Parallel()
	a, c := newAPI(t)
	running := corev1.PodStatus{Phase: corev1.PodRunning}
	waits := podOn("waits", "", corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "Insufficient memory"},
	}})
	waits.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
		NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchFields: []corev1.NodeSelectorRequirement{{Key: "metadata.name", Values: []string{"crowded"}}}}},
	}}}
	older := podOn("older", "good", corev1.PodStatus{Phase: corev1.PodFailed})
	for _, p := range []*corev1.Pod{
		podOn("a", "good", running), older, podOn("b", "no-image", waiting("ImagePullBackOff", "x509")), podOn("c", "mute", running),
		podOn("d", "no-kubelet", running), waits,
	} {
		p.UID = ""
		a.pods[p.Name] = p
	}
	a.run = func(p *corev1.Pod, _ int) (corev1.PodStatus, []byte) {
		if p.Spec.NodeName == "good" {
			return running, append([]byte("starting\n"), bytes.Repeat(frameOf(t, "good"), 2)...)
		}
		return running, []byte("hello\n")
	}
	a.refuse = func(r *http.Request) *metav1.Status {
		if strings.HasSuffix(r.URL.Path, "/d/log") {
			return &metav1.Status{Code: 500, Reason: metav1.StatusReasonInternalError, Message: "dial tcp 10.0.0.9:10250: connect: connection refused"}
		}
		return nil
	}
	want := map[string]string{
		"good": "frame of good", "no-image": "image_unavailable: ImagePullBackOff: x509", "mute": "not_found: the log holds no frame",
		"crowded": `unschedulable: the pod "waits" has no node: Insufficient memory`, "no-kubelet": "unreachable: ", "bare": "unschedulable: no agent runs on it",
	}
	got := map[string]string{}
	opt := Options{Namespace: DefaultNamespace, Selector: DefaultSelector, Sleep: soon}
	if err := Find(t.Context(), c, slices.Collect(maps.Keys(want)), opt, func(r Result) { got[r.Node] = outcome(r) }); err != nil {
		t.Fatal(err)
	}
	for node, text := range want {
		if !strings.HasPrefix(got[node], text) {
			t.Errorf("%s: %q, want %q", node, got[node], text)
		}
	}
	clear(got)
	if err := Find(t.Context(), c, nil, opt, func(r Result) { got[r.Node] = outcome(r) }); err != nil || len(got) != 4 {
		t.Errorf("without names: %v, %v", got, err)
	}
	opt.Selector = "not a selector !"
	if err := Find(t.Context(), c, nil, opt, nil); err == nil {
		t.Error("the selector is taken")
	}
}

func TestImageIsPickedFromTheNode(t *testing.T) {
	t.Parallel()
	images := []corev1.ContainerImage{
		{Names: []string{"a.example/tools/busybox@sha256:00", "a.example/tools/busybox:1.36"}, SizeBytes: 4},
		{Names: []string{"a.example/big-busybox:1"}, SizeBytes: 400},
		{Names: []string{"a.example/other:1"}, SizeBytes: 1},
	}
	for pattern, want := range map[string]string{
		"*busybox*": "a.example/tools/busybox@sha256:00", "*busybox:*": "a.example/tools/busybox:1.36", "a.example/*:1": "a.example/other:1",
		"b.example/exact:1": "b.example/exact:1", "*none*": "",
	} {
		got, err := PickImage(pattern, images)
		if got != want || (err == nil) == (want == "") {
			t.Errorf("%s: %q, %v", pattern, got, err)
		}
	}
}

// The pods that are made for a run are those of deploy/agent, but for what they must
// differ in.
func TestPodIsThatOfTheDaemonSet(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../deploy/agent/daemonset.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Spec struct {
			Selector struct{ MatchLabels map[string]string }
			Template corev1.PodTemplateSpec
		}
	}
	if err := yaml.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	pod, err := once(new([]string)).pod("wk-1")
	if err != nil {
		t.Fatal(err)
	}
	want, got := set.Spec.Template.Spec, pod.Spec
	got.NodeName, got.RestartPolicy, got.ActiveDeadlineSeconds = "", "", nil
	got.Containers[0].Image, want.Containers[0].Image = "", ""
	got.Containers[0].ImagePullPolicy, want.Containers[0].ImagePullPolicy = "", ""
	want.Containers[0].Args, want.Containers[0].Env[0].ValueFrom.FieldRef.APIVersion = nil, "v1"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("DaemonSet (-), pod of one run (+):\n%s", diff)
	}
	var selected []string
	for key, value := range set.Spec.Selector.MatchLabels {
		selected = append(selected, key+"="+value)
		if set.Spec.Template.Labels[key] != value {
			t.Errorf("the DaemonSet's pods lack the label %s", key)
		}
	}
	slices.Sort(selected)
	slices.Reverse(selected)
	if text := strings.Join(selected, ","); text != DefaultSelector {
		t.Errorf("--agent reads pods with %q, the DaemonSet's have %q", DefaultSelector, text)
	}
	if pod.Labels["app.kubernetes.io/component"] == set.Spec.Selector.MatchLabels["app.kubernetes.io/component"] {
		t.Error("--agent would read the pods of single runs, too")
	}
}

// What a shell would see as $$ or $(X) is what the kubelet makes of it.
func TestCommandsAreLiteral(t *testing.T) {
	t.Parallel()
	o := once(new([]string))
	o.Command = []string{"sh", "-c", "echo $$ $(date)"}
	pod, err := o.pod("wk-1")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(pod.Spec.Containers[0].Command); got != "[sh -c echo $$$$ $$(date)]" {
		t.Errorf("the command is %s", got)
	}
}
