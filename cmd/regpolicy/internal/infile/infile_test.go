package infile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
)

func TestReadAtMost(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := ReadAtMost(t.Context(), path, 4); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"too long": {path, "it has more than 0 MiB, which no such file has"},
		"a folder": {dir, "it is a folder"},
		"nothing":  {filepath.Join(dir, "nowhere"), "no such file or directory"},
	} {
		_, err := ReadAtMost(t.Context(), c.path, 3)
		wrong, ok := errors.AsType[*misuse.Error](err)
		if !ok || wrong.Hint == "" || !strings.HasPrefix(err.Error(), "reading ") || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWalk visits what is wanted; a link by which some would go missing is an error.
func TestWalk(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	for _, path := range []string{filepath.Join(dir, "a.rego"), filepath.Join(dir, "note.txt"), filepath.Join(dir, ".b.rego"), filepath.Join(other, "c.rego")} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wanted := func(file string) bool { return filepath.Ext(file) == ".rego" }
	var got []string
	visit := func(file string) error {
		got = append(got, filepath.Base(file))
		return nil
	}
	if err := Walk("-p", dir, wanted, visit); err != nil || !slices.Equal(got, []string{".b.rego", "a.rego"}) {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Symlink(other, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	err := Walk("-p", dir, wanted, visit)
	if wrong, ok := errors.AsType[*misuse.Error](err); !ok || !strings.Contains(wrong.Hint, "with a -p of its own") {
		t.Errorf("%v", err)
	}
}
