//go:build !unix

package nodecerts

import "io/fs"

func ownerOf(fs.FileInfo) (owner, group int, ok bool) { return 0, 0, false }
