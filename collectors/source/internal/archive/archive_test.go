package archive

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testLimits = Limits{FileBytes: 1 << 20, TotalBytes: 1 << 22, Files: 1000, Ratio: 50, RatioFrom: 1 << 16}

// entry is an entry of an archive that a test makes.
type entry struct {
	name, content, link string
	kind                byte // of tar; 0 is a file
	mode                fs.FileMode
}

var modified = time.Date(2026, 11, 23, 4, 19, 16, 0, time.UTC)

func makeTar(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Linkname: e.link, Typeflag: e.kind, Mode: 0o640, Uid: 7, Size: int64(len(e.content)), ModTime: modified}
		if e.kind == 0 {
			h.Typeflag = tar.TypeReg
		}
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func makeZip(tb testing.TB, entries ...entry) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: modified}
		h.SetMode(0o640)
		if e.mode != 0 {
			h.SetMode(e.mode)
		}
		f, err := w.CreateHeader(h)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(f, e.content+e.link); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func compress(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func unpack(ctx context.Context, data []byte, limits Limits) (*Archive, error) {
	return Unpack(ctx, Sniff(data[:min(len(data), SniffLen)]), bytes.NewReader(data), int64(len(data)), limits)
}

// tree lists what an archive holds: content, "-> target", or "!" and the error.
func tree(tb testing.TB, fsys *FS) map[string]string {
	tb.Helper()
	out := map[string]string{}
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			target, err := fsys.ReadLink(p)
			out[p] = "-> " + target
			return err
		}
		data, err := fs.ReadFile(fsys, p)
		out[p] = string(data)
		if err != nil {
			out[p] = "! " + errors.Unwrap(err).Error()
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestSniffTellsFormats(t *testing.T) {
	plain := makeTar(t, entry{name: "a", content: "x"})
	old := bytes.Clone(plain)
	for i := 257; i < 265; i++ { // before POSIX there was no magic
		old[0+148+0] = old[148]
		old[i] = 0
	}
	copy(old[148:], fmt.Sprintf("%06o\x00 ", checksum(old)))
	for _, test := range []struct {
		name string
		data []byte
		want Format
	}{
		{"tar", plain, Tar},
		{"tar without the magic", old, Tar},
		{"gzip", compress(t, plain), Gzip},
		{"zip", makeZip(t, entry{name: "a"}), Zip},
		{"an empty zip", makeZip(t), Zip},
		{"xz", []byte("\xfd7zXZ\x00abc"), Other},
		{"zstd", []byte("\x28\xb5\x2f\xfdabc"), Other},
		{"YAML", []byte("apiVersion: v1\n" + strings.Repeat("#\n", 300)), None},
		{"zeros", make([]byte, 1024), None},
		{"nothing", nil, None},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Sniff(test.data); got != test.want {
				t.Errorf("Sniff = %q, want %q", got, test.want)
			}
		})
	}
}

func checksum(head []byte) int64 {
	var sum int64
	for i, b := range head[:tarBlock] {
		if i >= 148 && i < 156 {
			b = ' '
		}
		sum += int64(b)
	}
	return sum
}

