package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Pods reads all pods and hands them over in pages, each with the
// resourceVersion of its list. A page may be empty; its slice belongs to page. A
// pod may have no more than keptPod: names, images, secrets to pull with, and how far
// it is. An error of page ends the list and is returned.
func (c *Cluster) Pods(ctx context.Context, page func(items []corev1.Pod, resourceVersion string) error) error {
	return c.listPods(ctx, c.options.Namespace, "", keptPod, page)
}

// listPods keeps whole pods where it is told of nothing to keep.
func (c *Cluster) listPods(ctx context.Context, namespace, selector string, kept keep, page func([]corev1.Pod, string) error) error {
	err := listing[corev1.Pod]{
		path: corePath("pods", namespace), selector: selector, accept: acceptProtobuf, page: page,
		decode: func(a answer) (chunk[corev1.Pod], error) {
			if kept != nil && a.mediaType == mediaProtobuf {
				return decodeList[corev1.Pod](a, "PodList", kept)
			}
			var list corev1.PodList
			err := decode(a, "PodList", &list)
			return chunk[corev1.Pod]{list.Items, list.ListMeta}, err
		},
		identity: func(p corev1.Pod) string { return identity(&p.ObjectMeta) },
	}.run(ctx, c)
	return listError("pods", err)
}

// Events reads all events, as Pods does pods.
func (c *Cluster) Events(ctx context.Context, page func(items []corev1.Event, resourceVersion string) error) error {
	err := listing[corev1.Event]{
		path: corePath("events", c.options.Namespace), accept: acceptProtobuf, page: page,
		decode: func(a answer) (chunk[corev1.Event], error) {
			if a.mediaType == mediaProtobuf {
				return decodeList[corev1.Event](a, "EventList", keptEvent)
			}
			var list corev1.EventList
			err := decode(a, "EventList", &list)
			return chunk[corev1.Event]{list.Items, list.ListMeta}, err
		},
		identity: func(e corev1.Event) string { return identity(&e.ObjectMeta) },
	}.run(ctx, c)
	return listError("events", err)
}

// Nodes reads all nodes, as Pods does pods.
func (c *Cluster) Nodes(ctx context.Context, page func(items []corev1.Node, resourceVersion string) error) error {
	err := listing[corev1.Node]{
		path: corePath("nodes", ""), accept: acceptProtobuf, page: page,
		decode: func(a answer) (chunk[corev1.Node], error) {
			if a.mediaType == mediaProtobuf {
				return decodeList[corev1.Node](a, "NodeList", keptNode)
			}
			var list corev1.NodeList
			err := decode(a, "NodeList", &list)
			return chunk[corev1.Node]{list.Items, list.ListMeta}, err
		},
		identity: func(n corev1.Node) string { return identity(&n.ObjectMeta) },
	}.run(ctx, c)
	return listError("nodes", err)
}

func identity(meta *metav1.ObjectMeta) string {
	if meta.UID != "" {
		return string(meta.UID)
	}
	return meta.Namespace + "/" + meta.Name
}

func listError(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("listing %s: %w", what, err)
}

// corePath is the path of a core/v1 resource, of all namespaces when namespace
// is empty.
func corePath(resource, namespace string) string {
	if namespace == "" {
		return "/api/v1/" + resource
	}
	return "/api/v1/namespaces/" + namespace + "/" + resource
}
