package main

import (
	"errors"
	"os"
	"strings"
)

// openNamed opens a file that the user names. Opening a pipe would wait for who writes to
// it, which may be nobody, and no signal would end that; what the shell has opened already
// (`<(...)`, /dev/stdin) does not wait.
func openNamed(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, pathless(err)
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case !info.Mode().IsRegular() && !isOpened(path):
		return nil, errors.New("it is a pipe, a device or a socket, and no file")
	}
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, pathless(err)
	}
	return file, nil
}

// isOpened tells what opens without waiting, and is known to end.
func isOpened(path string) bool {
	return path == os.DevNull || path == "/dev/stdin" || strings.HasPrefix(path, "/dev/fd/") || strings.HasPrefix(path, "/proc/self/fd/")
}
