package folder

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestWalk(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, folder := range []string{"real/sub", "real/.git", "other"} {
		if err := os.MkdirAll(at(folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"real/a", "real/sub/b", "real/.git/c", "real/.d", "other/e"} {
		if err := os.WriteFile(at(file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(
		os.Symlink("real", at("link")), os.Symlink("../../real", at("real/sub/up")), os.Symlink("a", at("real/same")), os.Symlink("nowhere", at("real/dangling")),
	); err != nil {
		t.Fatal(err)
	}
	below := []File{{".d", false}, {"a", false}, {"dangling", false}, {"same", false}, {"sub/b", false}, {"sub/up", true}}
	for root, want := range map[string][]File{"real": below, "link": below, "link/": below, "real/a": {{"", false}}, "real/same": {{"", false}}} {
		var got []File
		err := Walk(dir+"/"+root, func(f File) error {
			rel, err := filepath.Rel(at(root), f.Path)
			if rel == "." {
				rel = ""
			}
			got = append(got, File{rel, f.Linked})
			return err
		})
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v\nwant %v", root, got, err, want)
		}
	}
	if err := Walk(at("none"), func(File) error { return nil }); !errors.Is(err, fs.ErrNotExist) || Pathless(err).Error() != "no such file or directory" {
		t.Errorf("what is not there: %v", err)
	}
	enough := errors.New("enough")
	if err := Walk(at("real"), func(File) error { return enough }); !errors.Is(err, enough) || !errors.Is(Pathless(err), enough) {
		t.Errorf("a visit that fails: %v", err)
	}
}

func TestHidden(t *testing.T) {
	for path, want := range map[string]bool{"a/.b": true, "a/b": false, ".a/b": false} {
		if got := (File{Path: path}).Hidden(); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
