// Package merge judges the documents of a fleet, a few at a time, into one report.
package merge

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/folder"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// What is read at most.
const (
	maxFiles = 200_000
	maxBytes = 512 << 20 // of one document
)

// Error is wrong use, with its cure.
type Error struct {
	Err  error
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// file is a document that was found.
type file struct {
	path string
	// named tells that an argument is this very file.
	named bool
	head  head
	// fault is why it cannot be used.
	fault *fault
	// other tells that it is something else that may lie beside documents: a report.
	other bool
}

type fault struct{ reason, detail, hint string }

// clash is why it cannot be told which of two documents of one name counts; nil where
// the newer one does.
func (f *file) clash(newer *file) *fault {
	same, nameless := newer.head.collectedAt.Equal(f.head.collectedAt.Time), newer.head.cluster == "" || f.head.cluster == ""
	switch {
	case !same && !nameless, newer.says(f):
		return nil
	case nameless:
		return &fault{
			"parse_error", fmt.Sprintf("%q is called %q, too, and of one of them only the file's name tells the cluster", newer.path, f.name()),
			"remove the one that is not meant, or give the file the name of its cluster",
		}
	default:
		return &fault{
			"parse_error", fmt.Sprintf("%q is of the same cluster and the same time, and says something else", newer.path),
			"remove the one that is not meant; clusters of one name need other names",
		}
	}
}

func digest(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	sum := sha256.New()
	_, err = io.Copy(sum, io.LimitReader(file, maxBytes))
	return sum.Sum(nil), err
}

// says tells whether two documents say the same, byte for byte. What cannot be read
// will be told when it is judged.
func (f *file) says(other *file) bool {
	one, err := digest(f.path)
	if err != nil {
		return true
	}
	two, err := digest(other.path)
	return err != nil || bytes.Equal(one, two)
}

// find lists the files that arguments name, and those called *.json in folders.
func find(ctx context.Context, args []string) ([]file, error) {
	var files []file
	seen := map[string]bool{}
	add := func(path string, named bool) error {
		path = filepath.Clean(path)
		if seen[path] {
			return nil
		}
		seen[path] = true
		if files = append(files, file{path: path, named: named}); len(files) > maxFiles {
			return &Error{fmt.Errorf("reading the documents: there are more than %d files", maxFiles), "merge parts of the fleet by themselves"}
		}
		return ctx.Err()
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
			return nil, &Error{errors.New(`"-": merge reads no standard input`), "name files and folders; `regpolicy eval -` judges one document"}
		case err != nil:
			return nil, &Error{fmt.Errorf("reading %q: %w", arg, folder.Pathless(err)), "name documents that `regpolicy collect -o FILE` wrote, or a folder of them"}
		case !info.IsDir():
			err = add(arg, true)
		default:
			err = walk(arg, func(path string) error { return add(path, false) })
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
	return files, nil
}

// walk visits the *.json of a folder; what begins with a dot is not finished, or
// another program's. A folder that cannot be read may hold any number of documents.
func walk(root string, visit func(string) error) error {
	err := folder.Walk(root, func(f folder.File) error {
		switch {
		case f.Hidden():
			return nil
		case f.Linked:
			return &Error{fmt.Errorf("reading %q: it is a link to a folder, and links below a folder are not followed", f.Path), "name the folder itself, too, or remove the link: the documents in it would go missing"}
		case !strings.HasSuffix(f.Path, ".json"):
			return nil
		default:
			return visit(f.Path)
		}
	})
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return &Error{fmt.Errorf("reading %q: %w", e.Path, e.Err), "let it be read: the documents in it would go missing"}
	}
	return err
}

// head is what a document says of itself before its evidence.
type head struct {
	cluster     string
	collectedAt evidence.Time
}

// look reads a document's head. Documents that regpolicy wrote have it at their
// beginning, so that this costs one block of the disk.
func (f *file) look() {
	// Opening a pipe waits for who writes to it, which may be nobody.
	info, err := os.Stat(f.path)
	switch {
	case err != nil:
		f.fault = unreadable(err)
	case !info.Mode().IsRegular():
		f.fault = &fault{"not_regular", "it is a pipe, a device or a socket, and no file", "name documents that `regpolicy collect -o FILE` wrote"}
	case info.Size() == 0:
		f.fault = &fault{"truncated", "it is empty", cureAnew}
	case info.Size() > maxBytes:
		f.fault = tooLarge()
	default:
		f.lookInside()
	}
}

func (f *file) lookInside() {
	in, err := os.Open(f.path)
	if err != nil {
		f.fault = unreadable(err)
		return
	}
	defer in.Close() //nolint:errcheck // read only
	f.readHead(in)
}

const cureAnew = "collect that cluster again with `regpolicy collect -o FILE`"

func tooLarge() *fault {
	return &fault{"truncated", fmt.Sprintf("it has more than %d MiB", maxBytes>>20), "judge that cluster by itself with `regpolicy eval`"}
}

func unreadable(err error) *fault {
	reason, hint := "parse_error", "let the file be read by who runs regpolicy"
	switch {
	case errors.Is(err, fs.ErrPermission):
		reason = "permission_denied"
	case errors.Is(err, fs.ErrNotExist):
		reason, hint = "not_found", "put the document there that the link leads to, or remove the link"
	}
	return &fault{reason, folder.Pathless(err).Error(), hint}
}

func (f *file) readHead(r io.Reader) {
	read := &place{line: 1}
	dec := json.NewDecoder(io.TeeReader(withoutMark(r), read))
	token, err := dec.Token()
	if err == nil && token != json.Delim('{') {
		f.fault = &fault{"parse_error", "it is no evidence document", cureAnew}
		return
	}
	version := ""
	for err == nil && dec.More() {
		if token, err = dec.Token(); err == nil {
			err = dec.Decode(f.into(token, &version))
		}
		if f.other = version == report.SchemaVersion; f.other {
			return
		}
		if version != "" && f.head.cluster != "" && !f.head.collectedAt.IsZero() {
			break
		}
	}
	if err == nil && !dec.More() {
		_, err = dec.Token() // the object's end
	}
	if err != nil {
		f.fault = unlike(token, err, read)
		return
	}
	switch {
	case version != evidence.SchemaVersion:
		f.fault = &fault{"parse_error", fmt.Sprintf("its schema_version is %q, this program reads %q", version, evidence.SchemaVersion), cureAnew}
	case f.head.collectedAt.IsZero():
		f.fault = &fault{"parse_error", `it has no "collected_at"`, cureAnew}
	}
}

// unlike is why a text up to a place is no document.
func unlike(field json.Token, err error, at *place) *fault {
	_, syntax := errors.AsType[*json.SyntaxError](err)
	mistyped, other := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return at.truncated()
	case syntax:
		return &fault{"parse_error", "it is no JSON document: " + evidence.Scrub(err.Error()), cureAnew}
	case other:
		return &fault{"parse_error", fmt.Sprintf("its %v is a JSON %s, which no evidence document has there", field, mistyped.Value), cureAnew}
	default:
		return &fault{"parse_error", fmt.Sprintf("its %v is not what it should be: %s", field, evidence.Scrub(err.Error())), cureAnew}
	}
}

// into is where the value of a field goes.
func (f *file) into(field json.Token, version *string) any {
	switch field {
	case "schema_version":
		return version
	case "cluster":
		return &f.head.cluster
	case "collected_at":
		return &f.head.collectedAt
	default:
		return new(json.RawMessage)
	}
}

// name is the cluster's, or the file's where the document tells none.
func (f *file) name() string {
	if f.head.cluster != "" {
		return f.head.cluster
	}
	return strings.TrimSuffix(filepath.Base(f.path), ".json")
}