func TestArchivesKeepFilesAndLinks(t *testing.T) {
	tarball := makeTar(
		t,
		entry{name: "./top/", kind: tar.TypeDir},
		entry{name: "./top/a.yaml", content: "a"},
		entry{name: "/top/abs.yaml", content: "b"},
		entry{name: "top/link", kind: tar.TypeSymlink, link: "../../etc/passwd"},
		entry{name: "top/deep/er/x", content: "x"},
		entry{name: "top/hard", kind: tar.TypeLink, link: "./top/a.yaml"},
		entry{name: "top/a.yaml", content: "newer"},
	)
	want := map[string]string{
		"top/a.yaml": "newer", "top/abs.yaml": "b", "top/link": "-> ../../etc/passwd", "top/deep/er/x": "x", "top/hard": "a",
	}
	for name, data := range map[string][]byte{"tar": tarball, "tar.gz": compress(t, tarball)} {
		a, err := unpack(t.Context(), data, testLimits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, tree(t, a.FS)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if len(a.Refusals) != 0 {
			t.Errorf("%s: refusals %v", name, a.Refusals)
		}
		info, err := a.FS.Lstat("top/hard")
		if err != nil || info.Mode() != 0o640 || !info.ModTime().Equal(modified) || info.Sys().(*tar.Header).Uid != 7 {
			t.Errorf("%s: info %v, err %v", name, info, err)
		}
	}
	zipped, err := unpack(t.Context(), makeZip(
		t,
		entry{name: "top/", mode: fs.ModeDir | 0o755},
		entry{name: "top/a.yaml", content: "a"},
		entry{name: `win\dows.yaml`, content: "w"},
		entry{name: "top/link", link: "a.yaml", mode: fs.ModeSymlink | 0o777},
	), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]string{"top/a.yaml": "a", "win/dows.yaml": "w", "top/link": "-> a.yaml"}
	if diff := cmp.Diff(want, tree(t, zipped.FS)); diff != "" {
		t.Errorf("zip (-want +got):\n%s", diff)
	}
}

func TestSingleCompressedFileIsHandedOver(t *testing.T) {
	a, err := unpack(t.Context(), compress(t, []byte("apiVersion: v1\n")), testLimits)
	if err != nil || a.FS != nil || string(a.Single) != "apiVersion: v1\n" {
		t.Errorf("got %+v, err %v", a, err)
	}
	a, err = unpack(t.Context(), compress(t, nil), testLimits)
	if err != nil || a.FS != nil || len(a.Single) != 0 {
		t.Errorf("empty: got %+v, err %v", a, err)
	}
}

func TestEntriesThatCannotBeHeldAreRefused(t *testing.T) {
	link := fs.ModeSymlink | 0o777
	for _, test := range []struct {
		name string
		data []byte
		path string
		want string // part of the reason
	}{
		{"a name that leads out", makeTar(t, entry{name: "../../etc/passwd", content: "x"}), "../../etc/passwd", "leads out"},
		{"a name that leads out in the middle", makeZip(t, entry{name: "a/../../b", content: "x"}), "a/../../b", "leads out"},
		{"a Windows name that leads out", makeZip(t, entry{name: `..\b`, content: "x"}), "../b", "leads out"},
		{"a file below a link", makeTar(t, entry{name: "a", kind: tar.TypeSymlink, link: "/etc"}, entry{name: "a/passwd", content: "x"}), "a/passwd", "no folder"},
		{"a file below a link of a zip", makeZip(t, entry{name: "a", link: "/etc", mode: link}, entry{name: "a/passwd", content: "x"}), "a/passwd", "no folder"},
		{"a link in place of a folder", makeTar(t, entry{name: "a/b"}, entry{name: "a", kind: tar.TypeSymlink, link: "/etc"}), "a", "a folder has the same name"},
		{"a hard link to what is not there", makeTar(t, entry{name: "a", kind: tar.TypeLink, link: "b"}), "a", "hard link"},
		{"a hard link that leads out", makeTar(t, entry{name: "a", kind: tar.TypeLink, link: "../b"}), "../b", "leads out"},
		{"a very deep name", makeTar(t, entry{name: strings.Repeat("a/", 200) + "b"}), "", "no path"},
		{"a very long name", makeTar(t, entry{name: strings.Repeat("a", 5000)}), "", "longer than"},
		{"a name that is no UTF-8", makeZip(t, entry{name: "a\xff"}), "a?", "no path"},
		{"a long link in a zip", makeZip(t, entry{name: "a", link: strings.Repeat("b", 5000), mode: link}), "a", "symbolic link that cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := unpack(t.Context(), test.data, testLimits)
			if err != nil {
				t.Fatal(err)
			}
			if len(a.Refusals) != 1 || !strings.Contains(a.Refusals[0].Reason, test.want) || test.path != "" && a.Refusals[0].Path != test.path {
				t.Errorf("refusals %+v, want %q: %q", a.Refusals, test.path, test.want)
			}
		})
	}
}

