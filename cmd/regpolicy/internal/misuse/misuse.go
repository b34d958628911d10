// Package misuse is what a user did wrong: one line, and how to get further.
package misuse

import "fmt"

// Error is wrong use. Its text is one line.
type Error struct {
	Err error
	// Hint is the cure, "" for none.
	Hint string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// New is an error with a hint.
func New(hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), Hint: hint}
}
