package evidence

import (
	"cmp"
	"path"
	"strconv"
	"strings"
)

// Position is a place in a file that somebody can go to and correct.
type Position struct {
	// Path is the file as the user named it: the source's URI and, where that is a
	// folder, the path in it. A file within an archive follows after "!/".
	Path string `json:"path"`
	// Line and Column are 1-based; a column counts characters.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Before orders positions by file, line and column.
func (p Position) Before(other Position) bool {
	return cmp.Or(cmp.Compare(p.Path, other.Path), cmp.Compare(p.Line, other.Line), cmp.Compare(p.Column, other.Column)) < 0
}

// IsFiles tells a source that was read from files, whose records have a path.
func (s Source) IsFiles() bool {
	return s.Kind == SourceManifests || s.Kind == SourceCapture || s.Kind == SourceArchive
}

// File is the file of a record's path as the user named it.
func (s Source) File(name string) string {
	name = withoutNumber(name)
	switch {
	case s.Kind == SourceManifests && s.SHA256 != "":
		return s.URI // it is that file
	case s.Kind == SourceArchive:
		return s.URI + "!/" + path.Join(s.Folder, name)
	default:
		return path.Join(s.URI, s.Folder, name)
	}
}

// withoutNumber takes off the "#N" of the N-th object of a file.
func withoutNumber(name string) string {
	at := strings.LastIndexByte(name, '#')
	if at < 0 {
		return name
	}
	if _, err := strconv.Atoi(name[at+1:]); err != nil {
		return name
	}
	return name[:at]
}
