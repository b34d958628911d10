package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// groups are the API groups that hold trust configuration and machines.
var groups = []string{"run.tanzu.vmware.com", "cluster.x-k8s.io"}

// Served tells which resources the server has in the groups that hold trust
// configuration (run.tanzu.vmware.com, cluster.x-k8s.io), in every version. What
// could be found out is returned beside an error, too.
func (c *Cluster) Served(ctx context.Context) (map[schema.GroupVersionResource]bool, error) {
	served := map[schema.GroupVersionResource]bool{}
	var problems error
	note := func(err error) {
		if problems == nil {
			problems = err
		} else {
			problems = fmt.Errorf("%w; %w", problems, err)
		}
	}
	for _, name := range groups {
		var group metav1.APIGroup
		err := c.getJSON(ctx, "/apis/"+name, &group)
		if code(err) == http.StatusNotFound {
			continue
		}
		if err == nil && group.Kind != "APIGroup" {
			err = notKubernetes("an API group")
		}
		if err != nil {
			note(fmt.Errorf("asking for API group %q: %w", name, err))
			continue
		}
		for _, version := range group.Versions {
			gv := schema.GroupVersion{Group: name, Version: version.Version}
			resources, err := c.discover(ctx, gv)
			if err != nil && !errors.Is(err, ErrNotServed) {
				note(err)
			}
			for resource := range resources {
				served[gv.WithResource(resource)] = true
			}
		}
	}
	return served, problems
}

// discover tells of each resource of a group's version whether it is namespaced.
// The answer is remembered.
func (c *Cluster) discover(ctx context.Context, gv schema.GroupVersion) (map[string]bool, error) {
	c.mu.Lock()
	known := c.resources[gv]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	var list metav1.APIResourceList
	err := c.getJSON(ctx, groupPath(gv), &list)
	switch {
	case code(err) == http.StatusNotFound:
		return nil, ErrNotServed
	case err == nil && list.Kind != "APIResourceList":
		err = notKubernetes("a list of API resources")
		fallthrough
	case err != nil:
		return nil, fmt.Errorf("asking for API group %q: %w", gv, err)
	}
	known = map[string]bool{}
	for _, resource := range list.APIResources {
		if !strings.Contains(resource.Name, "/") { // a subresource
			known[resource.Name] = resource.Namespaced
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resources[gv] = known
	return known, nil
}

func groupPath(gv schema.GroupVersion) string {
	if gv.Group == "" {
		return "/api/" + gv.Version
	}
	return "/apis/" + gv.Group + "/" + gv.Version
}

// code is the HTTP status of an error, 0 where there was none.
func code(err error) int {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return int(status.Status().Code)
	}
	return 0
}
