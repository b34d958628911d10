package nodecerts

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// lister fills a listing from a tree. It does what the script does, in the same
// order, so that both are cut at the same place.
type lister struct {
	t       *tree
	l       *Listing
	owners  bool // mode and owner are the node's own
	spent   int64
	bundle  string
	index   blockIndex
	visited map[string]bool
	queue   []string
}

func newLister(root fs.FS, owners bool) *lister {
	return &lister{
		t: newTree(root), l: &Listing{Files: map[string]*File{}}, owners: owners,
		visited: map[string]bool{"": true, systemCerts: true, tlsCerts: true},
	}
}

func (r *lister) run(ctx context.Context) (*Listing, error) {
	r.findBundle()
	look := func(list []pattern, how manner) {
		for _, p := range list {
			if ctx.Err() == nil {
				r.each(r.t.expand(p), how)
			}
		}
	}
	look(configPatterns(), manner{})
	for range maxRounds {
		if ctx.Err() == nil {
			r.each(r.round(), manner{named: true, members: true})
		}
	}
	look(trustPatterns(), manner{})
	look(systemPatterns(), manner{members: true})
	r.l.Cut = r.l.Cut || r.t.cut
	if err := ctx.Err(); err != nil {
		r.l.Truncated, r.l.TruncatedBy = true, "cancelled"
		return r.l, fmt.Errorf("reading a node's files: %w", err)
	}
	return r.l, nil
}

// findBundle takes the first bundle of Go's list that can be read.
func (r *lister) findBundle() {
	for _, name := range goBundles {
		at, err := r.t.resolve(name, true)
		if err != nil || !at.info.Mode().IsRegular() {
			continue
		}
		content, status := r.t.read(at)
		if status == StatusUnreadable {
			continue
		}
		if status == StatusLarge {
			r.look(name, manner{})
			return
		}
		r.bundle, r.index = name, indexBlocks(content)
		r.l.Bundle, r.l.BundleData = name, thinBundle(content)
		return
	}
}

// manner is how a list of paths is looked at.
type manner struct {
	named   bool // a configuration names them: their absence is worth a word
	members bool // content that the bundle holds, too, is not taken again
}

func (r *lister) each(paths []string, how manner) {
	for _, name := range paths {
		if !how.named && !r.t.worthALook(name) {
			continue
		}
		if r.spent += fileCharge; r.spent > maxBudget {
			r.l.Cut = true
			return
		}
		if !how.members {
			r.visited[name] = true
		}
		r.look(name, how)
	}
}

// round takes the names that were found meanwhile, and of folders what may be a
// registry's configuration or a certificate.
func (r *lister) round() []string {
	queue := r.queue
	r.queue = nil
	var paths []string
	for _, named := range queue {
		for _, name := range r.t.expandStars(named) {
			name = strings.TrimSuffix(name, "/")
			if r.visited[name] {
				continue
			}
			r.visited[name] = true
			paths = append(paths, name)
			paths = append(paths, r.t.configured(name)...)
		}
	}
	return paths
}

// configured are the entries of a folder that a configuration names.
func (t *tree) configured(dir string) []string {
	var paths []string
	for _, name := range t.expand(pattern{dir: dir, depth: 1}) {
		if isConfigured(name) || t.isDir(name) {
			paths = append(paths, name)
		}
	}
	deeper := t.expand(pattern{dir: dir, depth: 2})
	for _, suffix := range []string{"/hosts.toml", ".crt", ".cert", ".key", ".pem"} {
		for _, name := range deeper {
			if strings.HasSuffix(name, suffix) {
				paths = append(paths, name)
			}
		}
	}
	return paths
}

func isConfigured(name string) bool {
	if n := len(name); n > 2 && name[n-2] == '.' && name[n-1] >= '0' && name[n-1] <= '9' {
		return true
	}
	return slices.Contains([]string{".crt", ".pem", ".cert", ".key"}, path.Ext(name)) || path.Base(name) == "hosts.toml"
}

func (t *tree) isDir(name string) bool {
	at, err := t.resolve(name, true)
	return err == nil && at.info.IsDir()
}

// look lists one path.
func (r *lister) look(name string, how manner) {
	f := &File{}
	if at, err := r.t.resolve(name, false); err == nil && at.info.Mode()&fs.ModeSymlink != 0 {
		link, err := fs.ReadLink(r.t.fs, at.name)
		if err == nil {
			f.Link = strings.TrimRight(link, "\n")
		}
	}
	at, err := r.t.resolve(name, true)
	var content []byte
	f.Status, content = r.status(at, err, f.Link != "")
	r.l.add(name, f)
	if isHashName(path.Base(name)) && f.Link != "" && !strings.Contains(f.Link, "/") {
		return // its target lies beside it and is listed there
	}
	if err != nil {
		return
	}
	r.meta(f, at.info)
	if f.Status == StatusOK && name != r.bundle {
		r.take(f, name, at.path(), content, how)
	}
}

