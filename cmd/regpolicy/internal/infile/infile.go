// Package infile reads the files that users name.
package infile

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// Read reads a small file.
func Read(ctx context.Context, path string) ([]byte, error) { return ReadAtMost(ctx, path, 1<<20) }

// ReadAtMost reads a file of at most so many bytes.
func ReadAtMost(ctx context.Context, path string, limit int64) ([]byte, error) {
	file, err := namedfile.Open(ctx, path)
	if err != nil {
		return nil, misuse.New("name a file that exists and can be read", "reading %q: %w", path, err)
	}
	defer file.Close() //nolint:errcheck // read only
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, misuse.New("", "reading %q: %w", path, folder.Pathless(err))
	case int64(len(data)) > limit:
		return nil, misuse.New("name the right file", "reading %q: it has more than %d MiB, which no such file has", path, limit>>20)
	}
	return data, nil
}

// Walk visits the files below what a flag names that are wanted. Links below it
// are not followed, and one by which any would go missing is an error.
func Walk(flag, root string, wanted func(file string) bool, visit func(file string) error) error {
	return folder.Walk(root, func(f folder.File) error {
		switch {
		case f.Linked && !f.Hidden() && holds(f.Path, wanted):
			return misuse.New("name that folder with a "+flag+" of its own, or remove the link: its files would go missing",
				"reading %q: it is a link to a folder, and links below a folder are not followed", f.Path)
		case !wanted(f.Path):
			return nil
		default:
			return visit(f.Path)
		}
	})
}

// holds tells whether a link leads to a folder with wanted files somewhere below.
func holds(link string, wanted func(file string) bool) bool {
	found := false
	_ = filepath.WalkDir(folder.Named(link), func(file string, d fs.DirEntry, err error) error { // what cannot be read is none
		if err == nil && !d.IsDir() && wanted(file) {
			found = true
			return filepath.SkipAll
		}
		return nil
	})
	return found
}
