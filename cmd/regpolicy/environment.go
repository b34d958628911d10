package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// version is set when a release is built.
var version = "dev" //nolint:gochecknoglobals // the linker sets it

// environment is all that the commands may know of the world outside.
type environment struct {
	name                               string
	args                               []string
	stdin                              io.Reader
	stdout, stderr                     io.Writer
	getenv                             func(string) string
	home                               string
	now                                func() time.Time
	width                              int
	stdoutIsTerminal, stderrIsTerminal bool
}

// The exit codes, stable (docs/exit-codes.md).
const (
	exitOK           = 0
	exitFailed       = 1
	exitUsage        = 2
	exitInconclusive = 3
	exitNothing      = 4
	exitInterrupted  = 130
)

// exitError ends the program with a code. Its text is one line; hint says how to
// get further.
type exitError struct {
	code int
	err  error
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(hint, format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// hinter is an error that knows its cure.
type hinter interface{ Hint() string }

// run is the whole program as a function of its edges.
func run(ctx context.Context, e *environment) int {
	root := newRoot(e)
	root.SetArgs(e.args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	code, hint := exitUsage, ""
	var exit *exitError
	var faults engine.Errors
	var fault *engine.Fault
	var hinted hinter
	switch {
	case errors.As(err, &exit):
		code, hint = exit.code, exit.hint
		if hint == "" && errors.As(exit.err, &hinted) {
			hint = hinted.Hint()
		}
	case errors.As(err, &faults):
		for _, f := range faults {
			e.complain(f.Error(), f.Hint)
		}
		return exitUsage
	case errors.As(err, &fault):
		hint = fault.Hint
	case errors.As(err, &hinted):
		hint = hinted.Hint()
	case ctx.Err() != nil:
		code = exitInterrupted
	}
	if text := err.Error(); text != "" {
		e.complain(text, hint)
	}
	return code
}

// complain writes an error and its cure, without secrets.
func (e *environment) complain(text, hint string) {
	fmt.Fprintf(e.stderr, "error: %s\n", oneLine(evidence.Scrub(text)))
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", oneLine(evidence.Scrub(hint)))
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

func newRoot(e *environment) *cobra.Command {
	use := "regpolicy"
	if strings.HasPrefix(e.name, "kubectl-") {
		use = "kubectl regpolicy"
	}
	root := &cobra.Command{
		Use:   use,
		Short: "Tell what is wrong with registry trust in a Kubernetes cluster",
		Long: "regpolicy gathers pod events, node trust stores, TLS handshakes and trust configuration into one\n" +
			"evidence document, and judges it by Rego policies.",
		SilenceErrors: true, SilenceUsage: true,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: use},
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(fmt.Sprintf("`%s --help` lists the flags", c.CommandPath()), "%w", err)
	})
	root.AddCommand(newEval(e), newCollect(e), newDemo(e), newList(e), newExplain(e), newVersion(e))
	return root
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Sprintf("`%s --help` shows the use", c.CommandPath()), "%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}
