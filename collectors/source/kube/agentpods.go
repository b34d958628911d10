package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
)

// What the agent's pods take. CreatePod and DeletePod are all that this package
// writes to a cluster.

// PodsWith lists the pods of a namespace that a label selector chooses.
func (c *Cluster) PodsWith(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	if !segment(namespace) {
		return nil, fmt.Errorf("listing pods: %q is not a namespace's name", namespace)
	}
	if _, err := labels.Parse(selector); err != nil {
		return nil, fmt.Errorf("listing pods: %q is no label selector: %w", selector, err)
	}
	var pods []corev1.Pod
	err := c.listPods(ctx, namespace, selector, nil, func(items []corev1.Pod, _ string) error {
		for i := range items {
			items[i].ManagedFields = nil
		}
		pods = append(pods, items...)
		return nil
	})
	return pods, err
}

// Pod reads one pod.
func (c *Cluster) Pod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	at, err := podPath(namespace, name)
	if err != nil {
		return nil, err
	}
	got, err := c.fetch(ctx, request{path: at, accept: acceptProtobuf})
	if err != nil {
		return nil, fmt.Errorf("reading pod %q: %w", namespace+"/"+name, err)
	}
	var pod corev1.Pod
	if err := decode(got, "Pod", &pod); err != nil {
		return nil, fmt.Errorf("reading pod %q: %w", namespace+"/"+name, err)
	}
	return &pod, nil
}

// PodLog reads the last lines of a container's log, all when tail is 0, and no
// more than limit bytes: more is an error.
func (c *Cluster) PodLog(ctx context.Context, namespace, name, container string, tail int, limit int64) ([]byte, error) {
	at, err := podPath(namespace, name)
	if err != nil {
		return nil, err
	}
	query := url.Values{"container": {container}, "limitBytes": {strconv.FormatInt(limit+1, 10)}}
	if tail > 0 {
		query.Set("tailLines", strconv.Itoa(tail))
	}
	got, err := c.fetch(ctx, request{path: at + "/log", query: query, accept: "text/plain, */*", most: limit})
	if err != nil {
		return nil, fmt.Errorf("reading the log of pod %q: %w", namespace+"/"+name, err)
	}
	return got.body, nil
}

// CreatePod creates a pod. Its name must be one that nobody else would take: where
// an answer was lost and the request repeated, a pod that is there is the one that
// was asked for.
func (c *Cluster) CreatePod(ctx context.Context, pod *corev1.Pod) error {
	if !segment(pod.Namespace) || !segment(pod.Name) {
		return fmt.Errorf("creating pod %q: this is not a valid name", pod.Namespace+"/"+pod.Name)
	}
	body, err := json.Marshal(pod)
	if err != nil {
		return fmt.Errorf("creating pod %q: %w", pod.Namespace+"/"+pod.Name, err)
	}
	_, err = c.fetch(ctx, request{method: http.MethodPost, path: corePath("pods", pod.Namespace), accept: mediaJSON, body: body})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("creating pod %q: %w", pod.Namespace+"/"+pod.Name, err)
	}
	return nil
}

// DeletePod deletes a pod at once. One that is not there is no error.
func (c *Cluster) DeletePod(ctx context.Context, namespace, name string) error {
	at, err := podPath(namespace, name)
	if err != nil {
		return err
	}
	_, err = c.fetch(ctx, request{method: http.MethodDelete, path: at, query: url.Values{"gracePeriodSeconds": {"0"}}, accept: mediaJSON})
	if err != nil && (!apierrors.IsNotFound(err) || !spoken(err)) {
		return fmt.Errorf("deleting pod %q: %w", namespace+"/"+name, err)
	}
	return nil
}

func podPath(namespace, name string) (string, error) {
	if !segment(namespace) || !segment(name) {
		return "", fmt.Errorf("%q is not the name of a pod", namespace+"/"+name)
	}
	return corePath("pods", namespace) + "/" + name, nil
}