func TestEntriesThatCannotBeOpenedKeepTheOthers(t *testing.T) {
	limits := testLimits
	limits.FileBytes = 10
	limits.Keep = func(p string) bool { return !strings.HasSuffix(p, ".log") }
	tarball, err := unpack(t.Context(), makeTar(
		t,
		entry{name: "ok", content: "x"},
		entry{name: "large", content: strings.Repeat("x", 11)},
		entry{name: "a.log", content: strings.Repeat("x", 1000)},
		entry{name: "fifo", kind: tar.TypeFifo},
		entry{name: "device", kind: tar.TypeBlock},
	), limits)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"ok": "x", "large": "! larger than the limit of 10 bytes", "a.log": "! content not kept",
		"fifo": "! not a regular file", "device": "! not a regular file",
	}
	if diff := cmp.Diff(want, tree(t, tarball.FS)); diff != "" {
		t.Errorf("tar (-want +got):\n%s", diff)
	}

	data := makeZip(t, entry{name: "ok", content: "x"}, entry{name: "damaged", content: "abc"}, entry{name: "large", content: strings.Repeat("x", 11)}, entry{name: "fifo", mode: fs.ModeNamedPipe | 0o600}, entry{name: "locked", content: "y"})
	data = bytes.Replace(data, []byte("\x4a\x4c\x4a"), []byte("\x4a\x4d\x4a"), 1) // abc, deflated
	at := bytes.LastIndex(data, []byte("PK\x01\x02"))
	data[at+8] |= 1 // the encryption flag of the last entry
	zipped, err := unpack(t.Context(), data, limits)
	if err != nil {
		t.Fatal(err)
	}
	want = map[string]string{
		"ok": "x", "damaged": "! cannot be unpacked: zip: checksum error", "large": "! larger than the limit of 10 bytes",
		"fifo": "! not a regular file", "locked": "! cannot be unpacked: it is encrypted",
	}
	if diff := cmp.Diff(want, tree(t, zipped.FS)); diff != "" {
		t.Errorf("zip (-want +got):\n%s", diff)
	}
}

func TestArchivesThatAreTooMuchAreRefused(t *testing.T) {
	many := make([]entry, 1001)
	for i := range many {
		many[i] = entry{name: fmt.Sprintf("f%d", i)}
	}
	var large []entry
	for i := range 5 {
		noise := make([]byte, 1<<20)
		for j := range noise {
			noise[j] = byte(j*j>>7 ^ i*j>>3 ^ i)
		}
		large = append(large, entry{name: fmt.Sprintf("f%d", i), content: string(noise)})
	}
	zeros := strings.Repeat("\x00", 1<<20)
	bomb := []entry{{name: "a", content: zeros}, {name: "b", content: zeros}, {name: "c", content: zeros}}
	noRatio := testLimits
	noRatio.Ratio = 1 << 20
	for _, test := range []struct {
		name   string
		data   []byte
		limits Limits
		want   error
	}{
		{"entries of a tar", makeTar(t, many...), testLimits, ErrTooLarge},
		{"entries of a zip", makeZip(t, many...), testLimits, ErrTooLarge},
		{"bytes of a tar", makeTar(t, large...), testLimits, ErrTooLarge},
		{"bytes of a zip", makeZip(t, large...), noRatio, ErrTooLarge},
		{"a tar.gz bomb", compress(t, makeTar(t, bomb...)), testLimits, ErrBomb},
		{"a tar.gz bomb in what is not kept", compress(t, makeTar(t, bomb...)), Limits{FileBytes: 1, TotalBytes: 1, Files: 9, Ratio: 50, RatioFrom: 1 << 16, Keep: func(string) bool { return false }}, ErrBomb},
		{"a zip bomb", makeZip(t, bomb...), testLimits, ErrBomb},
		{"a gzip bomb", compress(t, []byte(zeros)), testLimits, ErrBomb},
		{"a sparse tar", sparseTar(t, 1<<20), testLimits, ErrBomb},
		{"a large compressed file", compress(t, []byte(large[0].content+large[1].content)), noRatio, ErrTooLarge},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := unpack(t.Context(), test.data, test.limits); !errors.Is(err, test.want) {
				t.Errorf("err = %v, want %v", err, test.want)
			}
		})
	}
}

