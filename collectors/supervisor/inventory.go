package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/regpolicy/regpolicy/collectors/secrets"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// Cluster is a cluster that the Supervisor names.
type Cluster struct {
	Namespace, Name string
	// Phase is Cluster API's word for where it is in its life, such as "Provisioned".
	Phase string
}

// String is the cluster's key in documents: namespace/name.
func (c Cluster) String() string { return c.Namespace + "/" + c.Name }

// inventory is what the Supervisor lists, read once for all clusters: each of them
// alone would list as much again.
type inventory struct {
	api    *kube.Cluster
	served map[schema.GroupVersionResource]bool
	err    error // of asking what is served
	lists  map[schema.GroupVersionResource]*listed
}

// listed are the objects of one resource by namespace, and what went wrong.
type listed struct {
	byNamespace map[string][]source.Object
	err         error
}

func takeInventory(ctx context.Context, api *kube.Cluster) *inventory {
	in := &inventory{api: api, lists: map[schema.GroupVersionResource]*listed{}}
	in.served, in.err = api.Served(ctx)
	taken := map[schema.GroupResource]bool{}
	for _, kind := range secrets.LiveKinds() {
		gvr := schema.GroupVersionResource{Group: kind.Group, Version: kind.Version, Resource: kind.Resource}
		if !in.served[gvr] || taken[gvr.GroupResource()] {
			continue
		}
		taken[gvr.GroupResource()] = true
		nameless := 0
		l := &listed{byNamespace: map[string][]source.Object{}}
		l.err = api.List(ctx, gvr.Group, gvr.Version, gvr.Resource, func(o source.Object) error {
			if namesClusters(gvr) && !clusterOf(o).valid() {
				nameless++
				return nil
			}
			l.byNamespace[o.Namespace()] = append(l.byNamespace[o.Namespace()], o)
			return nil
		})
		if l.err == nil && nameless > 0 {
			l.err = fmt.Errorf("listing %s: %d of them have a name that no API server would take", gvr.Resource, nameless)
		}
		in.lists[gvr] = l
	}
	return in
}

// clusters are those of both kinds, sorted, each once: a TanzuKubernetesCluster and
// the Cluster that carries it out are one. complete tells that there are no others.
func (in *inventory) clusters() (found []Cluster, complete bool) {
	byName := map[string]Cluster{}
	for gvr, l := range in.lists {
		if !namesClusters(gvr) {
			continue
		}
		for _, objects := range l.byNamespace {
			for _, o := range objects {
				c := clusterOf(o)
				c.Phase = cmp.Or(c.Phase, byName[c.String()].Phase)
				byName[c.String()] = c
			}
		}
	}
	for _, c := range byName {
		found = append(found, c)
	}
	slices.SortFunc(found, func(a, b Cluster) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return found, in.problem() == nil
}

// namesClusters tells of the two kinds whose objects are clusters.
func namesClusters(gvr schema.GroupVersionResource) bool {
	return gvr.Resource == "clusters" || gvr.Resource == "tanzukubernetesclusters"
}

// valid tells whether the API could have such an object: the name becomes part of
// paths, and of a file's.
func (c Cluster) valid() bool {
	return len(validation.IsDNS1123Label(c.Namespace)) == 0 && len(validation.IsDNS1123Subdomain(c.Name)) == 0
}

func clusterOf(o source.Object) Cluster {
	c := Cluster{Namespace: o.Namespace(), Name: o.Name()}
	if status, ok := o.Map["status"].(map[string]any); ok && o.Kind() == "Cluster" {
		c.Phase, _ = status["phase"].(string)
	}
	return c
}

// problem is why there may be more clusters than were found.
func (in *inventory) problem() error {
	if in.err != nil {
		return in.err
	}
	for gvr, l := range in.lists {
		if l.err != nil && namesClusters(gvr) {
			return l.err
		}
	}
	return nil
}

// of is the Supervisor as the clusters of a namespace see it: what belongs to no
// namespace, and what is in theirs.
func (in *inventory) of(namespace string) *view { return &view{in, namespace} }

type view struct {
	*inventory
	namespace string
}

func (v *view) Server() string { return v.api.Server() }

func (v *view) Lookup() source.Lookup { return v.api.Lookup() }

func (v *view) Served(context.Context) (map[schema.GroupVersionResource]bool, error) {
	return v.served, v.err
}

func (v *view) List(_ context.Context, group, version, resource string, each func(source.Object) error) error {
	l := v.lists[schema.GroupVersionResource{Group: group, Version: version, Resource: resource}]
	if l == nil {
		return fmt.Errorf("listing %s.%s: %w", resource, group, kube.ErrNotServed)
	}
	for _, o := range l.byNamespace[""] {
		if err := each(o); err != nil {
			return err
		}
	}
	if v.namespace != "" {
		for _, o := range l.byNamespace[v.namespace] {
			if err := each(o); err != nil {
				return err
			}
		}
	}
	return l.err
}
