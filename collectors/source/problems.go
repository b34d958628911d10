package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/source/internal/archive"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// errFolder is of a folder by the name of a file.
var errFolder = errors.New("is a folder")

// fileProblem is why a file could not be read.
func fileProblem(path string, err error) Problem {
	p := Problem{Path: path, Reason: "internal", Detail: err.Error(), Hint: cureFile}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		p.Detail = pathErr.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.Reason = "permission_denied"
		p.Hint = "run it as a user who may read the file, or copy it with its mode changed"
	case errors.Is(err, errEscapes), errors.Is(err, errLoop):
		p.Reason = "not_regular"
		p.Hint = "copy the file in place of the link"
	case errors.Is(err, archive.ErrNotRegular), errors.Is(err, errFolder):
		p.Reason = "not_regular"
	case errors.Is(err, archive.ErrDamaged):
		p.Reason, p.Hint = "parse_error", "pack the archive again, without a password"
	case errors.Is(err, archive.ErrTooLarge):
		p.Reason, p.Hint = "truncated", cureParts
	case errors.Is(err, fs.ErrInvalid) && !fs.ValidPath(path):
		p.Reason, p.Detail, p.Hint = "parse_error", "its name is no UTF-8 text, or none that a file can have", "give it another name"
	case errors.Is(err, fs.ErrNotExist):
		p.Reason = "not_found"
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Reason = "truncated"
	}
	return p
}

// faultProblem is the problem of a text that could not be read.
func faultProblem(name string, data []byte, fault *manifest.Fault) Problem {
	if what, cure := otherKind(name, data); what != "" {
		return Problem{Path: name, Reason: faultReason(fault), Detail: what, Hint: cure}
	}
	return textProblem(name, fault)
}

func textProblem(name string, fault *manifest.Fault) Problem {
	return Problem{
		Path: name, Line: fault.Line, Column: fault.Column, Reason: faultReason(fault),
		Detail: fault.Detail, Hint: cmp.Or(fault.Hint, cureFile),
	}
}

// foreign is the problem of a file that should hold objects and does not, or not
// only.
func (w *walker) foreign(name string, data []byte, content manifest.Content) Problem {
	p := Problem{Path: name, Reason: "parse_error", Hint: cureFile}
	what, cure := otherKind(name, data)
	switch {
	case len(content.Objects) > 0:
		p.Detail = foreignDocuments(content)
	case what != "":
		p.Detail, p.Hint = what, cure
		if len(strings.TrimSpace(string(data))) == 0 {
			p.Reason = "truncated"
		}
	default:
		p.Detail = "it holds no Kubernetes object: apiVersion and kind are missing"
	}
	return p
}

func foreignDocuments(content manifest.Content) string {
	return fmt.Sprintf("%d of its documents are no Kubernetes objects: apiVersion and kind are missing", content.Foreign)
}

func faultReason(fault *manifest.Fault) string {
	if fault.Truncated {
		return "truncated"
	}
	return "parse_error"
}

// nothing is the error of an argument in which nothing is usable.
func nothing(name string, problems []Problem, skipped []Skipped, passed []string) error {
	archives := slices.DeleteFunc(slices.Clone(passed), func(file string) bool { return !isArchiveName(file) })
	switch {
	case len(problems) > 0:
		return inputError(name, problems[0].Hint, "nothing in it can be used: %s", problems[0].place())
	case len(skipped) > 0:
		return inputError(name, cureFolder, "it holds no Kubernetes object, only %d files of other kinds", len(skipped))
	case len(archives) == 1:
		return inputError(name, fmt.Sprintf("name the archive itself: %q", path.Join(name, archives[0])), "it holds no Kubernetes object, only the archive %q", archives[0])
	case len(archives) > 1:
		return inputError(name, fmt.Sprintf("name the archives themselves: %q and so on", path.Join(name, archives[0])), "it holds no Kubernetes object, only %d archives such as %q", len(archives), archives[0])
	case len(passed) > 0:
		return inputError(name, cureFolder, "it holds no *.yaml, *.yml or *.json file, only others such as %q", passed[0])
	}
	return inputError(name, cureFolder, "it is empty: there is nothing to read")
}

// isArchiveName tells of files that Open reads where they are named themselves.
func isArchiveName(name string) bool {
	return slices.ContainsFunc([]string{".tar", ".tar.gz", ".tgz", ".zip"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

// place is path, line and detail in one line.
func (p Problem) place() string {
	if p.Line > 0 {
		return fmt.Sprintf("%q, line %d: %s", p.Path, p.Line, p.Detail)
	}
	return fmt.Sprintf("%q: %s", p.Path, p.Detail)
}
