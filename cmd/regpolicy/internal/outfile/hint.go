package outfile

import (
	"errors"
	"syscall"
)

// Hint is the cure of errors that only writing meets, "" for any other.
func Hint(err error) string {
	for _, known := range []struct {
		cause syscall.Errno
		hint  string
	}{
		{syscall.ENOSPC, "make room on that device, or write to another one"},
		{syscall.EDQUOT, "make room within your quota, or write to another place"},
		{syscall.EFBIG, "no file may become that large there (`ulimit -f` shows the shell's limit): raise it, or write to another place"},
		{syscall.EROFS, "that file system is read-only: write to another place"},
		{syscall.EPIPE, "the program that reads it ended before the end (as `| head` does): let it read all"},
		{syscall.ENAMETOOLONG, "give the file a shorter name"},
	} {
		if errors.Is(err, known.cause) {
			return known.hint
		}
	}
	return ""
}
