package nodecerts

import (
	"context"
	"io/fs"
	"time"
)

// ReadTree lists a copy of a node's files, from its root: the folder nodes/<node>
// of a capture, or one within an archive. Links lead to places below root,
// absolute ones too; nothing outside is read. fsys must implement fs.ReadLinkFS,
// or else knows no links.
//
// Times are the tree's. Mode and owner are listed only where the file system has
// them from an archive's own headers (*tar.Header): those of a copied folder are
// the copier's. What lies outside of what was copied is told apart from what was
// missing on the node (StatusEscapes).
//
// The error is only ctx's; what cannot be read has a status that says so.
func ReadTree(ctx context.Context, root fs.FS) (*Listing, error) {
	return newLister(root, false).run(ctx)
}

// ReadHostRoot lists the node that this program runs on, by the node's root as it
// is mounted here. proc is the node's /proc, or nil where the mount is not the
// node's own (a pod without hostPID). now is the time, which is the node's.
func ReadHostRoot(ctx context.Context, root, proc fs.FS, now time.Time) (*Listing, error) {
	r := newLister(root, true)
	r.l.Live = r.t.whole
	r.l.Began = now.UTC().Truncate(time.Second)
	r.l.Ended = r.l.Began
	if proc != nil {
		r.l.readProc(proc)
	}
	return r.run(ctx)
}
