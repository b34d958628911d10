// Package namedfile opens the files that users name, none of which may keep the program
// waiting for ever.
package namedfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"regexp"
	"syscall"
)

// Open opens a file. Opening a pipe would wait for who writes to it, which may be nobody,
// and no signal would end that; what the shell has opened already (`<(...)`, /dev/stdin)
// does not wait. Reading that ends with ctx. Errors leave the path out.
func Open(ctx context.Context, path string) (io.ReadCloser, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, pathless(err)
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case MayNotEnd(path, info.Mode()):
		return nil, errors.New("it is a pipe, a device or a socket, and no file")
	}
	how := os.O_RDONLY
	if !info.Mode().IsRegular() {
		how |= syscall.O_NONBLOCK // its writer may be gone
	}
	file, err := os.OpenFile(path, how, 0) //nolint:gosec // the user names it
	switch {
	case err != nil:
		return nil, pathless(err)
	case info.Mode().IsRegular():
		return file, nil
	default:
		// A read that was given up ends when the file is closed.
		return stream{Interruptible(ctx, file), file}, nil
	}
}

type stream struct {
	io.Reader
	io.Closer
}

// MayNotEnd tells what opening or reading might wait for, or have no end of.
func MayNotEnd(path string, mode fs.FileMode) bool {
	return !mode.IsRegular() && !mode.IsDir() && path != os.DevNull && !openedName.MatchString(path)
}

// IsStream tells of a pipe or the like that was opened before the program began: it can
// be read, and only once.
func IsStream(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir() && openedName.MatchString(path)
}

// openedName is how a file is called that the program was handed open.
var openedName = regexp.MustCompile(`^/(?:dev/stdin|(?:dev|proc/self)/fd/[0-9]+)$`)

// pathless takes the path out of an error whose text names it already.
func pathless(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
