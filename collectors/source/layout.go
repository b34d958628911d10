package source

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// A layout is how a folder or an archive is laid out.
type layout int

const (
	manifests    layout = iota
	capture             // objects/, nodes/<node>/, endpoints/
	troubleshoot        // a support bundle of troubleshoot.sh: cluster-resources/
	mustGather          // oc adm must-gather: namespaces/<ns>/core/, cluster-scoped-resources/
	clusterDump         // kubectl cluster-info dump --output-directory: nodes.json, <ns>/pods.json
	crashd              // an archive of crash-diagnostics: kubecapture/<group>_<version>/
)

// bundles tell the format of each layout that another tool writes.
var bundles = map[layout]string{
	troubleshoot: evidence.FormatTroubleshoot, mustGather: evidence.FormatMustGather,
	clusterDump: evidence.FormatClusterDump, crashd: evidence.FormatCrashDiagnostics,
}

// findLayout tells the layout and the folder that it begins in: the root, or the
// only folder of a folder without YAML and JSON files of its own. Must-gathers
// have two such folders, so two are tried. Archives of crashd have its working
// directory's whole path.
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
		next := onlyFolder(entries)
		if next == "" {
			break
		}
		dir = path.Join(dir, next)
	}
	if dir := findCrashd(t); dir != "" {
		return crashd, dir, nil
	}
	return manifests, ".", nil
}

// onlyFolder is the one folder of a folder that holds no YAML and JSON of its own.
func onlyFolder(entries []fs.DirEntry) string {
	only := ""
	for _, e := range entries {
		switch {
		case isHidden(e.Name()):
		case e.IsDir() && only != "", isManifestName(e.Name()):
			return ""
		case e.IsDir():
			only = e.Name()
		}
	}
	return only
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
	case has["kubecapture"] && isCrashd(t, path.Join(dir, "kubecapture")):
		return crashd
	case isMustGather(t, dir, has), len(images(t, dir, entries)) > 1:
		return mustGather
	case isClusterDump(t, dir, entries):
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
	parts := strings.Split(name, "/")
	for i, part := range parts {
		switch part {
		case "nodes", "endpoints":
			if i < 3 {
				return true
			}
		case "etc", "usr": // copies of nodes' files in bundles
			return true
		}
	}
	return parts[len(parts)-1] == timestampFile
}