func (r *lister) status(at resolved, err error, link bool) (Status, []byte) {
	switch {
	case errors.Is(err, errLoop):
		return StatusLoop, nil
	case errors.Is(err, errEscapes):
		return StatusEscapes, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errNotDirectory):
		if link {
			return StatusDangling, nil
		}
		return StatusAbsent, nil
	case err != nil:
		return StatusUnreadable, nil
	case at.info.IsDir():
		return r.t.dirStatus(at), nil
	case !at.info.Mode().IsRegular():
		return StatusSpecial, nil
	}
	content, status := r.t.read(at)
	return status, content
}

func (t *tree) dirStatus(at resolved) Status {
	entries, err := fs.ReadDir(t.fs, at.name)
	if err == nil && len(entries) > 0 {
		_, err = fs.Lstat(t.fs, path.Join(at.name, entries[0].Name()))
	}
	if errors.Is(err, fs.ErrPermission) {
		return StatusUnreadable
	}
	return StatusDirectory
}

// read reads a regular file.
func (t *tree) read(at resolved) ([]byte, Status) {
	file, err := t.fs.Open(at.name)
	if err != nil {
		if at.info.Size() > maxFile && !errors.Is(err, fs.ErrPermission) {
			return nil, StatusLarge // the file system has limits of its own
		}
		return nil, StatusUnreadable
	}
	defer file.Close()
	if at.info.Size() > maxFile {
		return nil, StatusLarge
	}
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, StatusUnreadable
	case len(content) > maxFile:
		return nil, StatusLarge
	default:
		return content, StatusOK
	}
}

func (r *lister) meta(f *File, info fs.FileInfo) {
	f.Size = info.Size()
	if t := info.ModTime(); t.Unix() > 0 {
		f.ModTime = t.UTC().Truncate(time.Second)
	}
	owner, group, ok := 0, 0, false
	if header, is := info.Sys().(*tar.Header); is {
		owner, group, ok = header.Uid, header.Gid, true
	} else if r.owners {
		owner, group, ok = ownerOf(info)
	}
	if ok {
		f.Mode, f.Owner, f.Group = listMode(info.Mode()), owner, group
	}
}

// take keeps the content of a file, as far as it is needed and allowed.
func (r *lister) take(f *File, name, real string, content []byte, how manner) {
	if how.members && !strings.Contains(name, "/tkg-") {
		if f.Members = r.index.members(content); f.Members != nil {
			return
		}
	}
	if f.Link != "" {
		f.Real = real
		if strings.Contains(real, extracted) {
			return
		}
	}
	if r.spent+int64(len(content)) > maxBudget {
		r.l.Cut, f.Cut = true, true
		return
	}
	r.spent += int64(len(content))
	if without, found := withoutKeys(content); found {
		f.Content, f.Partial = without, true
	} else if path.Ext(name) != ".key" {
		f.Content = content
	}
	if (how.named || slices.Contains([]string{".toml", ".conf", ".service"}, path.Ext(name))) && len(content) < maxText {
		r.queue = append(r.queue, namedPaths(name, content)...)
	}
}

// isHashName tells whether a name is that of an OpenSSL hash link as the script
// takes it: eight signs, a dot, a digit.
func isHashName(name string) bool {
	return len(name) == 10 && name[8] == '.' && name[9] >= '0' && name[9] <= '9'
}

// readProc reads what the script reads of /proc.
func (l *Listing) readProc(proc fs.FS) {
	l.ProcAsked = true
	if kernel, err := fs.ReadFile(proc, "sys/kernel/osrelease"); err == nil {
		l.Kernel, _, _ = strings.Cut(string(kernel), "\n")
	}
	if _, err := fs.ReadFile(proc, "1/stat"); err != nil {
		return
	}
	var text strings.Builder
	stat, _ := fs.ReadFile(proc, "stat")
	for line := range strings.Lines(string(stat)) {
		if strings.HasPrefix(line, "btime") {
			text.WriteString(line)
		}
	}
	entries, _ := fs.ReadDir(proc, ".")
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if line, err := fs.ReadFile(proc, e.Name()+"/stat"); err == nil {
			text.Write(append(line, '\n'))
		}
	}
	l.Proc = parseProc(text.String())
}
