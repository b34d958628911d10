package source

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/archive"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// Open reads offline sources, told apart by their content: evidence documents,
// capture folders, files and folders of manifests, archives of these, support
// bundles, "-" for standard input, and pipes that are open already. No arguments give an empty Input.
//
// What cannot be had is either an error or a Problem:
//
//   - An argument that cannot be used at all is an *InputError: it does not exist,
//     it is a single file that is broken in any part, an archive that does not
//     unpack, a file of another kind, or a folder or archive in which nothing is
//     usable. So is a limit that is passed, and a node that two arguments hold.
//   - A file within a folder or an archive that is broken is a Problem, and what
//     it held whole before the break is kept. In a folder of manifests a broken
//     text that nowhere says apiVersion and kind is no manifest, and is skipped.
//
// An argument that is named twice is read once. When ctx ends Open returns its
// error; a read of stdin that waits is then left behind, until stdin ends.
func Open(ctx context.Context, args []string, stdin io.Reader, limits Limits) (*Input, error) {
	return newOpener(stdin, limits).open(ctx, args)
}

// OpenToJudge is Open for one who needs no text of the sections of documents that left
// names: large files that are documents are read in parts.
func OpenToJudge(ctx context.Context, args []string, stdin io.Reader, limits Limits, left map[string]bool) (*Input, error) {
	o := newOpener(stdin, limits)
	o.parts, o.left = true, left
	return o.open(ctx, args)
}

func newOpener(stdin io.Reader, limits Limits) *opener {
	return &opener{
		in: &Input{
			Nodes:    map[string]NodeTree{},
			Sources:  map[string]evidence.Source{},
			captures: map[string]*gathered{},
			unclear:  map[objectKey]error{},
			bases:    map[string]string{},
			places:   newPlaces(),
		},
		stdin:   stdin,
		limits:  limits,
		decoder: manifest.NewDecoder(manifest.Limits{Depth: limits.Depth, Values: limits.Values, Nodes: limits.Nodes}),
		seen:    map[string]bool{},
		named:   map[namedKey][]int{},
	}
}

func (o *opener) open(ctx context.Context, args []string) (*Input, error) {
	opened := map[string]bool{}
	for _, arg := range args {
		name := filepath.Clean(arg)
		if arg == "" {
			name = ""
		}
		if opened[name] {
			continue
		}
		opened[name] = true
		o.passed = nil
		held, problems, skipped := o.holds(), len(o.in.Problems), len(o.in.Skipped)
		err := o.argument(ctx, name)
		if err == nil && o.holds() == held {
			err = nothing(name, o.in.Problems[problems:], o.in.Skipped[skipped:], o.passed)
		}
		if ctx.Err() != nil {
			err = fmt.Errorf("reading %q: %w", name, ctx.Err())
		}
		if err != nil {
			_ = o.in.Close() // what was opened for reading only
			return nil, err
		}
	}
	return o.in, nil
}

// opener is one reading of arguments.
type opener struct {
	in      *Input
	stdin   io.Reader
	limits  Limits
	decoder *manifest.Decoder
	// parts tells to read large documents in parts, without the sections of left.
	parts bool
	left  map[string]bool

	files int   // looked at
	bytes int64 // read
	lists int   // Lists read, empty ones included
	again int   // objects read that stood there already
	// seen are objects of captures, by uid and version.
	seen map[string]bool
	// named are the indices of objects by their names.
	named map[namedKey][]int
	// passed are the files of the argument at hand that were passed over for their names.
	passed []string
}

// origin is where something comes from: an argument.
type origin struct {
	arg    string
	kind   string // of evidence.Source
	sha256 string
	folder string // where its paths begin, "" for the root
	format string // of a bundle: one of evidence.Formats
}

func (from origin) id() string { return from.kind + ":" + filepath.ToSlash(from.arg) }

// register enters the source and returns its id.
func (o *opener) register(from origin) string {
	id := from.id()
	if _, known := o.in.Sources[id]; !known {
		o.in.Sources[id] = evidence.Source{
			Kind: from.kind, URI: evidence.Scrub(filepath.ToSlash(from.arg)), SHA256: from.sha256, Folder: from.folder, Format: from.format,
		}
	}
	return id
}

