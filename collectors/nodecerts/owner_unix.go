//go:build unix

package nodecerts

import (
	"io/fs"
	"syscall"
)

func ownerOf(info fs.FileInfo) (owner, group int, ok bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
