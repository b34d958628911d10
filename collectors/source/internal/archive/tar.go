package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

const tarBlock = 512

// isTar checks the header's checksum, which old archives without the "ustar"
// magic have, too (POSIX.1-2017, pax, "ustar Interchange Format").
func isTar(head []byte) bool {
	if len(head) < tarBlock || head[0] == 0 {
		return false
	}
	const from, to = 148, 156
	field := strings.Trim(string(head[from:to]), " \x00")
	want, err := strconv.ParseInt(field, 8, 64)
	if err != nil {
		return false
	}
	var sum int64
	for i, b := range head[:tarBlock] {
		if i >= from && i < to {
			b = ' '
		}
		sum += int64(b)
	}
	return sum == want
}

func (u *unpacker) tar(r io.Reader) error {
	reader := tar.NewReader(r)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return fmt.Errorf("unpacking tar: %w", err)
		}
		if err := u.entry(); err != nil {
			return err
		}
		if err := u.tarEntry(reader, header); err != nil {
			return fmt.Errorf("unpacking tar: %q: %w", bound(header.Name), err)
		}
	}
}

// isSparse tells files whose holes are not in the archive: reading them gives
// more bytes than the archive holds.
func isSparse(header *tar.Header) bool {
	for key := range header.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return header.Typeflag == tar.TypeGNUSparse
}

func (u *unpacker) tarEntry(r io.Reader, header *tar.Header) error {
	name, ok := u.cleanName(header.Name)
	if !ok {
		return nil
	}
	info := header.FileInfo()
	f := &file{mode: info.Mode(), modified: header.ModTime, size: header.Size, sys: header}
	switch header.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse:
		f.mode = f.mode.Perm()
		if !u.keeps(name) {
			f.err = ErrNotKept
			break
		}
		if isSparse(header) {
			r = u.count(r)
		}
		var err error
		if f.data, f.err, err = u.content(r, header.Size, u.limits.FileBytes); err != nil {
			return err
		}
	case tar.TypeDir:
		f.mode = fs.ModeDir | f.mode.Perm()
	case tar.TypeSymlink:
		f.target, f.mode = header.Linkname, fs.ModeSymlink|0o777
	case tar.TypeLink:
		target, ok := u.cleanName(header.Linkname)
		if !ok {
			return nil
		}
		other := u.fs.lookup(target)
		if other == nil || other.mode.IsDir() {
			u.refuse(name, "a hard link to %q, which is not in the archive before it", bound(header.Linkname))
			return nil
		}
		same := *other
		f = &same
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		f.err = ErrNotRegular
	default:
		u.refuse(name, "an entry of type %q", header.Typeflag)
		return nil
	}
	u.put(name, f)
	return nil
}

// put adds a file, if its folder can hold it.
func (u *unpacker) put(name string, f *file) {
	if err := u.fs.put(name, f); err != nil {
		u.refuse(name, "%v", err)
	}
}

const (
	maxName  = 4096 // bytes of an entry's name
	maxParts = 128  // folders above an entry
)

// cleanName makes an entry's name a path of the file system, as tar extracts it:
// without a leading "/" or "./". A name that leads out is refused. The archive's
// root itself is not an entry.
func (u *unpacker) cleanName(name string) (string, bool) {
	var parts []string
	if len(name) > maxName {
		u.refuse(bound(name), "its name is longer than %d bytes", maxName)
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			u.refuse(bound(name), "its name leads out of the archive")
			return "", false
		default:
			parts = append(parts, part)
		}
	}
	clean := strings.Join(parts, "/")
	if len(parts) == 0 {
		return "", false
	}
	if len(parts) > maxParts || !fs.ValidPath(clean) || bytes.IndexByte([]byte(clean), 0) >= 0 {
		u.refuse(bound(name), "its name is no path")
		return "", false
	}
	return clean, true
}

// bound cuts a foreign name for a message.
func bound(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "..."
	}
	return strings.ToValidUTF8(name, "?")
}
