package nodecerts

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

// maxEntries bounds what is looked at in one folder.
const maxEntries = 10_000

// expand returns the paths that fit a pattern, sorted as a shell does in the C
// locale.
func (t *tree) expand(p pattern) []string {
	if p.depth == 0 {
		return []string{p.dir}
	}
	paths := []string{p.dir}
	for range p.depth {
		var deeper []string
		for _, dir := range paths {
			for _, name := range t.names(dir) {
				if p.fits(name) {
					deeper = append(deeper, dir+"/"+name)
				}
			}
		}
		paths = deeper
	}
	slices.Sort(paths)
	return paths
}

func (p pattern) fits(name string) bool {
	if p.hidden {
		return len(name) > 1 && name[0] == '.' && name[1] != '.'
	}
	return name[0] != '.' && (p.depth > 1 || strings.HasSuffix(name, p.suffix))
}

// expandStars expands "*" in a path that a configuration names; a path that fits
// nothing stays as it is.
func (t *tree) expandStars(name string) []string {
	if !strings.Contains(name, "*") {
		return []string{name}
	}
	paths := []string{""}
	for part := range strings.SplitSeq(strings.TrimPrefix(name, "/"), "/") {
		var deeper []string
		for _, dir := range paths {
			deeper = append(deeper, t.expandPart(dir, part)...)
		}
		paths = deeper
	}
	if len(paths) == 0 {
		return []string{name}
	}
	slices.Sort(paths)
	return paths
}

func (t *tree) expandPart(dir, part string) []string {
	if !strings.Contains(part, "*") {
		if part == "" || t.there(dir+"/"+part) {
			return []string{dir + "/" + part}
		}
		return nil
	}
	var paths []string
	for _, name := range t.names(dir + "/") {
		if (name[0] != '.' || part[0] == '.') && starMatch(part, name) {
			paths = append(paths, dir+"/"+name)
		}
	}
	return paths
}

// starMatch matches a name against a pattern whose only special sign is "*".
func starMatch(pattern, name string) bool {
	pieces := strings.Split(pattern, "*")
	first, last := pieces[0], pieces[len(pieces)-1]
	if len(name) < len(first)+len(last) || !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) {
		return false
	}
	name = name[len(first) : len(name)-len(last)]
	for _, piece := range pieces[1 : len(pieces)-1] {
		_, after, ok := strings.Cut(name, piece)
		if !ok {
			return false
		}
		name = after
	}
	return true
}

// names are the entries of a folder, sorted; none where it cannot be read.
func (t *tree) names(dir string) []string {
	at, err := t.resolve(dir, true)
	if err != nil || !at.info.IsDir() {
		return nil
	}
	entries, _ := fs.ReadDir(t.fs, at.name)
	names := make([]string, 0, min(len(entries), maxEntries))
	for _, e := range entries {
		if len(names) == maxEntries {
			t.cut = true
			break
		}
		names = append(names, e.Name())
	}
	slices.Sort(names)
	return names
}

// worthALook tells whether something lies at a path, or may lie there: behind a
// folder that is closed to the user nothing is known to be absent.
func (t *tree) worthALook(name string) bool {
	_, err := t.resolve(name, false)
	return err == nil || errors.Is(err, fs.ErrPermission) && !strings.Contains(name, "*")
}

// there tells whether something lies at a path, a dangling link too.
func (t *tree) there(name string) bool {
	_, err := t.resolve(name, false)
	return err == nil
}
