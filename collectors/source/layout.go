package source

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A layout is how a folder or an archive is laid out.
type layout int

const (
	manifests    layout = iota
	capture             // objects/, nodes/<node>/, endpoints/
	troubleshoot        // a support bundle of troubleshoot.sh: cluster-resources/
	mustGather          // oc adm must-gather: namespaces/<ns>/core/, cluster-scoped-resources/
	clusterDump         // kubectl cluster-info dump --output-directory: nodes.json, <ns>/pods.json
)

// findLayout tells the layout and the folder that it begins in: the root, or the
// only folder of a folder without YAML and JSON files of its own. Must-gathers
// have two such folders, so two are tried.
func findLayout(t *tree) (layout, string, error) {
	const tries = 3
	dir := "."
	for range tries {
		entries, err := t.ReadDir(dir)
		if err != nil && dir == "." {
			return manifests, ".", err
		}
		if l := layoutOf(t, dir, entries); l != manifests {
			return l, dir, nil
		}
		next := ""
		for _, e := range entries {
			switch {
			case isHidden(e.Name()):
			case e.IsDir() && next != "", isManifestName(e.Name()):
				return manifests, ".", nil
			case e.IsDir():
				next = e.Name()
			}
		}
		if next == "" {
			break
		}
		dir = path.Join(dir, next)
	}
	return manifests, ".", nil
}

func layoutOf(t *tree, dir string, entries []fs.DirEntry) layout {
	has := map[string]bool{}
	for _, e := range entries {
		has[e.Name()] = e.IsDir()
	}
	isDir := func(e fs.DirEntry) bool { return e.IsDir() && !isHidden(e.Name()) }
	switch {
	case has["objects"],
		has["nodes"] && t.anyIn(path.Join(dir, "nodes"), isDir),
		has["endpoints"] && t.anyIn(path.Join(dir, "endpoints"), func(e fs.DirEntry) bool { return strings.HasSuffix(e.Name(), ".txt") }):
		return capture
	case has["cluster-resources"]:
		return troubleshoot
	case has["cluster-scoped-resources"],
		has["namespaces"] && t.anyIn(path.Join(dir, "namespaces"), func(e fs.DirEntry) bool {
			return e.IsDir() && t.isDir(path.Join(dir, "namespaces", e.Name(), "core"))
		}):
		return mustGather
	}
	if _, ok := has["nodes.json"]; ok && slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.IsDir() && t.exists(path.Join(dir, e.Name(), "pods.json"))
	}) {
		return clusterDump
	}
	return manifests
}

// holdsCapture tells a folder that surely is a capture. It is asked below a
// folder of manifests, where a folder named nodes alone says little.
func holdsCapture(entries []fs.DirEntry) bool {
	has := map[string]bool{}
	for _, e := range entries {
		has[e.Name()] = e.IsDir()
	}
	return has["objects"] && (has["nodes"] || has["endpoints"])
}

// anyIn tells whether a folder has an entry of some kind. One that cannot be
// listed counts: that it cannot is found again, and told, when it is read.
func (t *tree) anyIn(dir string, is func(fs.DirEntry) bool) bool {
	entries, err := t.ReadDir(dir)
	return err != nil || slices.ContainsFunc(entries, is)
}

func (t *tree) isDir(name string) bool {
	info, err := t.Lstat(name)
	return err == nil && info.IsDir()
}

func (t *tree) exists(name string) bool {
	_, err := t.Lstat(name)
	return err == nil
}

// isHidden tells names that hold no manifests: hidden ones, and what macOS adds
// to archives.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || name == "__MACOSX" }

func isManifestName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// isWanted tells which files of an archive are kept: the others, logs above all,
// would only cost memory.
func isWanted(name string) bool {
	if isManifestName(name) {
		return true
	}
	parts := strings.SplitN(name, "/", 4)
	for _, part := range parts[:min(len(parts), 3)] {
		if part == "nodes" || part == "endpoints" {
			return true
		}
	}
	return false
}
