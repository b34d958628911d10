package source

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// isClusterDump tells the folder of kubectl cluster-info dump, which is written
// in JSON or in YAML.
func isClusterDump(t *tree, dir string, entries []fs.DirEntry) bool {
	for _, ext := range []string{".json", ".yaml"} {
		nodes := func(e fs.DirEntry) bool { return e.Name() == "nodes"+ext && !e.IsDir() }
		pods := func(e fs.DirEntry) bool { return e.IsDir() && t.exists(path.Join(dir, e.Name(), "pods"+ext)) }
		if slices.ContainsFunc(entries, nodes) && slices.ContainsFunc(entries, pods) {
			return true
		}
	}
	return false
}

// clusterDump reads kubectl cluster-info dump --output-directory. It dumps one
// namespace after another and stops at the first error.
func (w *walker) clusterDump(ctx context.Context) error {
	ext := ".json"
	if w.t.exists("nodes.yaml") {
		ext = ".yaml"
	}
	err := w.folder(ctx, ".", rules{
		enter: func(dir string) bool { return !strings.Contains(dir, "/") },
		wants: func(name string) bool { return strings.HasSuffix(name, ext) },
		meant: func(string) bool { return true },
	})
	if err != nil {
		return err
	}
	entries, err := w.t.ReadDir(".")
	if err != nil {
		return statError(w.from.arg, err)
	}
	for _, resource := range []string{"events", "pods"} {
		var missing []string
		for _, e := range entries {
			if e.IsDir() && !isHidden(e.Name()) && !w.t.exists(path.Join(e.Name(), resource+ext)) {
				missing = append(missing, e.Name())
			}
		}
		w.lacks(".", resource, missing, "")
	}
	w.stamp(time.Time{})
	w.o.defaultDump(w.from.arg, w.first)
	return nil
}

// defaultDump tells of a dump that holds only what kubectl dumps when it is not
// told more. That there are other namespaces is not in it.
func (o *opener) defaultDump(arg string, first int) {
	seen := map[string]bool{}
	for _, object := range o.in.Objects[first:] {
		if object.Namespace() != "" {
			seen[object.Namespace()] = true
		}
	}
	delete(seen, "kube-system")
	delete(seen, "default")
	if len(seen) == 0 {
		o.in.Notices = append(o.in.Notices, fmt.Sprintf(
			"%q holds nothing of namespaces other than default and kube-system: kubectl cluster-info dump reads all with --all-namespaces", arg))
	}
}
