package source_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/regpolicy/regpolicy/collectors/source"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files are the files of a folder by path; "-> x" is a symbolic link to x, and
// a path that ends in "/" an empty folder.
type files map[string]string

func (f files) write(tb testing.TB) string {
	tb.Helper()
	root := filepath.Join(tb.TempDir(), "in")
	if err := os.Mkdir(root, 0o755); err != nil {
		tb.Fatal(err)
	}
	for name, content := range f {
		full := filepath.Join(root, filepath.FromSlash(name))
		folder := filepath.Dir(full)
		if strings.HasSuffix(name, "/") {
			folder = full
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			tb.Fatal(err)
		}
		target, isLink := strings.CutPrefix(content, "-> ")
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
		case isLink:
			err = os.Symlink(target, full)
		default:
			err = os.WriteFile(full, []byte(content), 0o644)
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return root
}

// eachEntry calls fn for the entries of a folder in order, folders included.
func eachEntry(tb testing.TB, root string, fn func(name string, info fs.FileInfo, content string)) {
	tb.Helper()
	err := filepath.WalkDir(root, func(full string, d fs.DirEntry, err error) error {
		if err != nil || full == root {
			return err
		}
		name, _ := filepath.Rel(root, full)
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(full)
		case d.Type().IsRegular():
			var data []byte
			data, err = os.ReadFile(full)
			content = string(data)
		}
		if err != nil {
			return err
		}
		fn(filepath.ToSlash(name), info, content)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func packTar(tb testing.TB, root, top string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	eachEntry(tb, root, func(name string, info fs.FileInfo, content string) {
		h, err := tar.FileInfoHeader(info, content)
		if err != nil {
			tb.Fatal(err)
		}
		h.Name = top + name
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if info.Mode().IsRegular() {
			if _, err := io.WriteString(w, content); err != nil {
				tb.Fatal(err)
			}
		}
	})
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func packZip(tb testing.TB, root, top string) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	eachEntry(tb, root, func(name string, info fs.FileInfo, content string) {
		h, err := zip.FileInfoHeader(info)
		if err != nil {
			tb.Fatal(err)
		}
		h.Name, h.Method = top+name, zip.Deflate
		if info.IsDir() {
			h.Name += "/"
		}
		f, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(f, content)
		}
		if err != nil {
			tb.Fatal(err)
		}
	})
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func gz(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(data)
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func save(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	full := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(full, data, 0o644); err != nil {
		tb.Fatal(err)
	}
	return full
}

func open(tb testing.TB, args ...string) *source.Input {
	tb.Helper()
	in, err := source.Open(tb.Context(), args, nil, source.DefaultLimits())
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	tb.Cleanup(func() {
		if err := in.Close(); err != nil {
			tb.Error(err)
		}
	})
	return in
}

// objects lists "Kind/namespace/name path:line".
func objects(in *source.Input) []string {
	var out []string
	for _, o := range in.Objects {
		out = append(out, fmt.Sprintf("%s/%s/%s %s:%d", o.Kind(), o.Namespace(), o.Name(), o.Provenance.Path, o.Provenance.Line))
	}
	return out
}

// problems lists "path:line reason: detail".
func problems(in *source.Input) []string {
	var out []string
	for _, p := range in.Problems {
		out = append(out, fmt.Sprintf("%s:%d %s: %s", p.Path, p.Line, p.Reason, p.Detail))
	}
	return out
}

func pod(name string) string {
	return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: ns}\n"
}

const document = `{"schema_version":"regpolicy.evidence/v1","collected_at":"2026-11-23T00:00:00Z","tool":{"name":"regpolicy","version":"1"}}`
