// Package cgroup knows what a container lets its process have.
package cgroup

import (
	"bufio"
	"io"
	"io/fs"
	"math"
	"path"
	"strconv"
	"strings"
)

// Memory is how many bytes the process and its like may hold before the kernel ends
// them: the least of the limits of its group and the groups around it. root is the
// root of the file system. It is false where there is no limit, or no way to tell.
func Memory(root fs.FS) (int64, bool) {
	least := int64(math.MaxInt64)
	for line := range strings.Lines(read(root, "proc/self/cgroup")) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, group, ok := strings.Cut(rest, ":")
		switch {
		case !ok:
		case controllers == "":
			least = min(least, leastOf(root, "sys/fs/cgroup", group, "memory.max"))
		case isMemory(controllers):
			least = min(least, leastOf(root, "sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
		}
	}
	return least, least < math.MaxInt64
}

func isMemory(controllers string) bool {
	for name := range strings.SplitSeq(controllers, ",") {
		if name == "memory" {
			return true
		}
	}
	return false
}

// leastOf looks at a group and all around it. In a container the group may be named as
// the host sees it, and is the mount's root there.
func leastOf(root fs.FS, mount, group, file string) int64 {
	least := int64(math.MaxInt64)
	for at := path.Clean("/" + group); ; at = path.Dir(at) {
		// Version 1 writes no limit as the greatest number of whole pages.
		const unlimited = math.MaxInt64 >> 1
		text := strings.TrimSpace(read(root, path.Join(mount, at, file)))
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 && n < unlimited {
			least = min(least, n)
		}
		if at == "/" {
			return least
		}
	}
}

// read is the start of a file, or nothing.
func read(root fs.FS, name string) string {
	f, err := root.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close() //nolint:errcheck // read only
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(bufio.NewReader(f), most))
	if err != nil {
		return ""
	}
	return string(text)
}
