package source

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/archive"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// A walker reads the files of one folder or archive.
type walker struct {
	o      *opener
	from   origin
	layout layout
	t      *tree
	links  []string
	// visited are the files and folders that were read, links left out.
	visited map[string]bool

	// root is all of the folder or archive, and base the folder in it that t is.
	root *tree
	base string
	// first is the number of objects that came from elsewhere before.
	first int
	// namespace, in bundles, tells of a list's file which namespace's it is.
	namespace func(name string) string
	newest    time.Time // of the files that were read
}

// contents reads a folder or an archive.
func (o *opener) contents(ctx context.Context, from origin, fsys fs.ReadLinkFS, refusals []archive.Refusal) error {
	root := &tree{fsys: fsys, dir: ".", most: o.limits.FileBytes, folders: map[string]string{}}
	l, base, err := findLayout(root)
	if err != nil {
		return statError(from.arg, err)
	}
	if l != manifests {
		o.in.HasCapture = true
		if from.kind == evidence.SourceManifests {
			from.kind = evidence.SourceCapture
		}
		o.in.captures[from.id()] = newGathered(bundles[l] != "")
	}
	from.format = bundles[l]
	if from.kind != evidence.SourceArchive {
		o.in.bases[from.id()] = filepath.Join(from.arg, filepath.FromSlash(base))
	}
	if base != "." {
		from.folder = base
	}
	w := &walker{
		o: o, from: from, layout: l, t: root.sub(base, false), visited: map[string]bool{},
		root: root, base: base, first: len(o.in.Objects),
	}
	for _, r := range refusals {
		w.problem(Problem{
			Path: strings.TrimPrefix(r.Path, base+"/"), Reason: "not_regular", Detail: "an entry that is not unpacked: " + r.Reason,
			Hint: "pack it again from the folder that holds it",
		})
	}
	switch l {
	case capture:
		return w.capture(ctx)
	case manifests:
		return w.folder(ctx, ".", rules{})
	default:
		return w.bundle(ctx)
	}
}

// problem records a part that could not be had.
func (w *walker) problem(p Problem) {
	p.Source = w.o.register(w.from)
	p.Detail = evidence.Scrub(p.Detail)
	part, rest, _ := strings.Cut(p.Path, "/")
	objects := p.Node == "" && len(p.Collectors) == 0
	if w.layout == capture {
		switch part {
		case "nodes":
			p.Node, _, _ = strings.Cut(rest, "/")
			if p.Node == "" {
				p.Node = "*"
			}
			objects = false
		case "endpoints":
			p.Endpoint, objects = true, false
		}
	}
	if held := w.o.in.captures[p.Source]; held == nil {
		w.o.in.HasManifests = true
	} else if objects {
		held.broken = true
	}
	w.o.in.Problems = append(w.o.in.Problems, p)
}

func (w *walker) skip(name, why string) {
	w.o.in.Skipped = append(w.o.in.Skipped, Skipped{Source: w.from.id(), Path: name, Why: why})
}

// count counts a file or folder that is looked at.
func (w *walker) count(ctx context.Context) error {
	if w.o.files++; w.o.files > w.o.limits.Files {
		return inputError(w.from.arg, "name the folder that holds the manifests or the capture", "it holds more than %d files", w.o.limits.Files)
	}
	return ctx.Err()
}

