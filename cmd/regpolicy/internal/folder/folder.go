// Package folder visits the files below what users name.
package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is what lies below a folder and is none itself.
type File struct {
	Path string
	// Linked tells that it is a link to a folder, which is not followed: it may lead
	// upwards.
	Linked bool
}

// Hidden tells whether a name begins with a dot: it is not finished, or another program's.
func (f File) Hidden() bool { return strings.HasPrefix(filepath.Base(f.Path), ".") }

// Walk visits a file, or those below a folder that are in no hidden one. What cannot be
// read ends it with a *fs.PathError.
func Walk(root string, visit func(File) error) error {
	root = Named(root)
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && strings.HasPrefix(d.Name(), "."):
			return filepath.SkipDir
		case d.IsDir():
			return nil
		default:
			return visit(File{path, d.Type()&fs.ModeSymlink != 0 && isFolder(path)})
		}
	})
}

// Named is the path by which a folder is walked even if it is a link: who names one
// means what it leads to.
func Named(path string) string {
	if isFolder(path) && !strings.HasSuffix(path, string(filepath.Separator)) {
		return path + string(filepath.Separator)
	}
	return path
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// Pathless takes the path out of an error whose text names it already.
func Pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
