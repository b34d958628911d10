package archive

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// zip reads a zip archive. Its directory is read first, and Go reads as many
// entries as there are, whatever the archive says: what it may read is bounded.
func (u *unpacker) zip(r io.ReaderAt) error {
	const perEntry, tail = 256, 1 << 17
	budget := &budgetReader{r: r, left: int64(u.limits.Files)*perEntry + tail}
	reader, err := zip.NewReader(budget, u.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return fmt.Errorf("unpacking zip: %w", err)
	}
	budget.left = -1
	for _, f := range reader.File {
		if err := u.entry(); err != nil {
			return err
		}
		if err := u.zipEntry(f); err != nil {
			return fmt.Errorf("unpacking zip: %q: %w", bound(f.Name), err)
		}
	}
	return nil
}

func (u *unpacker) zipEntry(entry *zip.File) error {
	written := entry.Name
	if !strings.Contains(written, "/") {
		// Some Windows tools write their own separator.
		written = strings.ReplaceAll(written, `\`, "/")
	}
	name, ok := u.cleanName(written)
	if !ok {
		return nil
	}
	mode := entry.Mode()
	f := &file{mode: mode, modified: entry.Modified, size: int64(min(entry.UncompressedSize64, 1<<62))}
	switch {
	case strings.HasSuffix(written, "/"), mode.IsDir():
		f.mode = fs.ModeDir | mode.Perm()
		if mode.Perm() == 0 {
			f.mode |= 0o755
		}
	case mode&fs.ModeSymlink != 0:
		target, own, err := u.zipContent(entry, maxName)
		if err != nil {
			return err
		}
		if own != nil {
			u.refuse(name, "a symbolic link that cannot be read: %v", own)
			return nil
		}
		f.target, f.mode = string(target), fs.ModeSymlink|0o777
	case !mode.IsRegular():
		f.err = ErrNotRegular
	case !u.keeps(name):
		f.err = ErrNotKept
	default:
		var err error
		if f.data, f.err, err = u.zipContent(entry, u.limits.FileBytes); err != nil {
			return err
		}
		f.mode = mode.Perm()
	}
	u.put(name, f)
	return nil
}

// zipContent unpacks one entry. An entry that is damaged, encrypted or packed in
// an unknown way does not lose the others.
func (u *unpacker) zipContent(entry *zip.File, most int64) (data []byte, own, err error) {
	const encrypted = 1
	if entry.Flags&encrypted != 0 {
		return nil, fmt.Errorf("%w: it is encrypted", ErrDamaged), nil
	}
	content, err := entry.Open()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err), nil
	}
	defer content.Close() //nolint:errcheck // read only
	data, own, err = u.content(u.count(content), int64(min(entry.UncompressedSize64, 1<<62)), most)
	if err == nil || errors.Is(err, ErrBomb) || errors.Is(err, ErrTooLarge) || u.ctx.Err() != nil {
		return data, own, err
	}
	return nil, fmt.Errorf("%w: %w", ErrDamaged, err), nil
}

// budgetReader fails once more was read than its budget; a negative one is
// without end.
type budgetReader struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReader) ReadAt(p []byte, at int64) (int, error) {
	if b.left < 0 {
		return b.r.ReadAt(p, at)
	}
	if int64(len(p)) > b.left {
		return 0, fmt.Errorf("its directory: %w", ErrTooLarge)
	}
	b.left -= int64(len(p))
	return b.r.ReadAt(p, at)
}