// folder reads the files below a folder, then what links add to them.
func (w *walker) folder(ctx context.Context, dir string, r rules) error {
	if err := w.below(ctx, dir, r); err != nil {
		return err
	}
	links := w.links
	w.links = nil
	for _, link := range links {
		if err := w.link(ctx, link, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) below(ctx context.Context, dir string, r rules) error {
	entries, err := w.t.ReadDir(dir)
	if err != nil {
		w.problem(fileProblem(dir, err))
		return nil
	}
	w.visited[dir] = true
	if w.layout == manifests && holdsCapture(entries) {
		w.problem(Problem{
			Path: dir, Reason: "not_in_source", Detail: "a capture within a folder of manifests: its nodes and transcripts are not read",
			Hint: "name the capture itself",
		})
	}
	for _, e := range entries {
		if err := w.count(ctx); err != nil {
			return err
		}
		name := path.Join(dir, e.Name())
		var err error
		switch {
		case isHidden(e.Name()), e.Name() == "node_modules":
		case e.IsDir():
			if r.enter == nil || r.enter(name) {
				err = w.below(ctx, name, r)
			}
		case e.Type()&fs.ModeSymlink != 0:
			w.links = append(w.links, name)
		case !r.want(name):
			w.o.passed = append(w.o.passed, name)
			if r.every {
				w.skip(name, "its name does not end in .yaml, .yml or .json")
			}
		default:
			w.visited[name] = true
			err = w.file(ctx, name, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// link reads what a link leads to, unless it is read where it lies. A mounted
// ConfigMap is nothing but links into a hidden folder.
func (w *walker) link(ctx context.Context, name string, r rules) error {
	target, err := w.t.resolve(name, true)
	if err != nil {
		p := fileProblem(name, err)
		if errors.Is(err, fs.ErrNotExist) {
			p.Reason, p.Detail = "dangling_symlink", "a symbolic link that leads to nothing"
		}
		if r.every || r.want(name) {
			w.problem(p)
		} else {
			w.skip(name, p.Detail)
		}
		return nil
	}
	info, err := w.t.Lstat(target)
	switch {
	case w.visited[target]:
		return nil
	case err == nil && info.IsDir():
		w.problem(Problem{
			Path: name, Reason: "not_regular", Detail: "a symbolic link to a folder is not followed",
			Hint: "copy the folder in place of the link",
		})
		return nil
	case !r.want(name):
		return nil
	}
	w.visited[target] = true
	return w.file(ctx, name, r)
}

// read returns a file's content, or makes a Problem of it.
func (w *walker) read(name string, most int64) (data []byte, ok bool, err error) {
	f, err := w.t.Open(name)
	if err != nil {
		w.problem(fileProblem(name, err))
		return nil, false, nil
	}
	defer f.Close() //nolint:errcheck // read only
	var size int64
	if info, err := f.Stat(); err == nil {
		if info.IsDir() {
			w.problem(fileProblem(name, errFolder))
			return nil, false, nil
		}
		size = info.Size()
		w.see(info)
	}
	if data, err = readUpTo(f, size, most); err != nil {
		w.problem(fileProblem(name, err))
		return nil, false, nil
	}
	if w.from.kind == evidence.SourceArchive {
		return data, true, nil // counted when it was unpacked
	}
	return data, true, w.o.spend(w.from.arg, int64(len(data)))
}

// file reads the objects of a file.
func (w *walker) file(ctx context.Context, name string, r rules) error {
	data, ok, err := w.read(name, w.o.limits.FileBytes)
	if err != nil || !ok {
		return err
	}
	if document, err := w.o.document(path.Join(filepath.ToSlash(w.from.arg), name), data); err != nil {
		w.skip(name, errors.Unwrap(err).Error())
		return nil
	} else if document {
		return nil
	}
	content, err := w.o.decoder.Decode(ctx, name, data)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.add(name, content)
	if err != nil {
		w.broken(name, data, r, err)
		return nil
	}
	useful := len(content.Objects)+len(content.Lists) > 0
	switch {
	case useful && content.Foreign == 0:
	case r.holds(name):
		w.problem(w.foreign(name, data, content))
	case useful:
		w.skip(name, foreignDocuments(content))
	default:
		w.skip(name, "it holds no Kubernetes object")
	}
	return nil
}

// broken makes a Problem of a file that does not decode. Among manifests it may
// be a file that is none.
func (w *walker) broken(name string, data []byte, r rules, err error) {
	fault, ok := errors.AsType[*manifest.Fault](err)
	switch {
	case !ok:
		w.problem(fileProblem(name, err))
	case !r.holds(name) && !fault.Binary && !saysObject(data):
		w.skip(name, "it is no Kubernetes object, and broken")
	default:
		w.problem(faultProblem(name, data, fault))
	}
}

// add takes up the objects of a file of a folder or archive.
func (w *walker) add(name string, content manifest.Content) {
	for _, object := range content.Objects {
		if reason, message, failed := apiFailure(object.Map); failed {
			w.problem(Problem{Path: name, Line: object.Line, Reason: reason, Detail: "it holds an error of the API server: " + message, Hint: cureRefused})
		}
	}
	if len(content.Objects)+len(content.Lists) > 0 && w.layout == manifests {
		w.o.in.HasManifests = true
	}
	w.o.add(w.from, name, content)
	if w.namespace == nil {
		return
	}
	if namespace := w.namespace(name); namespace != "" {
		w.gatheredIn(namespace, content.Lists)
	}
}
