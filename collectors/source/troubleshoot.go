package source

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const clusterResources = "cluster-resources"

// troubleshoot reads the objects of a troubleshoot.sh support bundle
// (https://troubleshoot.sh/docs/collect/cluster-resources), the Secrets and
// ConfigMaps that its spec named, and what it copied from nodes.
func (w *walker) troubleshoot(ctx context.Context) error {
	w.namespace = func(name string) string {
		if dir, file := path.Split(name); dir == clusterResources+"/configmaps/" {
			return strings.TrimSuffix(file, ".json")
		}
		return ""
	}
	// Files beside these are none of objects: auth-cani-list, image-pull-secrets
	// (user names by registry), lists of API groups.
	err := w.folder(ctx, clusterResources, rules{
		enter: func(name string) bool {
			return name != clusterResources+"/pods/logs" && name != clusterResources+"/auth-cani-list" && name != clusterResources+"/image-pull-secrets"
		},
		wants: func(name string) bool {
			return strings.HasSuffix(name, ".json") && !strings.HasSuffix(name, "-errors.json")
		},
		meant: func(name string) bool { return isList(name) || name == clusterResources+"/nodes.json" },
	})
	w.namespace = nil
	if err != nil {
		return err
	}
	for _, resource := range []string{"events", "nodes", "pods"} {
		if err := w.unlisted(resource); err != nil {
			return err
		}
	}
	for dir, kind := range map[string]string{"configmaps": "ConfigMap", "secrets": "Secret"} {
		if err := w.namedOnes(ctx, dir, kind); err != nil {
			return err
		}
	}
	if err := w.copiedFromHosts(ctx); err != nil {
		return err
	}
	w.stampName(bundleTime(w.base, w.from.arg))
	return nil
}

// unlisted tells of which namespaces a bundle has no list. It says why in a file
// of errors, or, where it was not allowed to look, not at all. Only of what is
// used here: a bundle rarely may list everything.
func (w *walker) unlisted(resource string) error {
	name := path.Join(clusterResources, resource+"-errors.json")
	told := ""
	if w.t.exists(name) {
		data, ok, err := w.read(name, w.o.limits.FileBytes)
		if err != nil {
			return err
		}
		if ok {
			told = firstError(data)
		}
	}
	var missing []string
	if _, byNamespace := lists[resource]; byNamespace {
		for _, namespace := range w.namespacesOf() {
			if !w.t.exists(path.Join(clusterResources, resource, namespace+".json")) {
				missing = append(missing, namespace)
			}
		}
	}
	if told == "" {
		name = path.Join(clusterResources, resource)
	}
	w.lacks(name, resource, missing, told)
	return nil
}

// firstError is one of the errors of a file of them: by namespace, or a list.
func firstError(data []byte) string {
	var byNamespace map[string]string
	var list []string
	if json.Unmarshal(data, &byNamespace) == nil {
		for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
			return byNamespace[namespace]
		}
	} else if json.Unmarshal(data, &list) == nil && len(list) > 0 {
		return list[0]
	}
	return ""
}

// namedOne is a Secret or ConfigMap that a bundle's spec named, all of it or one
// key. Values are there only if the spec asked for them.
type namedOne struct {
	Namespace       string             `json:"namespace"`
	Name            string             `json:"name"`
	Key             string             `json:"key"`
	SecretExists    *bool              `json:"secretExists"`
	ConfigMapExists *bool              `json:"configMapExists"`
	KeyExists       bool               `json:"keyExists"`
	Value           *string            `json:"value"`
	Data            *map[string]string `json:"data"`
}

// namedOnes reads <dir>/<namespace>/<name>.json and <dir>/<namespace>/<name>/<key>.json.
func (w *walker) namedOnes(ctx context.Context, dir, kind string) error {
	if !w.t.exists(dir) {
		return nil
	}
	return w.files(ctx, dir, 4, func(name string) error {
		if !strings.HasSuffix(name, ".json") {
			return nil
		}
		data, ok, err := w.read(name, w.o.limits.FileBytes)
		if err != nil || !ok {
			return err
		}
		var one namedOne
		if err := json.Unmarshal(data, &one); err != nil || one.Name == "" || one.SecretExists == nil && one.ConfigMapExists == nil {
			w.problem(Problem{
				Path: name, Reason: "parse_error", Detail: "it is no " + kind + " as a support bundle tells of it", Hint: cureFile,
				Collectors: []string{evidence.Secrets},
			})
			return nil
		}
		w.named(name, kind, one)
		return nil
	})
}

func (w *walker) named(name, kind string, one namedOne) {
	held := w.o.in.captures[w.o.register(w.from)]
	id := objectKey{kind, one.Namespace, one.Name}
	if one.SecretExists != nil && !*one.SecretExists || one.ConfigMapExists != nil && !*one.ConfigMapExists {
		held.absent[id] = true
		return
	}
	values := map[string]any{}
	// A file of one key says nothing of others, one without data of none.
	withheld := &Withheld{More: one.Data == nil}
	put := func(key, value string) {
		if Masked(value) {
			withheld.Keys = append(withheld.Keys, key)
			return
		}
		if kind == "Secret" {
			value = base64.StdEncoding.EncodeToString([]byte(value))
		}
		values[key] = value
	}
	switch {
	case one.Data != nil:
		for key, value := range *one.Data {
			put(key, value)
		}
	case one.Value != nil:
		put(one.Key, *one.Value)
	case one.KeyExists:
		withheld.Keys = []string{one.Key}
	}
	w.merge(Object{
		Map: map[string]any{
			"apiVersion": "v1", "kind": kind, "data": values,
			"metadata": map[string]any{"namespace": one.Namespace, "name": one.Name},
		},
		Provenance: evidence.Provenance{Source: w.from.id(), Method: "file", Path: name, Line: 1},
		Withheld:   withheld,
	})
}

// merge takes up a Secret or ConfigMap of which the bundle may have another part:
// a file for each key, or the object itself.
func (w *walker) merge(object Object) {
	for _, i := range w.o.named[namedKeyOf(object)] {
		other := w.o.in.Objects[i]
		if other.Provenance.Source != object.Provenance.Source {
			continue
		}
		if other.Withheld != nil && other.Withheld.More {
			maps.Copy(mapping(other.Map, "data"), mapping(object.Map, "data"))
			w.o.in.Objects[i].Withheld = &Withheld{Keys: slices.Concat(other.Withheld.Keys, object.Withheld.Keys), More: object.Withheld.More}
		}
		return
	}
	w.o.keep(w.from, object)
}

// bundleTime is the time in the name that the tool gives a bundle's folder and
// archive: support-bundle-2026-11-26T00_13_47.
func bundleTime(names ...string) time.Time {
	for _, name := range names {
		name = path.Base(strings.ReplaceAll(name, `\`, "/"))
		_, text, found := strings.Cut(name, "-bundle-")
		const layout = "2006-01-02T15_04_05"
		if !found || len(text) < len(layout) {
			continue
		}
		if at, err := time.Parse(layout, text[:len(layout)]); err == nil {
			return at
		}
	}
	return time.Time{}
}
