package source

import (
	"cmp"
	"context"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

const kubecapture = "kubecapture"

// groupVersion is how crashd names the folders of its objects: core_v1,
// cluster.x-k8s.io_v1beta1.
var groupVersion = regexp.MustCompile(`^[a-z0-9.-]+_v[0-9]+((alpha|beta)[0-9]+)?$`)

// isCrashd tells the folder "kubecapture" of crash-diagnostics.
func isCrashd(t *tree, dir string) bool {
	entries, err := t.ReadDir(dir)
	return err == nil && slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.IsDir() && groupVersion.MatchString(e.Name()) })
}

// findCrashd looks for crashd's working directory, which its archives hold with its
// whole path, beside the script and the log. It looks at the folders of few levels
// only.
func findCrashd(t *tree) string {
	const levels, most = 6, 200
	todo := []string{"."}
	for range levels {
		var next []string
		for _, dir := range todo {
			if isCrashd(t, path.Join(dir, kubecapture)) {
				return dir
			}
			entries, _ := t.ReadDir(dir)
			for _, e := range entries {
				if e.IsDir() && !isHidden(e.Name()) && len(next) < most {
					next = append(next, path.Join(dir, e.Name()))
				}
			}
		}
		todo = next
	}
	return ""
}

// crashd reads an archive of crash-diagnostics: the objects, one list for each
// kind and namespace, and what was copied from hosts.
func (w *walker) crashd(ctx context.Context) error {
	err := w.folder(ctx, kubecapture, rules{meant: func(string) bool { return true }})
	if err != nil {
		return err
	}
	entries, err := w.t.ReadDir(".")
	if err != nil {
		return statError(w.from.arg, err)
	}
	nodes := w.hostNodes()
	for _, e := range entries {
		if e.Name() == kubecapture || !e.IsDir() || isHidden(e.Name()) || !w.t.isDir(path.Join(e.Name(), "etc")) {
			continue
		}
		if err := w.host(e.Name(), cmp.Or(nodes[e.Name()], hostName(e.Name()))); err != nil {
			return err
		}
	}
	w.stampName(w.captureTime())
	return nil
}

// host takes up what was copied from a host. crashd makes the folder above a path
// before it copies, and leaves it empty where it could not.
func (w *walker) host(folder, node string) error {
	for _, above := range []string{"etc/ssl", "etc/pki", "etc/pki/tls", "etc/pki/ca-trust"} {
		entries, err := w.t.ReadDir(path.Join(folder, above))
		if err == nil && len(entries) == 0 {
			w.problem(Problem{
				Path: path.Join(folder, above), Node: node, Reason: "not_in_source", Detail: "nothing below /" + above + " was copied from the host",
				Hint: "run the script again: its log says why copy_from failed",
			})
			return nil
		}
	}
	return w.node(node, folder, w.t.sub(folder, true))
}

// hostNodes are the nodes by the folders of hosts. crashd names a folder after the
// address that it connected to, with "_" for all but letters and digits.
func (w *walker) hostNodes() map[string]string {
	out := map[string]string{}
	for _, o := range w.o.in.Objects[w.first:] {
		if o.Kind() != "Node" || o.APIVersion() != "v1" || o.Name() == "" {
			continue
		}
		out[hostFolder.ReplaceAllString(o.Name(), "_")] = o.Name()
		addresses, _ := mapping(o.Map, "status")["addresses"].([]any)
		for _, a := range addresses {
			m, _ := a.(map[string]any)
			if address := text(m, "address"); address != "" {
				out[hostFolder.ReplaceAllString(address, "_")] = o.Name()
			}
		}
	}
	return out
}

// hostName is what a host is called that is no node of the archive.
func hostName(folder string) string {
	if ipv4Folder.MatchString(folder) {
		return strings.ReplaceAll(folder, "_", ".")
	}
	return folder
}

var (
	hostFolder = regexp.MustCompile(`[^a-zA-Z0-9]`)
	ipv4Folder = regexp.MustCompile(`^[0-9]{1,3}(_[0-9]{1,3}){3}$`)
)

// captureTime is the newest time in the names of files:
// pods-2026-11-26T00-06-21Z.5313.json. In spite of the Z it is a local time.
func (w *walker) captureTime() time.Time {
	var newest time.Time
	for name := range w.visited {
		_, stamp, _ := strings.Cut(captureName.FindString(name), "-")
		if at, err := time.Parse("2006-01-02T15-04-05", stamp); err == nil && at.After(newest) {
			newest = at
		}
	}
	return newest
}

var captureName = regexp.MustCompile(`-[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}`)
