package nodecerts

import (
	"errors"
	"io/fs"
	"path"
	"strings"
)

var (
	errLoop    = errors.New("too many levels of symbolic links")
	errEscapes = errors.New("the link leads out of the tree")
)

// maxLinks is Linux's limit on links in one path.
const maxLinks = 40

// tree is a node's root as a file system. Links, absolute ones too, lead to
// places below that root, as they do on the node; the file system is never asked
// to follow one.
type tree struct {
	fs fs.FS
	// whole tells a node's own root from a copy of some of its folders: only in a
	// whole root is a missing folder a fact about the node.
	whole bool
	// cut tells that a folder had more entries than are looked at.
	cut bool
}

func newTree(root fs.FS) *tree {
	t := &tree{fs: root}
	for _, name := range []string{"bin", "usr/bin"} {
		if _, err := fs.Lstat(root, name); err == nil {
			t.whole = true
		}
	}
	return t
}

// resolved is where a path leads.
type resolved struct {
	name string // in the file system: "etc/ssl/certs", "." for the root
	info fs.FileInfo
}

func (r resolved) path() string {
	if r.name == "." {
		return "/"
	}
	return "/" + r.name
}

// walk is a resolution under way.
type walk struct {
	at      string   // resolved so far
	rest    []string // what is still to go
	links   int
	climbed bool // some link went beyond the root, where ".." is the root again
}

// resolve follows a path from the root. With last false a link at its end is not
// followed. The error is errLoop, errEscapes, or one of package fs. What is
// missing is errEscapes where the tree is a copy and lacks its folder, too.
func (t *tree) resolve(name string, last bool) (resolved, error) {
	w := &walk{at: ".", rest: parts(name)}
	info, err := fs.Lstat(t.fs, ".")
	for err == nil && len(w.rest) > 0 {
		info, err = t.step(w, last)
	}
	if errors.Is(err, fs.ErrNotExist) && t.missing(w) {
		err = errEscapes
	}
	if err != nil {
		return resolved{}, err
	}
	return resolved{name: w.at, info: info}, nil
}

// step takes one part of the path.
func (t *tree) step(w *walk, last bool) (fs.FileInfo, error) {
	part := w.rest[0]
	w.rest = w.rest[1:]
	if part == ".." {
		if w.at == "." {
			w.climbed = true
		}
		w.at = path.Dir(w.at)
		return fs.Lstat(t.fs, w.at)
	}
	next := path.Join(w.at, part)
	if !fs.ValidPath(next) {
		return nil, &fs.PathError{Op: "lstat", Path: next, Err: fs.ErrInvalid}
	}
	info, err := fs.Lstat(t.fs, next)
	if err != nil {
		w.rest = append([]string{part}, w.rest...)
		return nil, err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		w.at = next
		if len(w.rest) > 0 && !info.IsDir() {
			return nil, &fs.PathError{Op: "lstat", Path: next, Err: errNotDirectory}
		}
		return info, nil
	}
	if len(w.rest) == 0 && !last {
		w.at = next
		return info, nil
	}
	if w.links++; w.links > maxLinks {
		return nil, errLoop
	}
	link, err := fs.ReadLink(t.fs, next)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(link, "/") {
		w.at = "."
	}
	w.rest = append(parts(link), w.rest...)
	return fs.Lstat(t.fs, w.at)
}

var errNotDirectory = errors.New("not a directory")

// missing tells whether what lacks at the end of w is outside of what was copied.
func (t *tree) missing(w *walk) bool {
	return w.climbed || !t.whole && len(w.rest) > 1
}

func parts(name string) []string {
	var out []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			out = append(out, part)
		}
	}
	return out
}