// holds counts what is usable so far.
func (o *opener) holds() int {
	return len(o.in.Documents) + len(o.in.Objects) + len(o.in.Nodes) + len(o.in.Transcripts) + o.lists + o.again
}

func (o *opener) argument(ctx context.Context, name string) error {
	if name == "-" {
		return o.stream(ctx, name, o.stdin)
	}
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return inputError(name, "check the path; without any SOURCE the live cluster is read", "no such file or folder")
	case err != nil:
		return statError(name, err)
	case info.IsDir():
		return o.folder(ctx, name)
	case namedfile.IsStream(name):
		f, err := namedfile.Open(ctx, name)
		if err != nil {
			return statError(name, err)
		}
		defer f.Close() //nolint:errcheck // read only
		return o.stream(ctx, name, f)
	case !info.Mode().IsRegular():
		return inputError(name, "pipe it in and name it \"-\": ... | regpolicy eval -", "%s, not a file", describe(info.Mode()))
	case info.Size() > o.limits.FileBytes:
		return inputError(name, cureParts, "%w", tooLarge(o.limits.FileBytes))
	}
	return o.file(ctx, name, info.Size())
}

// stream reads what can be read only once, from the beginning to the end.
func (o *opener) stream(ctx context.Context, name string, r io.Reader) error {
	data, err := readAll(ctx, r, o.limits.FileBytes)
	switch {
	case errors.Is(err, archive.ErrTooLarge):
		return inputError(name, cureParts, "%w", err)
	case err != nil:
		return inputError(name, "pipe a document or manifests in: ... | regpolicy eval -", "%w", err)
	case archive.Sniff(data) != archive.None:
		return o.archive(ctx, origin{arg: name, kind: evidence.SourceArchive, sha256: digest(data)}, bytes.NewReader(data), int64(len(data)))
	}
	return o.single(ctx, name, data)
}

func statError(name string, err error) error {
	p := fileProblem(name, err)
	return inputError(name, p.Hint, "%s", p.Detail)
}

// file reads a regular file that an argument names.
func (o *opener) file(ctx context.Context, name string, size int64) error {
	f, err := os.Open(name) //nolint:gosec // the user names it
	if err != nil {
		return statError(name, err)
	}
	defer f.Close() //nolint:errcheck // read only
	head := make([]byte, archive.SniffLen)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return statError(name, err)
	}
	if o.parts && size >= largeDocument {
		if read, err := o.inParts(name, f, head[:n]); err != nil || read {
			return err
		}
	}
	rest := io.MultiReader(bytes.NewReader(head[:n]), f)
	if archive.Sniff(head[:n]) == archive.None {
		data, err := readUpTo(rest, size, o.limits.FileBytes)
		if err != nil {
			return statError(name, err)
		}
		return o.single(ctx, name, data)
	}
	sum := sha256.New()
	stored, err := io.Copy(sum, rest)
	if err != nil {
		return statError(name, err)
	}
	return o.archive(ctx, origin{arg: name, kind: evidence.SourceArchive, sha256: hex.EncodeToString(sum.Sum(nil))}, f, stored)
}

// single reads the only file of an argument: a document or manifests.
func (o *opener) single(ctx context.Context, name string, data []byte) error {
	if err := o.spend(name, int64(len(data))); err != nil {
		return err
	}
	document, err := o.document(name, data)
	if err != nil || document {
		return err
	}
	whole := data
	data, dumped, err := withoutLogs(data)
	if err != nil {
		return inputError(name, "dump it again, and let kubectl finish", "%w", err)
	}
	content, err := o.decoder.Decode(ctx, name, data)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var fault *manifest.Fault
	if errors.As(err, &fault) || len(content.Objects)+len(content.Lists) == 0 {
		if what, cure := otherKind(name, data); what != "" {
			return inputError(name, cure, "%s", what)
		}
	}
	switch {
	case fault != nil:
		return faultError(name, fault)
	case err != nil:
		return inputError(name, cureFile, "%w", err)
	case len(content.Objects)+len(content.Lists) == 0:
		return inputError(name, "name a file that kubectl get -o yaml or -o json printed, a manifest, or a document that regpolicy collect wrote",
			"it holds no Kubernetes object: apiVersion and kind are missing")
	}
	return o.only(name, digest(whole), content, dumped)
}

