package repair

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Manifests are the files that evidence came from: as they were, and as the
// repairs have made them.
type Manifests struct {
	locate func(evidence.Provenance) (path string, ok bool)
	read   func(path string) ([]byte, error)
	before map[string][]byte
	after  map[string][]byte
	chains map[string][]string
	// parsed are the objects of files as they were when last asked for: each finding
	// asks for its own.
	parsed map[string]parsedFile
	// records are where the evidence says that objects came from, one a file.
	records []evidence.Provenance
}

// Open makes the files known that records came from. locate names the file of a
// record; read gives its bytes, once.
func Open(records []evidence.Provenance, locate func(evidence.Provenance) (string, bool), read func(path string) ([]byte, error)) *Manifests {
	return &Manifests{records: records, locate: locate, read: read, before: map[string][]byte{}, after: map[string][]byte{}, chains: map[string][]string{}, parsed: map[string]parsedFile{}}
}

// Changed are the paths of the files that repairs have changed, sorted.
func (m *Manifests) Changed() []string {
	var out []string
	for _, path := range slices.Sorted(maps.Keys(m.after)) {
		if string(m.after[path]) != string(m.before[path]) {
			out = append(out, path)
		}
	}
	return out
}

// Texts are a file's bytes, before and after.
func (m *Manifests) Texts(path string) (before, after []byte) { return m.before[path], m.after[path] }

// with are the same files with changes of their own.
func (m *Manifests) with() *Manifests {
	out := *m
	out.after, out.chains = maps.Clone(m.after), maps.Clone(m.chains)
	return &out
}

func (m *Manifests) text(path string) ([]byte, error) {
	if data, ok := m.after[path]; ok {
		return data, nil
	}
	data, err := m.read(path)
	if err != nil {
		return nil, err
	}
	m.before[path], m.after[path] = data, data
	return data, nil
}

type parsedFile struct {
	data    []byte
	objects []objectNode
}

// objectsOf are the objects of a file. They are not to be changed.
func (m *Manifests) objectsOf(path string) ([]objectNode, error) {
	data, err := m.text(path)
	if err != nil {
		return nil, err
	}
	if p, ok := m.parsed[path]; ok && bytes.Equal(p.data, data) {
		return p.objects, nil
	}
	t, err := parseText(data)
	if err != nil {
		return nil, err
	}
	m.parsed[path] = parsedFile{data, t.objects()}
	return m.parsed[path].objects, nil
}

// Object is one object in one of the files.
type Object struct {
	objectNode
	Path  string
	index int // within the file
}

// find finds the object that a record came from.
func (m *Manifests) find(ref evidence.ObjectRef, from evidence.Provenance) (*Object, error) {
	path, ok := m.locate(from)
	if !ok {
		return nil, fmt.Errorf("it lies in an archive; unpack it and name the folder")
	}
	objects, err := m.objectsOf(path)
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	var found []Object
	for i, o := range objects {
		if o.kind == ref.Kind && o.namespace == ref.Namespace && o.name == ref.Name {
			found = append(found, Object{objectNode: o, Path: path, index: i})
		}
	}
	// Of several of one name in a file the record says which.
	if _, number, ok := strings.Cut(from.Path, "#"); ok && len(found) > 1 {
		if n, err := strconv.Atoi(number); err == nil {
			found = slices.DeleteFunc(found, func(o Object) bool { return o.index != n-1 })
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%q holds %d objects %s %s", path, len(found), ref.Kind, ref.Name)
	}
	return &found[0], nil
}

// change is what is to be done to one object.
type change struct {
	object *Object
	edits  []Edit
}

// make makes repairs in order and returns the files that come of them.
func (m *Manifests) make(ctx context.Context, repairs []*Repair) (*Manifests, error) {
	out := m.with()
	changes := map[string][]change{}
	for _, r := range repairs {
		maps.Copy(out.chains, r.chains)
		for _, c := range r.changes {
			changes[c.object.Path] = append(changes[c.object.Path], c)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(changes)) {
		var err error
		if out.after[path], err = editFile(ctx, out.after[path], changes[path]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// editFile makes all changes of a file together: each alone would read the whole file
// again. Where that fails they are made one by one, which tells at which.
func editFile(ctx context.Context, data []byte, changes []change) ([]byte, error) {
	edits := map[int][]Edit{}
	for _, c := range changes {
		edits[c.object.index] = append(edits[c.object.index], c.edits...)
	}
	if all, err := editAll(data, edits); err == nil {
		return all, nil
	}
	for _, c := range changes {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		var err error
		if data, err = edit(data, c.object.index, c.edits); err != nil {
			return nil, fmt.Errorf("editing %s %q in %q: %w", c.object.kind, c.object.name, c.object.Path, err)
		}
	}
	return data, nil
}

// Chains are the fingerprints of what registries are to send, by endpoint.
func (m *Manifests) Chains() map[string][]string { return m.chains }
