//go:build unix

package outfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestModeOfOutput: a new file is for those whom the umask lets, another one stays for
// whom it was.
func TestModeOfOutput(t *testing.T) {
	dir := t.TempDir()
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "report")
		return err
	}
	written := func(name string, before fs.FileMode) fs.FileMode {
		path := filepath.Join(dir, name)
		if before != 0 {
			if err := os.WriteFile(path, nil, before); err != nil {
				t.Fatal(err)
			}
		}
		if err := Write(nil, path, text, func(err error) error { return err }); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "report" {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		return modeOf(path)
	}
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	for name, c := range map[string]struct{ before, want fs.FileMode }{
		"new":                    {0, 0o640},
		"the owner's":            {0o600, 0o600},
		strings.Repeat("n", 250): {0, 0o640},
		strings.Repeat("ü", 120): {0, 0o640},
	} {
		if got := written(name, c.before); got != c.want {
			t.Errorf("%s: mode %o, want %o", name, got, c.want)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 4 {
		t.Errorf("%d files are in the folder: %v", len(left), err)
	}
}