// only takes up the objects of the only file of an argument.
func (o *opener) only(name, sha256 string, content manifest.Content, dumped bool) error {
	for _, object := range content.Objects {
		if _, message, failed := apiFailure(object.Map); failed {
			return inputError(name, cureRefused, "it holds an error of the API server: %s", message)
		}
	}
	if isKubeconfig(content.Objects) {
		return inputError(name, "read that cluster with --kubeconfig FILE, without naming it as SOURCE", "a kubeconfig is no source by itself")
	}
	from := origin{arg: name, kind: evidence.SourceManifests, sha256: sha256}
	if dumped || isDumpStream(content) {
		from.kind, from.format = evidence.SourceCapture, evidence.FormatClusterDump
		o.in.HasCapture, o.in.captures[from.id()] = true, newGathered(true)
	} else {
		o.in.HasManifests = true
	}
	o.in.bases[from.id()] = ""
	first := len(o.in.Objects)
	o.add(from, filepath.ToSlash(name), content)
	if from.format != "" {
		o.defaultDump(name, first)
		o.dumpedAt(from, name, first)
	}
	if content.Foreign > 0 {
		o.in.Skipped = append(o.in.Skipped, Skipped{Source: from.id(), Path: filepath.ToSlash(name), Why: foreignDocuments(content)})
	}
	return nil
}

func isKubeconfig(objects []manifest.Object) bool {
	for _, object := range objects {
		_, has := object.Map["clusters"].([]any)
		if !has || text(object.Map, "kind") != "Config" || text(object.Map, "apiVersion") != "v1" {
			return false
		}
	}
	return len(objects) > 0
}

// archive reads an archive that an argument names.
func (o *opener) archive(ctx context.Context, from origin, r io.ReaderAt, stored int64) error {
	head := make([]byte, archive.SniffLen)
	n, _ := r.ReadAt(head, 0)
	format := archive.Sniff(head[:n])
	if format == archive.Other {
		return inputError(from.arg, "unpack it and name the folder, or pack it as .tar.gz or .zip", "an archive of a kind that is not read")
	}
	unpacked, err := archive.Unpack(ctx, format, r, stored, archive.Limits{
		FileBytes: o.limits.FileBytes, TotalBytes: o.limits.TotalBytes - o.bytes, Files: o.limits.Files - o.files,
		Ratio: o.limits.Ratio, RatioFrom: ratioFrom, Keep: isWanted,
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, archive.ErrBomb), errors.Is(err, archive.ErrTooLarge):
		return inputError(from.arg, "if you trust it, unpack it and name the folder", "%w", err)
	case err != nil:
		return inputError(from.arg, "copy it again: it seems to be damaged or cut short", "%w", err)
	case unpacked.FS == nil:
		return o.single(ctx, from.arg, unpacked.Single)
	}
	if err := o.spend(from.arg, unpacked.Bytes); err != nil {
		return err
	}
	return o.contents(ctx, from, unpacked.FS, unpacked.Refusals)
}

func (o *opener) folder(ctx context.Context, name string) error {
	root, err := os.OpenRoot(name)
	if err != nil {
		return statError(name, err)
	}
	o.in.closers = append(o.in.closers, root)
	fsys, ok := root.FS().(fs.ReadLinkFS)
	if !ok {
		return inputError(name, cureFolder, "the file system tells nothing of links")
	}
	return o.contents(ctx, origin{arg: name, kind: evidence.SourceManifests}, fsys, nil)
}

// spend counts bytes that are read.
func (o *opener) spend(name string, n int64) error {
	if o.bytes += n; o.bytes > o.limits.TotalBytes {
		return inputError(name, "name fewer files in one run", "the files together are %w", tooLarge(o.limits.TotalBytes))
	}
	return nil
}
