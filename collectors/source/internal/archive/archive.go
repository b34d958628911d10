// Package archive unpacks tar, gzip and zip archives into memory, as a file
// system with its links kept and not followed. Nothing is written to disk.
package archive

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
)

// Limits bound what one archive may cost.
type Limits struct {
	// FileBytes is the most that one file in it may hold. Larger ones are in the
	// file system and cannot be opened.
	FileBytes int64
	// TotalBytes is the most that its files may hold together; equal files
	// count once.
	TotalBytes int64
	// Files is the most entries, folders included.
	Files int
	// Ratio is how many times larger than stored it may become, once it is
	// larger than RatioFrom.
	Ratio     int64
	RatioFrom int64
	// Keep tells which files' content is kept; nil keeps all.
	Keep func(path string) bool
}

// A Format is what an archive is written in.
type Format string

// The formats that Sniff tells.
const (
	None  Format = ""
	Tar   Format = "tar"
	Gzip  Format = "gzip" // a tar archive or a single file, which Unpack finds out
	Zip   Format = "zip"
	Other Format = "other" // one that cannot be unpacked here
)

// SniffLen is how many bytes of its start Sniff needs.
const SniffLen = tarBlock

// Sniff tells an archive's format by its first bytes.
func Sniff(head []byte) Format {
	for magic, format := range map[string]Format{
		"\x1f\x8b":         Gzip,
		"PK\x03\x04":       Zip,
		"PK\x05\x06":       Zip, // an empty one
		"\xfd7zXZ\x00":     Other,
		"\x28\xb5\x2f\xfd": Other, // zstd
		"BZh":              Other,
		"7z\xbc\xaf\x27":   Other,
		"Rar!\x1a\x07":     Other,
	} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return format
		}
	}
	if isTar(head) {
		return Tar
	}
	return None
}

// What Unpack refuses.
var (
	// ErrTooLarge: more bytes or entries than the limits allow.
	ErrTooLarge = errors.New("larger than the limit")
	// ErrBomb: it unpacks to far more than it holds.
	ErrBomb = errors.New("unpacks to far more than it holds")
	// ErrNotKept: the content of a file was left out by Limits.Keep.
	ErrNotKept = errors.New("content not kept")
	// ErrDamaged: a file that is damaged, encrypted or packed in an unknown way.
	ErrDamaged = errors.New("cannot be unpacked")
	// ErrNotRegular: no file and no folder, or a link, which are not followed.
	ErrNotRegular = errors.New("not a regular file")
)

// A Refusal is an entry that the file system cannot hold, and why.
type Refusal struct{ Path, Reason string }

// An Archive is what was unpacked.
type Archive struct {
	// FS holds the entries. It is nil for a single compressed file, whose
	// content is Single.
	FS       *FS
	Single   []byte
	Refusals []Refusal
	// Bytes is what the FS holds in memory.
	Bytes int64
}

// Unpack unpacks an archive of the given size. An error means that nothing of it
// can be used; what is wrong with one entry is a Refusal, or an error when that
// entry is opened.
func Unpack(ctx context.Context, format Format, r io.ReaderAt, size int64, limits Limits) (*Archive, error) {
	u := &unpacker{ctx: ctx, limits: limits, fs: newFS(), stored: &counter{r: io.NewSectionReader(r, 0, size)}, size: size}
	var err error
	switch format {
	case Tar:
		err = u.tar(u.count(u.stored))
	case Gzip:
		return u.gzip()
	case Zip:
		err = u.zip(r)
	default:
		err = fmt.Errorf("unpacking: format %q is not known", cmp.Or(format, "none"))
	}
	if err != nil {
		return nil, err
	}
	return u.archive(), nil
}

// unpacker is one unpacking.
type unpacker struct {
	ctx      context.Context
	limits   Limits
	fs       *FS
	refusals []Refusal
	// stored counts the stored bytes that a stream has taken.
	stored *counter
	size   int64
	// unpacked and kept are bytes so far.
	unpacked, kept int64
	entries        int
}

func (u *unpacker) archive() *Archive {
	return &Archive{FS: u.fs, Refusals: u.refusals, Bytes: u.kept}
}

func (u *unpacker) refuse(path, format string, args ...any) {
	u.refusals = append(u.refusals, Refusal{Path: path, Reason: fmt.Sprintf(format, args...)})
}

// entry counts one entry in.
func (u *unpacker) entry() error {
	if u.entries++; u.entries > u.limits.Files {
		return fmt.Errorf("more than %d entries: %w", u.limits.Files, ErrTooLarge)
	}
	return u.ctx.Err()
}

// count counts what is unpacked through it.
func (u *unpacker) count(r io.Reader) io.Reader { return &counted{u: u, r: r} }

type counted struct {
	u *unpacker
	r io.Reader
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	u := c.u
	u.unpacked += int64(n)
	taken := u.stored.n
	if taken == 0 {
		taken = u.size
	}
	if u.unpacked > u.limits.RatioFrom && u.unpacked > taken*u.limits.Ratio {
		return n, fmt.Errorf("more than %d times its size: %w", u.limits.Ratio, ErrBomb)
	}
	if ctxErr := u.ctx.Err(); ctxErr != nil {
		return n, ctxErr
	}
	return n, err
}

// keeps tells whether a file's content is wanted.
func (u *unpacker) keeps(path string) bool { return u.limits.Keep == nil || u.limits.Keep(path) }

// content reads a file's content of the announced size, most bytes at the most.
// own is why the file has none; err ends the unpacking.
func (u *unpacker) content(r io.Reader, size, most int64) (data []byte, own, err error) {
	tooLarge := fmt.Errorf("%w of %d bytes", ErrTooLarge, most)
	if size > most {
		return nil, tooLarge, nil
	}
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(r, most+1)); err != nil {
		return nil, nil, err
	}
	if int64(buf.Len()) > most {
		return nil, tooLarge, nil
	}
	data, fresh := u.fs.share(buf.Bytes())
	if fresh {
		u.kept += int64(len(data))
	}
	if u.kept > u.limits.TotalBytes {
		return nil, nil, fmt.Errorf("more than %d bytes together: %w", u.limits.TotalBytes, ErrTooLarge)
	}
	return data, nil, nil
}

func (u *unpacker) gzip() (*Archive, error) {
	stream, err := gzip.NewReader(u.stored)
	if err != nil {
		return nil, fmt.Errorf("unpacking gzip: %w", err)
	}
	unpacked := u.count(stream)
	head := make([]byte, SniffLen)
	n, err := io.ReadFull(unpacked, head)
	if err != nil && !errors.Is(err, io.EOF) && (n == 0 || !errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, fmt.Errorf("unpacking gzip: %w", err)
	}
	rest := io.MultiReader(bytes.NewReader(head[:n]), unpacked)
	if isTar(head[:n]) {
		if err := u.tar(rest); err != nil {
			return nil, err
		}
		return u.archive(), nil
	}
	var single bytes.Buffer
	if _, err := io.Copy(&single, io.LimitReader(rest, u.limits.FileBytes+1)); err != nil {
		return nil, fmt.Errorf("unpacking gzip: %w", err)
	}
	if int64(single.Len()) > u.limits.FileBytes {
		return nil, fmt.Errorf("unpacking gzip: more than %d bytes: %w", u.limits.FileBytes, ErrTooLarge)
	}
	return &Archive{Single: single.Bytes()}, nil
}

// counter counts the bytes read.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
