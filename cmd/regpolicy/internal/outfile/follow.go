package outfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
)

var errLinks = errors.New("too many links: it may lead to itself")

// Follow is where a path leads, link by link, whether anything is there yet or not. What
// the process has open is not followed to the file that it is.
func Follow(path string) (string, error) {
	const most = 40 // as Linux has it
	for range most {
		dir, name := filepath.Split(path)
		real, err := filepath.EvalSymlinks(cmp.Or(dir, "."))
		if err != nil || name == "" {
			return path, nil // whoever writes there is told
		}
		path = filepath.Join(real, name)
		if isOpen(path) {
			return path, nil
		}
		info, err := os.Lstat(path)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		target, err := os.Readlink(path)
		if err != nil {
			return "", fmt.Errorf("following a link: %w", folder.Pathless(err))
		}
		if path = target; !filepath.IsAbs(target) && real != "." {
			path = real + string(filepath.Separator) + target // a Join would take ".." for its folder's
		}
	}
	return "", errLinks
}

// isOpen tells the names of what a process has open.
func isOpen(path string) bool {
	return strings.HasPrefix(path, "/proc/") || strings.HasPrefix(path, "/dev/fd/")
}

// IsStdout tells the names of standard output, and links that lead there.
func IsStdout(path string) bool {
	if path == "" || path == "-" {
		return true
	}
	to, err := Follow(path)
	if err != nil {
		return false
	}
	own := fmt.Sprintf("/proc/%d/", os.Getpid())
	return to == "/dev/stdout" || to == "/dev/fd/1" || to == "/proc/self/fd/1" ||
		strings.HasPrefix(to, own) && strings.HasSuffix(to, "/fd/1") // of a thread, too
}
