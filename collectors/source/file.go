package source

import (
	"path/filepath"
	"regexp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// number is what tells the objects of one file apart in Provenance.Path.
var number = regexp.MustCompile(`#[0-9]+$`)

// File is the file that a record was read from, as the arguments name it; "-" is
// standard input. What lies in an archive, or is not from files, has none.
func (in *Input) File(from evidence.Provenance) (path string, ok bool) {
	base, ok := in.bases[from.Source]
	if !ok || from.Path == "" {
		return "", false
	}
	return filepath.Join(base, filepath.FromSlash(number.ReplaceAllString(from.Path, ""))), true
}

// OnlyObjects is the same input with other objects, and without nodes and
// transcripts. It need not be closed.
func (in *Input) OnlyObjects(objects []Object) *Input {
	out := *in
	out.Objects, out.Nodes, out.Transcripts, out.closers = objects, nil, nil, nil
	return &out
}
