package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"gopkg.in/yaml.v3"
)

// readManifests reads the objects of a YAML text.
func readManifests(name string, text []byte) ([]object, error) {
	var objects []object
	for dec := yaml.NewDecoder(bytes.NewReader(text)); ; {
		var o object
		if err := dec.Decode(&o); errors.Is(err, io.EOF) {
			return objects, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading %q: %w", name, err)
		}
		objects = append(objects, o)
	}
}

// commentedManifests reads the objects that stand in the comments of a YAML text:
// each between "# ---" and the end of the comment or an empty line of it.
func commentedManifests(name string, text []byte) ([]object, error) {
	var inside bool
	var found strings.Builder
	for line := range strings.Lines(string(text)) {
		content, comment := strings.CutPrefix(strings.TrimRight(line, "\n"), "# ")
		switch {
		case content == "---" && comment:
			inside = true
			found.WriteString("---\n")
		case !comment:
			inside = false
		case inside:
			found.WriteString(content + "\n")
		}
	}
	return readManifests(name, []byte(strings.TrimPrefix(found.String(), "---\n")))
}

// collections are the paths of kinds; those of namespaced ones have a %s.
var collections = map[string]string{
	"Namespace":                "/api/v1/namespaces",
	"ServiceAccount":           "/api/v1/namespaces/%s/serviceaccounts",
	"Secret":                   "/api/v1/namespaces/%s/secrets",
	"ClusterRole":              "/apis/rbac.authorization.k8s.io/v1/clusterroles",
	"ClusterRoleBinding":       "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
	"Role":                     "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/roles",
	"RoleBinding":              "/apis/rbac.authorization.k8s.io/v1/namespaces/%s/rolebindings",
	"CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
	"Cluster":                  "/apis/cluster.x-k8s.io/v1beta1/namespaces/%s/clusters",
	"Machine":                  "/apis/cluster.x-k8s.io/v1beta1/namespaces/%s/machines",
	"TanzuKubernetesCluster":   "/apis/run.tanzu.vmware.com/v1alpha3/namespaces/%s/tanzukubernetesclusters",
	"TkgServiceConfiguration":  "/apis/run.tanzu.vmware.com/v1alpha3/tkgserviceconfigurations",
}

// create creates an object. Its status, where the kind has one apart, comes after it.
func (c *client) create(ctx context.Context, o object) error {
	kind := fmt.Sprint(o["kind"])
	path, known := collections[kind]
	if !known {
		return fmt.Errorf("no way to create a %s", kind)
	}
	metadata, _ := o["metadata"].(object)
	if strings.Contains(path, "%s") {
		path = fmt.Sprintf(path, metadata["namespace"])
	}
	var created object
	if err := c.post(ctx, path, o, &created); err != nil {
		return err
	}
	if kind == "CustomResourceDefinition" || o["status"] == nil {
		return nil
	}
	created["status"] = o["status"]
	return c.do(ctx, "PUT", fmt.Sprintf("%s/%s/status", path, metadata["name"]), created, nil)
}
