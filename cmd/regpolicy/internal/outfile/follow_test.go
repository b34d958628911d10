//go:build unix

package outfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// links makes links by name in a folder of their own: each leads to what follows it.
func links(t *testing.T, pairs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(pairs); i += 2 {
		if err := os.Symlink(pairs[i+1], filepath.Join(dir, pairs[i])); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func as(err error) error { return err }

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// TestWriteFollowsLinks: what a link leads to is written, there or not, and links stay.
func TestWriteFollowsLinks(t *testing.T) {
	elsewhere := t.TempDir()
	deep := filepath.Join(elsewhere, "a", "b")
	if err := os.MkdirAll(deep, 0o750); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ link, to, real string }{
		"relative":                {"l", "real", "real"},
		"a link to a link":        {"l", "m", "n"},
		"absolute":                {"l", filepath.Join(elsewhere, "x"), filepath.Join(elsewhere, "x")},
		"up from a linked folder": {"l", "folder/../up", filepath.Join(elsewhere, "a", "up")},
	} {
		t.Run(name, func(t *testing.T) {
			dir := links(t, c.link, c.to, "m", "n", "folder", deep)
			real := c.real
			if !filepath.IsAbs(real) {
				real = filepath.Join(dir, real)
			}
			for _, want := range []string{"first", "second"} {
				path := filepath.Join(dir, c.link)
				if err := Write(nil, path, text(want), as); err != nil {
					t.Fatal(err)
				}
				if got, err := os.ReadFile(real); err != nil || string(got) != want {
					t.Errorf("it leads to %q, %v", got, err)
				}
				if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
					t.Errorf("the link is %v, %v", info, err)
				}
			}
		})
	}
}

func TestWriteRefusesLoops(t *testing.T) {
	pairs := []string{"a", "b", "b", "a"}
	for i := range 60 {
		pairs = append(pairs, strconv.Itoa(i), strconv.Itoa(i+1))
	}
	dir := links(t, pairs...)
	for _, name := range []string{"a", "0"} {
		path := filepath.Join(dir, name)
		err := Write(nil, path, func(io.Writer) error { return nil }, as)
		if !errors.Is(err, errLinks) {
			t.Errorf("%s: error %v", name, err)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("the link is %v, %v", info, err)
		}
	}
}
