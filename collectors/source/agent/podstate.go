package agent

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// notRunning says why a pod has no log to read, nil where it has one.
func notRunning(p *corev1.Pod) *Error {
	if p.Status.Phase == corev1.PodRunning || p.Status.Phase == corev1.PodSucceeded {
		return stopped(p)
	}
	if reason := unscheduled(p); reason != "" {
		return fault("unschedulable", "the pod %q has no node: %s", p.Name, reason)
	}
	if err := hopeless(p); err != nil {
		return err
	}
	return fault("timeout_exec", "the pod %q is %s: the kubelet has not started it", p.Name, strings.ToLower(string(p.Status.Phase)))
}

// stopped is for a pod of a DaemonSet whose container is not running just now.
func stopped(p *corev1.Pod) *Error {
	for _, s := range p.Status.ContainerStatuses {
		if s.State.Waiting != nil && s.RestartCount == 0 {
			return hopeless(p)
		}
	}
	return nil // it runs, or wrote its log before it ended
}

// hopeless says why a container will not start by itself, nil where it may.
func hopeless(p *corev1.Pod) *Error {
	if p.Status.Phase == corev1.PodFailed {
		return failed(p)
	}
	for _, s := range p.Status.ContainerStatuses {
		w := s.State.Waiting
		switch {
		case w == nil, w.Reason == "ContainerCreating", w.Reason == "PodInitializing", w.Reason == "":
		case slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable"}, w.Reason):
			return fault("image_unavailable", "%s: %s", w.Reason, w.Message)
		default:
			return fault("internal", "the container does not start: %s: %s", w.Reason, w.Message)
		}
	}
	return nil
}

func failed(p *corev1.Pod) *Error {
	reason := "internal"
	if strings.HasPrefix(p.Status.Reason, "OutOf") || p.Status.Reason == "Evicted" || p.Status.Reason == "UnexpectedAdmissionError" || strings.HasPrefix(p.Status.Reason, "Node") {
		reason = "unschedulable"
	}
	for _, s := range p.Status.ContainerStatuses {
		if t := s.State.Terminated; t != nil && p.Status.Reason == "" {
			return fault(reason, "the agent ended with exit code %d: %s %s", t.ExitCode, t.Reason, t.Message)
		}
	}
	return fault(reason, "the pod failed: %s: %s", p.Status.Reason, p.Status.Message)
}

func unscheduled(p *corev1.Pod) string {
	if p.Spec.NodeName != "" {
		return ""
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	return ""
}
