package source

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// troubleshoot reads the objects of a troubleshoot.sh support bundle
// (https://troubleshoot.sh/docs/collect/cluster-resources).
func (w *walker) troubleshoot(ctx context.Context) error {
	const dir = "cluster-resources"
	err := w.folder(ctx, dir, rules{
		enter: func(name string) bool { return name != dir+"/pods/logs" && name != dir+"/auth-cani-list" },
		wants: func(name string) bool {
			return strings.HasSuffix(name, ".json") && !strings.HasSuffix(name, "-errors.json")
		},
	})
	if err != nil {
		return err
	}
	// Only errors about what is used here: a bundle rarely may list everything.
	for _, resource := range []string{"events", "nodes", "pods"} {
		name := path.Join(dir, resource+"-errors.json")
		if !w.t.exists(name) {
			continue
		}
		data, ok, err := w.read(name, w.o.limits.FileBytes)
		if err != nil {
			return err
		}
		if ok {
			w.bundleErrors(name, resource, data)
		}
	}
	return nil
}

// bundleErrors makes a Problem of what a bundle says it could not list: errors by
// namespace, or a list of errors.
func (w *walker) bundleErrors(name, resource string, data []byte) {
	var byNamespace map[string]string
	var list []string
	if json.Unmarshal(data, &byNamespace) == nil {
		for _, namespace := range slices.Sorted(maps.Keys(byNamespace)) {
			list = append(list, byNamespace[namespace])
		}
	} else if json.Unmarshal(data, &list) != nil {
		return
	}
	if len(list) == 0 {
		return
	}
	reason := "not_in_source"
	if strings.Contains(list[0], "forbidden") {
		reason = "forbidden"
	}
	w.problem(Problem{
		Path: name, Reason: reason, Detail: fmt.Sprintf("the bundle lacks some %s: %s", resource, oneLine(list[0])),
		Hint: "collect the bundle with a role that may list them in all namespaces",
	})
}

// mustGather reads the objects of a must-gather (oc adm must-gather, oc adm
// inspect). The folders of single pods hold what core/pods.yaml holds.
func (w *walker) mustGather(ctx context.Context) error {
	err := error(nil)
	if w.t.exists("cluster-scoped-resources") {
		err = w.folder(ctx, "cluster-scoped-resources", rules{})
	}
	if err == nil && w.t.exists("namespaces") {
		err = w.folder(ctx, "namespaces", rules{
			enter: func(dir string) bool {
				parts := strings.Split(dir, "/")
				return len(parts) < 3 || len(parts) == 3 && parts[2] != "pods"
			},
		})
	}
	return err
}
