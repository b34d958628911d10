package source

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/regpolicy/regpolicy/collectors/source/internal/archive"
)

// A tree is a folder of a folder or archive. It follows links by itself, so that
// both give the same, and never out of the folder.
type tree struct {
	fsys fs.ReadLinkFS
	dir  string // within fsys, "." for all of it
	// node: it is a node's root. Absolute targets begin at it, and ".." stays in
	// it. Elsewhere both lead out.
	node bool
	most int64 // bytes of a file that can be opened

	mu sync.Mutex
	// folders are folders resolved, by the name that was asked for.
	folders map[string]string
}

var (
	_ fs.ReadLinkFS = (*tree)(nil)
	_ fs.ReadDirFS  = (*tree)(nil)
	_ fs.StatFS     = (*tree)(nil)
)

// sub is a folder of the tree as a tree of its own.
func (t *tree) sub(dir string, node bool) *tree {
	return &tree{fsys: t.fsys, dir: path.Join(t.dir, dir), node: node, most: t.most, folders: map[string]string{}}
}

const maxLinks = 40 // as Linux follows

// resolve returns the path that a name leads to, without links. The last part is
// followed only if asked for.
func (t *tree) resolve(name string, follow bool) (string, error) {
	if !fs.ValidPath(name) {
		return "", fs.ErrInvalid
	}
	folder, last := path.Split(name)
	folder = strings.TrimSuffix(folder, "/")
	var done []string
	if folder != "" {
		resolved, err := t.resolveFolder(folder)
		if err != nil {
			return "", err
		}
		done = split(resolved)
	}
	return t.walk(done, split(last), follow)
}

func (t *tree) resolveFolder(folder string) (string, error) {
	t.mu.Lock()
	resolved, ok := t.folders[folder]
	t.mu.Unlock()
	if ok {
		return resolved, nil
	}
	resolved, err := t.walk(nil, split(folder), true)
	if err != nil {
		return "", err
	}
	t.mu.Lock()
	t.folders[folder] = resolved
	t.mu.Unlock()
	return resolved, nil
}

// walk goes on from a path without links.
func (t *tree) walk(done, todo []string, follow bool) (string, error) {
	links := 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		if part == ".." {
			if len(done) > 0 {
				done = done[:len(done)-1]
			} else if !t.node {
				return "", errEscapes
			}
			continue
		}
		here := join(append(slices.Clip(done), part))
		if len(todo) == 0 && !follow {
			return here, nil
		}
		info, err := t.fsys.Lstat(path.Join(t.dir, here))
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			if len(todo) > 0 && !info.IsDir() {
				return "", fs.ErrNotExist
			}
			done = append(slices.Clip(done), part)
			continue
		}
		if links++; links > maxLinks {
			return "", errLoop
		}
		target, err := t.fsys.ReadLink(path.Join(t.dir, here))
		if err != nil {
			return "", err
		}
		if strings.HasPrefix(target, "/") {
			if !t.node {
				return "", errEscapes
			}
			done = nil
		}
		todo = append(split(target), todo...)
	}
	return join(done), nil
}

func split(name string) []string {
	var parts []string
	for part := range strings.SplitSeq(name, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return parts
}

func join(parts []string) string {
	if len(parts) == 0 {
		return "."
	}
	return strings.Join(parts, "/")
}

// at resolves a name and runs fn with its path in fsys. Errors name it as asked.
func at[T any](t *tree, op, name string, follow bool, fn func(full string) (T, error)) (T, error) {
	resolved, err := t.resolve(name, follow)
	var result T
	if err == nil {
		result, err = fn(path.Join(t.dir, resolved))
	}
	if err != nil {
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err
		}
		return result, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return result, nil
}

func (t *tree) Lstat(name string) (fs.FileInfo, error) {
	return at(t, "lstat", name, false, t.fsys.Lstat)
}

func (t *tree) ReadLink(name string) (string, error) {
	return at(t, "readlink", name, false, t.fsys.ReadLink)
}

func (t *tree) Stat(name string) (fs.FileInfo, error) { return at(t, "stat", name, true, t.fsys.Lstat) }

func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	return at(t, "readdir", name, true, func(full string) ([]fs.DirEntry, error) { return fs.ReadDir(t.fsys, full) })
}

func (t *tree) Open(name string) (fs.File, error) {
	return at(t, "open", name, true, func(full string) (fs.File, error) {
		// Opening a FIFO or a device would wait, or do something.
		info, err := t.fsys.Lstat(full)
		switch {
		case err != nil:
			return nil, err
		case !info.IsDir() && !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: %w", describe(info.Mode()), archive.ErrNotRegular)
		case info.Mode().IsRegular() && info.Size() > t.most:
			return nil, tooLarge(t.most)
		}
		return t.fsys.Open(full)
	})
}

func tooLarge(most int64) error {
	return fmt.Errorf("%w of %s", archive.ErrTooLarge, size(most))
}

// size writes a number of bytes for people.
func size(n int64) string {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return fmt.Sprintf("%d %s", n/unit.bytes, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// describe names what is neither file nor folder.
func describe(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
