package main

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
)

// watchedFiles are source files and folders that may change while somebody repairs; what
// this program writes into them itself does not count.
type watchedFiles struct{ paths, written []string }

// filesState stands for the names, sizes and times of files.
type filesState [sha256.Size]byte

// maxWatched bounds how many files are looked at each time; those beyond it are seen
// with the interval.
const maxWatched = 20_000

var errEnough = errors.New("enough files")

// state takes in every file once; what cannot be read counts as absent.
func (w *watchedFiles) state() filesState {
	sum := sha256.New()
	n := 0
	for _, path := range w.paths {
		err := filepath.WalkDir(folder.Named(path), func(name string, d fs.DirEntry, err error) error {
			if n++; n > maxWatched {
				return errEnough
			}
			if err != nil {
				return nil //nolint:nilerr // it is absent
			}
			info, err := d.Info()
			if err != nil || d.IsDir() || slices.Contains(w.written, filepath.Clean(name)) {
				return nil //nolint:nilerr // as above
			}
			sum.Write([]byte(name + "\x00"))
			sum.Write(binary.BigEndian.AppendUint64(nil, uint64(info.Size())))               //nolint:gosec // only compared
			sum.Write(binary.BigEndian.AppendUint64(nil, uint64(info.ModTime().UnixNano()))) //nolint:gosec // as above
			return nil
		})
		if err != nil {
			break
		}
	}
	return filesState(sum.Sum(nil))
}
