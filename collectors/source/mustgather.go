package source

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// isMustGather tells a folder of oc adm inspect.
func isMustGather(t *tree, dir string, has map[string]bool) bool {
	return has["cluster-scoped-resources"] ||
		has["namespaces"] && t.anyIn(path.Join(dir, "namespaces"), func(e fs.DirEntry) bool {
			return e.IsDir() && t.isDir(path.Join(dir, "namespaces", e.Name(), "core"))
		})
}

// images are the folders that a must-gather of several images has, one for each.
func images(t *tree, dir string, entries []fs.DirEntry) []string {
	var out []string
	for _, e := range entries {
		if !e.IsDir() || isHidden(e.Name()) {
			continue
		}
		name := path.Join(dir, e.Name())
		has := map[string]bool{}
		for _, part := range []string{"cluster-scoped-resources", "namespaces"} {
			has[part] = t.isDir(path.Join(name, part))
		}
		if isMustGather(t, name, has) {
			out = append(out, e.Name())
		}
	}
	return out
}

// mustGather reads the objects of a must-gather (oc adm must-gather, oc adm
// inspect), of one image or of several.
func (w *walker) mustGather(ctx context.Context) error {
	entries, err := w.t.ReadDir(".")
	if err != nil {
		return statError(w.from.arg, err)
	}
	roots := []string{"."}
	if !w.t.exists("cluster-scoped-resources") && !w.t.exists("namespaces") {
		roots = images(w.t, ".", entries)
	}
	for _, root := range roots {
		if err := w.inspected(ctx, root); err != nil {
			return err
		}
	}
	w.stamp(w.gatherTime())
	return nil
}

// inspected reads what one image gathered. The folders of single pods hold what
// core/pods.yaml holds.
func (w *walker) inspected(ctx context.Context, root string) error {
	if dir := path.Join(root, "cluster-scoped-resources"); w.t.exists(dir) {
		if err := w.folder(ctx, dir, rules{}); err != nil {
			return err
		}
	}
	dir := path.Join(root, "namespaces")
	if !w.t.exists(dir) {
		return nil
	}
	below := func(name string) []string { return strings.Split(strings.TrimPrefix(name, dir+"/"), "/") }
	w.namespace = func(name string) string {
		if parts := below(name); strings.HasPrefix(name, dir+"/") && len(parts) == 3 && parts[1] == "core" {
			return parts[0]
		}
		return ""
	}
	defer func() { w.namespace = nil }()
	err := w.folder(ctx, dir, rules{
		enter: func(name string) bool {
			parts := below(name)
			return len(parts) < 2 || parts[1] != "pods"
		},
		meant: isList,
	})
	if err != nil {
		return err
	}
	w.uninspected(dir)
	return nil
}

// uninspected tells the namespaces that were to be gathered whole, and of which
// the lists are not there. Folders without the namespace's own object belong to
// scripts that gather only some resource.
func (w *walker) uninspected(dir string) {
	entries, _ := w.t.ReadDir(dir) // that it cannot be read was told when it was

	for _, resource := range []string{"events", "pods"} {
		var missing []string
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			if e.IsDir() && w.t.exists(path.Join(name, e.Name()+".yaml")) && !w.t.exists(path.Join(name, "core", resource+".yaml")) {
				missing = append(missing, e.Name())
			}
		}
		w.lacks(dir, resource, missing, "")
	}
}

// gatherTime is the last time in the file "timestamp", which lies beside what was
// gathered or above it, where a line is written at the beginning and at the end.
func (w *walker) gatherTime() time.Time {
	for dir := w.base; ; dir = path.Dir(dir) {
		if at := timestamp(w.root, path.Join(dir, timestampFile)); !at.IsZero() || dir == "." {
			return at
		}
	}
}

func timestamp(t *tree, name string) time.Time {
	f, err := t.Open(name)
	if err != nil {
		return time.Time{}
	}
	defer f.Close() //nolint:errcheck // read only
	const most = 64 << 10
	data, err := readUpTo(f, 0, most)
	if err != nil {
		return time.Time{}
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	for _, line := range slices.Backward(lines) {
		// Go's own form: "2026-11-26 00:10:00.123456789 +0000 UTC m=+0.052".
		line, _, _ = strings.Cut(strings.TrimSpace(line), " m=")
		if at, err := time.Parse("2006-01-02 15:04:05.999999999 -0700 MST", line); err == nil {
			return at
		}
	}
	return time.Time{}
}
