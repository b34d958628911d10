package source

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// node takes up the tree of a node's files that a bundle holds. Without the node's
// /etc/ssl/certs, where TKG puts CAs, its trust was not asked for.
func (w *walker) node(name, dir string, t *tree) error {
	if info, err := t.Stat("etc/ssl/certs"); err != nil || !info.IsDir() {
		w.o.in.Notices = append(w.o.in.Notices, fmt.Sprintf("%q holds no /etc/ssl/certs of node %q, so that the node's trust is not judged", dir, name))
		return nil
	}
	if other, ok := w.o.in.Nodes[name]; ok {
		return inputError(w.from.arg, "collect each cluster into a document of its own, and name the documents together",
			"node %q is in %q, too", name, w.o.in.Sources[other.Source].URI)
	}
	w.o.in.Nodes[name] = NodeTree{FS: t, Provenance: evidence.Provenance{Source: w.o.register(w.from), Method: "file", Path: dir}}
	return nil
}

// copiedFromHosts reads what troubleshoot's collector copyFromHost took from each
// node, into a folder that is named after the path on the node:
// etc/ssl/certs/<node>/certs/ holds the node's /etc/ssl/certs. A collector with a
// name of its own tells no path, and is not read.
func (w *walker) copiedFromHosts(ctx context.Context) error {
	copies := map[string]*graft{}
	for _, dir := range []string{"etc", "usr", "var"} {
		if w.t.isDir(dir) {
			if err := w.findCopies(ctx, dir, copies); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(copies)) {
		t := &tree{fsys: copies[name], dir: ".", node: true, most: w.o.limits.FileBytes, folders: map[string]string{}}
		if err := w.node(name, copies[name].first(), t); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) findCopies(ctx context.Context, dir string, copies map[string]*graft) error {
	const levels = 8
	entries, err := w.t.ReadDir(dir)
	if err != nil || strings.Count(dir, "/") >= levels {
		return nil //nolint:nilerr // it is no copy of anything
	}
	for _, e := range entries {
		if err := w.count(ctx); err != nil {
			return err
		}
		below := path.Join(dir, e.Name())
		if !e.IsDir() {
			continue
		}
		switch {
		case w.t.exists(path.Join(below, path.Base(dir))):
			if copies[e.Name()] == nil {
				copies[e.Name()] = &graft{fsys: w.t, at: map[string]string{}}
			}
			copies[e.Name()].at[dir] = path.Join(below, path.Base(dir))
		case w.t.exists(path.Join(below, "error.txt")):
			w.problem(Problem{
				Path: below, Node: e.Name(), Reason: "not_in_source", Detail: "the bundle could not copy /" + dir + " from the node",
				Hint: "see error.txt there, and collect the bundle again",
			})
		default:
			if err := w.findCopies(ctx, below, copies); err != nil {
				return err
			}
		}
	}
	return nil
}

// graft is a file system of folders of another one under other names.
type graft struct {
	fsys fs.ReadLinkFS
	at   map[string]string // the path in fsys by the path here
}

var (
	_ fs.ReadLinkFS = (*graft)(nil)
	_ fs.ReadDirFS  = (*graft)(nil)
)

func (g *graft) first() string { return g.at[slices.Min(slices.Collect(maps.Keys(g.at)))] }

// find is the path in fsys, "" for a folder above the grafts.
func (g *graft) find(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	for at := name; at != "."; at = path.Dir(at) { // the deepest first
		if full, ok := g.at[at]; ok {
			return path.Join(full, strings.TrimPrefix(name, at)), nil
		}
	}
	isAbove := func(at string) bool { return strings.HasPrefix(at, name+"/") }
	if name == "." || slices.ContainsFunc(slices.Collect(maps.Keys(g.at)), isAbove) {
		return "", nil
	}
	return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

func (g *graft) Lstat(name string) (fs.FileInfo, error) {
	full, err := g.find("lstat", name)
	switch {
	case err != nil:
		return nil, err
	case full == "":
		return above(path.Base(name)), nil
	}
	return g.fsys.Lstat(full)
}

func (g *graft) ReadLink(name string) (string, error) {
	full, err := g.find("readlink", name)
	switch {
	case err != nil:
		return "", err
	case full == "":
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return g.fsys.ReadLink(full)
}

func (g *graft) Open(name string) (fs.File, error) {
	full, err := g.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case full == "":
		return nil, &fs.PathError{Op: "open", Path: name, Err: errFolder}
	}
	return g.fsys.Open(full)
}

func (g *graft) ReadDir(name string) ([]fs.DirEntry, error) {
	full, err := g.find("readdir", name)
	if err != nil {
		return nil, err
	}
	entries := map[string]fs.DirEntry{}
	if full != "" {
		held, err := fs.ReadDir(g.fsys, full)
		if err != nil {
			return nil, err
		}
		for _, e := range held {
			entries[e.Name()] = e
		}
	}
	for at := range g.at { // what lies below in other grafts
		rest, below := strings.CutPrefix(at, name+"/")
		if name == "." {
			rest, below = at, true
		}
		if !below {
			continue
		}
		child, _, _ := strings.Cut(rest, "/")
		info, err := g.Lstat(path.Join(name, child))
		if err != nil {
			return nil, err
		}
		entries[child] = fs.FileInfoToDirEntry(info)
	}
	out := slices.Collect(maps.Values(entries))
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, nil
}

// above is a folder above the grafts.
type above string

func (a above) Name() string     { return string(a) }
func (above) Size() int64        { return 0 }
func (above) Mode() fs.FileMode  { return fs.ModeDir | 0o755 }
func (above) ModTime() time.Time { return time.Time{} }
func (above) IsDir() bool        { return true }
func (above) Sys() any           { return nil }
