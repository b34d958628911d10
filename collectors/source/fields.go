package source

import (
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// APIVersion is the object's apiVersion, "" where it has none.
func (o Object) APIVersion() string { return text(o.Map, "apiVersion") }

// Kind is the object's kind, "" where it has none.
func (o Object) Kind() string { return text(o.Map, "kind") }

// Name is metadata.name, "" where it has none.
func (o Object) Name() string { return text(mapping(o.Map, "metadata"), "name") }

// Namespace is metadata.namespace. For a manifest without one it is "default",
// where kubectl would put it, and "" if the kind is known to have none.
func (o Object) Namespace() string {
	namespace := text(mapping(o.Map, "metadata"), "namespace")
	if namespace == "" && !clusterScoped(o.Kind()) {
		return "default"
	}
	return namespace
}

// clusterScoped knows the kinds of Kubernetes and TKG that have no namespace.
func clusterScoped(kind string) bool {
	switch kind {
	case "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
		"ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "FlowSchema", "IngressClass",
		"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration", "Namespace", "Node",
		"PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
		"VolumeAttachment",
		"KubernetesRelease", "TanzuKubernetesAddon", "TanzuKubernetesRelease", "TkgServiceConfiguration":
		return true
	}
	return false
}

// Decode reads an object into a struct of the Kubernetes API: corev1.Pod,
// corev1.Event, corev1.Node. Fields that T does not have are left out; a value of
// another type than T wants is an error that names its field.
func Decode[T any](o Object) (*T, error) {
	typed := new(T)
	err := decodeInto(o.Map, typed)
	if err != nil {
		return nil, fmt.Errorf("decoding %s %q: %w", o.Kind(), o.Namespace()+"/"+o.Name(), err)
	}
	return typed, nil
}

// decodeInto fills what fits even when it returns an error.
func decodeInto(from map[string]any, typed any) error {
	// The converter is several times faster than a turn through text, but its
	// errors do not name the field.
	if runtime.DefaultUnstructuredConverter.FromUnstructured(from, typed) == nil {
		return nil
	}
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	err = json.Unmarshal(data, typed)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		// The error's own text would repeat a number.
		return fmt.Errorf("%s is not of type %s", wrong.Field, wrong.Type)
	}
	return err
}

// PodSpec is the pod specification that an object runs pods with: its own for a
// Pod, that of its pod template for a Deployment, StatefulSet, DaemonSet,
// ReplicaSet, ReplicationController, Job, CronJob and PodTemplate, and for any
// other kind that has a template of the same shape. It is nil for all others.
//
// Where a field has the wrong type the rest is returned; Open has made a Problem
// of it.
func PodSpec(o Object) *corev1.PodSpec {
	spec, _ := podSpec(o)
	return spec
}

func podSpec(o Object) (*corev1.PodSpec, error) {
	path := templatePath(o)
	if path == nil {
		return nil, nil
	}
	spec := new(corev1.PodSpec)
	if err := decodeInto(mapping(o.Map, path...), spec); err != nil {
		return spec, err
	}
	return spec, nil
}

// templatePath is where an object's pod specification stands.
func templatePath(o Object) []string {
	paths := [][]string{
		{"spec", "template", "spec"},
		{"spec", "jobTemplate", "spec", "template", "spec"},
	}
	if o.APIVersion() == "v1" {
		switch o.Kind() {
		case "Pod":
			paths = [][]string{{"spec"}}
		case "PodTemplate":
			paths = [][]string{{"template", "spec"}}
		}
	}
	for _, path := range paths {
		if _, ok := mapping(o.Map, path...)["containers"]; ok {
			return path
		}
	}
	return nil
}

func text(m map[string]any, key string) string {
	s, _ := m[key].(string)
	return s
}

// mapping descends into nested mappings; nil where one is absent.
func mapping(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	return m
}
