package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/archive"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// InputError says that an argument cannot be used at all.
type InputError struct {
	Path         string // the argument, or a file within it
	Line, Column int    // 1-based, 0 where they are not known
	Cause        error
	Cure         string // a sentence without a full stop
}

// Error is one line: file, place, cause.
func (e *InputError) Error() string {
	place := ""
	if e.Line > 0 {
		place = fmt.Sprintf("line %d: ", e.Line)
		if e.Column > 0 {
			place = fmt.Sprintf("line %d, column %d: ", e.Line, e.Column)
		}
	}
	return fmt.Sprintf("reading %q: %s%s", e.Path, place, evidence.Scrub(e.Cause.Error()))
}

func (e *InputError) Unwrap() error { return e.Cause }

// Hint is the cure.
func (e *InputError) Hint() string { return e.Cure }

func inputError(path, cure, format string, args ...any) *InputError {
	return &InputError{Path: path, Cause: fmt.Errorf(format, args...), Cure: cure}
}

const (
	cureFile   = "correct the file, or leave it out"
	cureParts  = "save it in parts, one namespace or one kind each"
	cureFolder = "a capture has objects/, nodes/<node>/ or endpoints/, a folder of manifests has *.yaml, *.yml or *.json files"
)

// faultError is a fault of the only file of an argument.
func faultError(path string, fault *manifest.Fault) *InputError {
	return &InputError{Path: path, Line: fault.Line, Column: fault.Column, Cause: fault, Cure: cmp.Or(fault.Hint, cureFile)}
}

func faultReason(fault *manifest.Fault) string {
	if fault.Truncated {
		return "truncated"
	}
	return "parse_error"
}

// What following a link may end with.
var (
	errEscapes = errors.New("a symbolic link that leads out of the folder is not followed")
	errLoop    = errors.New("a symbolic link that leads to itself is not followed")
)

// fileProblem is why a file could not be read.
func fileProblem(path string, err error) Problem {
	p := Problem{Path: path, Reason: "internal", Detail: err.Error(), Hint: cureFile}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		p.Detail = pathErr.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.Reason = "permission_denied"
		p.Hint = "run it as a user who may read the file, or copy it with its mode changed"
	case errors.Is(err, errEscapes), errors.Is(err, errLoop):
		p.Reason = "not_regular"
		p.Hint = "copy the file in place of the link"
	case errors.Is(err, archive.ErrNotRegular):
		p.Reason = "not_regular"
	case errors.Is(err, archive.ErrTooLarge):
		p.Reason, p.Hint = "truncated", cureParts
	case errors.Is(err, fs.ErrNotExist):
		p.Reason = "not_found"
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Reason = "truncated"
	}
	return p
}
