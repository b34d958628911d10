package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/internal/managed"
)

// lastApplied repeats an object in its own annotation, a Secret's data too.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// Lookup gets a Secret or ConfigMap by name. It asks for JSON, which is the wire
// form that layers of base64 are counted on; kubectl's last applied configuration
// is left out, and of managedFields all but when spec and data were changed.
func (c *Cluster) Lookup() source.Lookup {
	return func(ctx context.Context, kind, namespace, name string) (source.Object, error) {
		object, err := c.get(ctx, kind, namespace, name)
		if err != nil {
			return source.Object{}, fmt.Errorf("reading %s %q of namespace %q: %w", strings.ToLower(kind), name, namespace, err)
		}
		return object, nil
	}
}

func (c *Cluster) get(ctx context.Context, kind, namespace, name string) (source.Object, error) {
	resource := ""
	switch kind {
	case "Secret":
		resource = "secrets"
	case "ConfigMap":
		resource = "configmaps"
	default:
		return source.Object{}, &failure{reason: "internal", err: fmt.Errorf("objects of kind %q are not looked up", kind)}
	}
	// A reference in a manifest is foreign text; such a name cannot exist.
	if !segment(namespace) || !segment(name) {
		return source.Object{}, fmt.Errorf("%w: this is not a valid name", source.ErrNotFound)
	}
	at := corePath(resource, namespace) + "/" + name
	got, err := c.fetch(ctx, request{path: at, accept: mediaJSON, most: maxObject})
	switch {
	case apierrors.IsNotFound(err) && spoken(err):
		return source.Object{}, &refusal{source.ErrNotFound, err}
	case apierrors.IsForbidden(err):
		return source.Object{}, &refusal{source.ErrForbidden, err}
	case err != nil:
		return source.Object{}, err
	}
	content, err := decodeObject(got, kind)
	if err != nil {
		return source.Object{}, err
	}
	return c.object(content, "get", at), nil
}

// refusal is a source.Err... in the server's own words.
type refusal struct{ is, err error }

func (r *refusal) Error() string   { return r.err.Error() }
func (r *refusal) Unwrap() []error { return []error{r.is, r.err} }

// segment tells whether a name can be one segment of a path.
func segment(name string) bool {
	return name != "" && len(name) <= 253 && len(content.IsPathSegmentName(name)) == 0
}

func decodeObject(a answer, kind string) (map[string]any, error) {
	if a.mediaType != mediaJSON {
		return nil, wrongMediaType(a.mediaType)
	}
	var content map[string]any
	if json.Unmarshal(a.body, &content) != nil {
		return nil, notKubernetes(kind)
	}
	if found, _ := content["kind"].(string); found != kind {
		return nil, &failure{reason: "parse_error", err: fmt.Errorf("the answer is of kind %q, not %q", found, kind)}
	}
	return content, nil
}

// object leaves out of an object what no collector reads, and says where the
// object is from.
func (c *Cluster) object(content map[string]any, method, at string) source.Object {
	managed.Cut(content)
	meta, _ := content["metadata"].(map[string]any)
	if annotations, ok := meta["annotations"].(map[string]any); ok {
		if delete(annotations, lastApplied); len(annotations) == 0 {
			delete(meta, "annotations")
		}
	}
	version, _ := meta["resourceVersion"].(string)
	return source.Object{Map: content, Provenance: evidence.Provenance{
		Source: c.options.Source, Method: method, Path: at, ResourceVersion: version,
	}}
}

// List reads all objects of a resource, such as "cluster.x-k8s.io", "v1beta1",
// "clusters", one by one, in the wire form. A resource that the server does not
// have gives ErrNotServed. An error of each ends the list and is returned.
func (c *Cluster) List(ctx context.Context, group, version, resource string, each func(source.Object) error) error {
	gv := schema.GroupVersion{Group: group, Version: version}
	at, err := c.listPath(ctx, gv, resource)
	if err == nil {
		err = listing[map[string]any]{
			path: at, accept: mediaJSON, decode: decodeObjects, identity: objectIdentity,
			page: func(items []map[string]any, _ string) error {
				for _, item := range items {
					if err := each(c.object(item, "list", at)); err != nil {
						return err
					}
				}
				return nil
			},
		}.run(ctx, c)
	}
	if code(err) == http.StatusNotFound || code(err) == http.StatusForbidden && !c.mayServe(ctx, gv, resource) {
		err = ErrNotServed
	}
	return listError(gv.WithResource(resource).GroupResource().String(), err)
}

// mayServe is false when a resource is known not to exist. The server checks
// rights first, so it forbids what it does not have, too.
func (c *Cluster) mayServe(ctx context.Context, gv schema.GroupVersion, resource string) bool {
	resources, err := c.discover(ctx, gv)
	if err != nil {
		return !errors.Is(err, ErrNotServed)
	}
	_, ok := resources[resource]
	return ok
}

// listPath needs to know whether a resource is namespaced when one namespace is
// asked for: below a namespace, the server does not know cluster-wide ones.
func (c *Cluster) listPath(ctx context.Context, gv schema.GroupVersion, resource string) (string, error) {
	prefix := groupPath(gv)
	if c.options.Namespace == "" {
		return prefix + "/" + resource, nil
	}
	resources, err := c.discover(ctx, gv)
	if err != nil {
		return "", err
	}
	namespaced, served := resources[resource]
	switch {
	case !served:
		return "", ErrNotServed
	case namespaced:
		return prefix + "/namespaces/" + c.options.Namespace + "/" + resource, nil
	default:
		return prefix + "/" + resource, nil
	}
}

func decodeObjects(a answer) (chunk[map[string]any], error) {
	if a.mediaType != mediaJSON {
		return chunk[map[string]any]{}, wrongMediaType(a.mediaType)
	}
	var list struct {
		metav1.TypeMeta `json:",inline"`
		Metadata        metav1.ListMeta  `json:"metadata"`
		Items           []map[string]any `json:"items"`
	}
	if json.Unmarshal(a.body, &list) != nil {
		return chunk[map[string]any]{}, notKubernetes("a list")
	}
	kind, ok := strings.CutSuffix(list.Kind, "List")
	if !ok {
		return chunk[map[string]any]{}, &failure{reason: "parse_error", err: fmt.Errorf("the answer is of kind %q, not a list", list.Kind)}
	}
	for i, item := range list.Items {
		if item == nil {
			return chunk[map[string]any]{}, notKubernetes("a list of objects")
		}
		// Built-in kinds say theirs once, for the list.
		if item["kind"] == nil && kind != "" {
			list.Items[i]["kind"], list.Items[i]["apiVersion"] = kind, list.APIVersion
		}
	}
	return chunk[map[string]any]{list.Items, list.Metadata}, nil
}

func objectIdentity(content map[string]any) string {
	meta, _ := content["metadata"].(map[string]any)
	if uid, _ := meta["uid"].(string); uid != "" {
		return uid
	}
	return fmt.Sprintf("%v/%v", meta["namespace"], meta["name"])
}
