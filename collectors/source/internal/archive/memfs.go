package archive

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// FS is an unpacked archive. It follows no links: the path of a link, and a path
// below one, cannot be opened. For entries of a tar archive, FileInfo.Sys is the
// *tar.Header, for others nil.
type FS struct {
	root *file
	// shared are contents by digest: many nodes have the same bundle.
	shared map[[sha256.Size]byte][]byte
}

// file is one entry of an FS.
type file struct {
	mode     fs.FileMode
	modified time.Time
	size     int64
	data     []byte
	err      error  // why the content cannot be had
	target   string // of a symbolic link
	children map[string]*file
	sys      any
}

var (
	_ fs.ReadLinkFS = (*FS)(nil)
	_ fs.ReadDirFS  = (*FS)(nil)
	_ fs.StatFS     = (*FS)(nil)
)

func newFS() *FS {
	return &FS{root: &file{mode: fs.ModeDir | 0o755}, shared: map[[sha256.Size]byte][]byte{}}
}

// share returns the bytes, or equal ones that were seen before.
func (m *FS) share(data []byte) (same []byte, fresh bool) {
	sum := sha256.Sum256(data)
	if same, ok := m.shared[sum]; ok {
		return same, false
	}
	data = bytes.Clone(data)
	m.shared[sum] = data
	return data, true
}

// put adds a file and the folders above it. A later entry of the same name
// replaces an earlier one, as when it is extracted.
func (m *FS) put(name string, f *file) error {
	parent := m.root
	parts := strings.Split(name, "/")
	for _, part := range parts[:len(parts)-1] {
		next := parent.children[part]
		if next == nil {
			next = &file{mode: fs.ModeDir | 0o755, modified: f.modified}
			parent.add(part, next)
		}
		if !next.mode.IsDir() {
			return errors.New("it lies below something that is no folder")
		}
		parent = next
	}
	last := parts[len(parts)-1]
	if old := parent.children[last]; old != nil && old.mode.IsDir() {
		if !f.mode.IsDir() {
			return errors.New("a folder has the same name")
		}
		f.children = old.children
	}
	parent.add(last, f)
	return nil
}

func (f *file) add(name string, child *file) {
	if f.children == nil {
		f.children = map[string]*file{}
	}
	f.children[name] = child
}

func (m *FS) lookup(name string) *file {
	f := m.root
	if name == "." {
		return f
	}
	for part := range strings.SplitSeq(name, "/") {
		if f = f.children[part]; f == nil {
			return nil
		}
	}
	return f
}

func (m *FS) find(op, name string) (*file, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	f := m.lookup(name)
	if f == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return f, nil
}

// Lstat describes an entry.
func (m *FS) Lstat(name string) (fs.FileInfo, error) {
	f, err := m.find("lstat", name)
	if err != nil {
		return nil, err
	}
	return info{path.Base(name), f}, nil
}

// Stat is Lstat: links are not followed.
func (m *FS) Stat(name string) (fs.FileInfo, error) { return m.Lstat(name) }

// ReadLink returns a symbolic link's target as it is written.
func (m *FS) ReadLink(name string) (string, error) {
	f, err := m.find("readlink", name)
	if err != nil {
		return "", err
	}
	if f.mode&fs.ModeSymlink == 0 {
		return "", &fs.PathError{Op: "readlink", Path: name, Err: fs.ErrInvalid}
	}
	return f.target, nil
}

// Open opens a file or a folder.
func (m *FS) Open(name string) (fs.File, error) {
	f, err := m.find("open", name)
	switch {
	case err != nil:
		return nil, err
	case f.mode.IsDir():
		return &openFolder{info: info{path.Base(name), f}, rest: f.entries()}, nil
	case f.err != nil:
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
	case !f.mode.IsRegular():
		return nil, &fs.PathError{Op: "open", Path: name, Err: ErrNotRegular}
	}
	return &openFile{Reader: bytes.NewReader(f.data), info: info{path.Base(name), f}}, nil
}

// ReadDir lists a folder, sorted by name.
func (m *FS) ReadDir(name string) ([]fs.DirEntry, error) {
	f, err := m.find("readdir", name)
	if err != nil {
		return nil, err
	}
	if !f.mode.IsDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	return f.entries(), nil
}

func (f *file) entries() []fs.DirEntry {
	entries := make([]fs.DirEntry, 0, len(f.children))
	for _, name := range slices.Sorted(maps.Keys(f.children)) {
		entries = append(entries, fs.FileInfoToDirEntry(info{name, f.children[name]}))
	}
	return entries
}

// info is a file with its name.
type info struct {
	name string
	file *file
}

func (i info) Name() string       { return i.name }
func (i info) Mode() fs.FileMode  { return i.file.mode }
func (i info) ModTime() time.Time { return i.file.modified }
func (i info) IsDir() bool        { return i.file.mode.IsDir() }
func (i info) Sys() any           { return i.file.sys }

func (i info) Size() int64 {
	switch {
	case i.file.mode&fs.ModeSymlink != 0:
		return int64(len(i.file.target))
	case i.file.err != nil:
		return i.file.size
	}
	return int64(len(i.file.data))
}

type openFile struct {
	*bytes.Reader
	info info
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFile) Close() error               { return nil }

type openFolder struct {
	info info
	rest []fs.DirEntry
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.info.name, Err: errors.New("is a folder")}
}

func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		all := f.rest
		f.rest = nil
		return all, nil
	}
	if len(f.rest) == 0 {
		return nil, io.EOF
	}
	some := f.rest[:min(n, len(f.rest))]
	f.rest = f.rest[len(some):]
	return some, nil
}
