package nodecerts_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/certificate/certtest"
)

// testTime is when everything in these tests happens.
var testTime = time.Date(2026, 11, 23, 4, 33, 21, 0, time.UTC)

// files describe a file tree by absolute path: text is a file, a value that
// begins with "-> " a symbolic link, and a path that ends in "/" a folder.
type files map[string]string

const linkTo = "-> "

// with returns both together; other wins.
func (f files) with(other files) files {
	out := files{}
	maps.Copy(out, f)
	maps.Copy(out, other)
	return out
}

// build writes the tree below a new folder and returns that.
func (f files) build(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	f.buildIn(t, root)
	return root
}

func (f files) buildIn(t testing.TB, root string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range f {
		at := root + name // no cleaning: a name may be odd
		must(os.MkdirAll(filepath.Dir(strings.TrimSuffix(at, "/")), 0o755))
		switch {
		case strings.HasSuffix(name, "/"):
			must(os.MkdirAll(at, 0o755))
		case strings.HasPrefix(text, linkTo):
			must(os.Symlink(strings.TrimPrefix(text, linkTo), at))
		default:
			must(os.WriteFile(at, []byte(text), 0o644))
			must(os.Chtimes(at, testTime, testTime.Add(-time.Hour)))
		}
	}
}

// pki are the certificates of the test trees.
type pki struct {
	corp, other, web *certtest.Pair
	// public are real public roots, as PEM.
	public [][]byte
}

func newPKI(t testing.TB) pki {
	t.Helper()
	m := certtest.New(testTime)
	return pki{
		corp: m.Root("Corp Root CA"), other: m.Root("Other Root CA"), web: m.SelfSigned("harbor.corp.example"),
		public: publicRoots(t, 6),
	}
}

func join(parts ...[]byte) string { return string(bytes.Join(parts, nil)) }
