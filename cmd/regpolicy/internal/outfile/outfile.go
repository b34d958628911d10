// Package outfile writes to the files that users name.
package outfile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
)

// Write writes a file that appears whole or not at all; to a device or a pipe it writes
// as to a stream. Until somebody reads a pipe it waits, but not longer than interrupted,
// which may be nil, is open. An error of the file is told as failed tells it, any other
// as it is.
func Write(interrupted <-chan struct{}, path string, to func(io.Writer) error, failed func(error) error) error {
	path, whole, err := placed(path)
	if err != nil {
		return failed(err)
	}
	if !whole {
		f, err := open(interrupted, path)
		if err != nil {
			return failed(err)
		}
		err = Stream(f, to, failed)
		if closing := f.Close(); err == nil && closing != nil {
			err = failed(closing)
		}
		return err
	}
	var rendering error
	err = replace(path, modeOf(path), func(f io.Writer) error {
		rendering = Stream(f, to, failed)
		return rendering
	})
	if err == nil || rendering != nil {
		return rendering
	}
	return failed(err)
}

// open opens what is no file. Opening a pipe would wait for who reads it, whatever signal
// comes; so it is asked for again and again.
func open(interrupted <-chan struct{}, path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0) //nolint:gosec // the user names it
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0) //nolint:gosec // as above
		if !errors.Is(err, syscall.ENXIO) {                            // nobody reads it
			return f, err
		}
		select {
		case <-interrupted:
			return nil, context.Canceled
		case <-again.C:
		}
	}
}

// IsWhole tells whether what is written there appears whole or not at all, as a file does
// and a device or a pipe does not.
func IsWhole(path string) bool {
	_, whole, err := placed(path)
	return err == nil && whole
}

// placed is where a path leads, and whether it is whole: a file is replaced there, and the
// links stay.
func placed(path string) (target string, whole bool, err error) {
	if target, err = Follow(path); err != nil {
		return "", false, err
	}
	info, err := os.Stat(target)
	return target, !IsStdout(path) && (err != nil || !isOpen(target) && info.Mode().IsRegular()), nil
}

// Stream has something written to w, in large pieces. An error of w is told as failed
// tells it, any other as it is; then nothing was written, unless it is long.
func Stream(w io.Writer, write func(io.Writer) error, failed func(error) error) error {
	const held = 1 << 20
	to := &Watched{To: w}
	buffer := bufio.NewWriterSize(to, held)
	err := write(buffer)
	if err == nil {
		err = buffer.Flush()
	}
	if to.Err != nil {
		return failed(to.Err)
	}
	return err
}

// Watched remembers the first error of a writer, since some printers drop it, and writes
// nothing after that.
type Watched struct {
	To  io.Writer
	Err error
}

func (w *Watched) Write(p []byte) (int, error) {
	if w.Err != nil {
		return 0, w.Err
	}
	n, err := w.To.Write(p)
	w.Err = err
	return n, err
}

// Appended is a file that others write to as well.
type Appended string

func (path Appended) Write(data []byte) (int, error) {
	f, err := os.OpenFile(string(path), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // reports are for others to read
	if err != nil {
		return 0, fmt.Errorf("opening %q: %w", string(path), folder.Pathless(err))
	}
	n, err := f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	return n, err
}