// sparseTar is a tar with one file that is one hole, in PAX format 1.0.
func sparseTar(tb testing.TB, size int) []byte {
	tb.Helper()
	record := func(key, value string) string {
		n := len(key) + len(value) + 3
		for n != len(fmt.Sprintf("%d %s=%s\n", n, key, value)) {
			n++
		}
		return fmt.Sprintf("%d %s=%s\n", n, key, value)
	}
	pax := record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "hole") + record("GNU.sparse.realsize", fmt.Sprint(size))
	sparseMap := fmt.Sprintf("1\n%d\n0\n", size)
	block := func(name string, kind byte, content string) []byte {
		head := make([]byte, tarBlock)
		copy(head, name)
		copy(head[100:], "0000644\x000000000\x000000000\x00")
		copy(head[124:], fmt.Sprintf("%011o\x0000000000000\x00", len(content)))
		head[156] = kind
		copy(head[257:], "ustar\x0000")
		copy(head[148:], fmt.Sprintf("%06o\x00 ", checksum(head)))
		padded := make([]byte, (len(content)+tarBlock-1)/tarBlock*tarBlock)
		copy(padded, content)
		return append(head, padded...)
	}
	padded := sparseMap + strings.Repeat("\x00", tarBlock-len(sparseMap))
	out := append(block("PaxHeaders/hole", 'x', pax), block("hole", '0', padded)...)
	return append(out, make([]byte, 2*tarBlock)...)
}

func TestEqualContentsAreHeldOnce(t *testing.T) {
	limits := testLimits
	limits.TotalBytes = 100
	var entries []entry
	for i := range 50 {
		entries = append(entries, entry{name: fmt.Sprintf("nodes/%d/bundle", i), content: strings.Repeat("x", 90)})
	}
	if _, err := unpack(t.Context(), makeTar(t, entries...), limits); err != nil {
		t.Error(err)
	}
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	tarball := makeTar(t, entry{name: "a", content: strings.Repeat("abc", 1000)})
	gz := compress(t, tarball)
	for name, data := range map[string][]byte{
		"half a tar":          tarball[:1000],
		"half a tar.gz":       gz[:len(gz)/2],
		"a gzip header alone": gz[:10],
		"half a zip":          makeZip(t, entry{name: "a", content: "x"})[:40],
		"a format of others":  []byte("BZh91AY"),
	} {
		if _, err := unpack(t.Context(), data, testLimits); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := unpack(t.Context(), gz[:len(gz)/2], testLimits); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a tar.gz: %v, want an unexpected EOF", err)
	}
}

func TestCancelledUnpackingEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, data := range [][]byte{makeTar(t, entry{name: "a"}), makeZip(t, entry{name: "a"}), compress(t, makeTar(t, entry{name: "a"}))} {
		if _, err := unpack(ctx, data, testLimits); !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestFSKeepsTheRulesOfFileSystems(t *testing.T) {
	a, err := unpack(t.Context(), makeTar(t, entry{name: "a/b/c", content: "x"}, entry{name: "a/d", content: "y"}, entry{name: "e/", kind: tar.TypeDir}), testLimits)
	if err != nil {
		t.Fatal(err)
	}
	if err := fstest.TestFS(a.FS, "a/b/c", "a/d", "e"); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"../a", "/a", "none", "a/d/x"} {
		if _, err := a.FS.Open(name); err == nil {
			t.Errorf("Open(%q) succeeded", name)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	tarball := makeTar(f, entry{name: "a/b", content: "x"}, entry{name: "l", kind: tar.TypeSymlink, link: "a"}, entry{name: "h", kind: tar.TypeLink, link: "a/b"}, entry{name: "../x"})
	f.Add(tarball)
	f.Add(compress(f, tarball))
	f.Add(compress(f, []byte("text")))
	f.Add(makeZip(f, entry{name: "a/b", content: "x"}, entry{name: "l", link: "a", mode: fs.ModeSymlink}))
	f.Add(sparseTar(f, 1<<12))
	limits := Limits{FileBytes: 1 << 12, TotalBytes: 1 << 14, Files: 50, Ratio: 100, RatioFrom: 1 << 12}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := unpack(context.Background(), data, limits)
		if err != nil || a.FS == nil {
			return
		}
		total := 0
		paths := tree(t, a.FS)
		for _, p := range slices.Sorted(maps.Keys(paths)) {
			if !fs.ValidPath(p) || strings.Contains(p, "..") && slices.Contains(strings.Split(p, "/"), "..") {
				t.Fatalf("path %q", p)
			}
			if !strings.HasPrefix(paths[p], "! ") {
				total = max(total, len(paths[p]))
			}
		}
		if total > 1<<12+8 {
			t.Fatalf("a file of %d bytes", total)
		}
	})
}
