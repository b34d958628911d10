package source

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/regpolicy/regpolicy/collectors/evidence"
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
	cureFile    = "correct the file, or leave it out"
	cureRefused = "save it again as a user who may read it"
	cureParts   = "save it in parts, one namespace or one kind each"
	cureFolder  = "a capture has objects/, nodes/<node>/ or endpoints/, a folder of manifests has *.yaml, *.yml or *.json files"
)

// faultError is a fault of the only file of an argument.
func faultError(path string, fault *manifest.Fault) *InputError {
	return &InputError{Path: path, Line: fault.Line, Column: fault.Column, Cause: fault, Cure: cmp.Or(fault.Hint, cureFile)}
}

// What following a link may end with.
var (
	errEscapes = errors.New("a symbolic link that leads out of the folder is not followed")
	errLoop    = errors.New("a symbolic link that leads to itself is not followed")
)
