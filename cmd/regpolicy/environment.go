package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/merge"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/oci"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/settings"
	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
	"github.com/regpolicy/regpolicy/collectors/source/kube"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
	"github.com/regpolicy/regpolicy/collectors/source/remote"
)

// version is set by the linker when a release is built.
var version = "dev"

// environment is all that the commands may know of the world outside.
type environment struct {
	name                               string
	args                               []string
	stdin                              io.Reader
	stdout, stderr                     io.Writer
	getenv                             func(string) string
	environ                            func() []string // nil for none
	home                               string
	now                                func() time.Time
	after                              func(time.Duration) <-chan time.Time // a timer
	width                              int
	stdoutIsTerminal, stderrIsTerminal bool
	heap                               *heap           // nil in tests
	interrupted                        <-chan struct{} // closed then; run sets it
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

// run is the whole program as a function of its edges.
func run(ctx context.Context, e *environment) int {
	out := &outfile.Watched{To: e.stdout}
	own := *e
	own.stdout, own.stdin, own.interrupted, e = out, namedfile.Interruptible(ctx, e.stdin), ctx.Done(), &own
	root := newRoot(e)
	root.SetArgs(e.args)
	command, err := root.ExecuteContextC(ctx)
	// A report that nobody got is no success, whatever it says.
	if out.Err != nil {
		e.complain(fmt.Sprintf("writing to standard output: %v", pathless(out.Err)), outfile.Hint(out.Err))
		return exitUsage
	}
	if err == nil {
		return exitOK
	}
	var exit *exitError
	var faults engine.Errors
	known := errors.As(err, &exit)
	switch {
	case known && (exit.code != exitUsage || exit.err == nil):
		if exit.err != nil {
			e.complain(exit.Error(), exit.hint)
		}
		return exit.code
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		e.complain("interrupted", "")
		return exitInterrupted
	case errors.As(err, &faults):
		for _, f := range faults {
			e.complain(f.Error(), f.Hint)
		}
		return exitUsage
	}
	e.complain(settings.Traced(command.Flags(), err.Error()), cmp.Or(hintOf(err), fmt.Sprintf("`%s --help` says what it takes", command.CommandPath())))
	return exitUsage
}

// hintOf is the cure that an error knows, "" for none.
func hintOf(err error) string {
	hint := ""
	if e, ok := errors.AsType[*exitError](err); ok {
		hint = e.hint
	}
	if e, ok := errors.AsType[*misuse.Error](err); ok {
		hint = cmp.Or(hint, e.Hint)
	}
	if e, ok := errors.AsType[*engine.Fault](err); ok {
		hint = cmp.Or(hint, e.Hint)
	}
	if e, ok := errors.AsType[*oci.Error](err); ok {
		hint = cmp.Or(hint, e.Hint)
	}
	if e, ok := errors.AsType[*source.InputError](err); ok {
		hint = cmp.Or(hint, e.Cure)
	}
	if e, ok := errors.AsType[*merge.Error](err); ok {
		hint = cmp.Or(hint, e.Hint)
	}
	if e, ok := errors.AsType[*kube.LoadError](err); ok {
		hint = cmp.Or(hint, e.Hint)
	}
	return cmp.Or(hint, remote.Hint(err), outfile.Hint(err))
}

// complain writes an error and its cure, without secrets.
func (e *environment) complain(text, hint string) {
	fmt.Fprintf(e.stderr, "error: %s\n", oneLine(evidence.Scrub(text)))
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", oneLine(evidence.Scrub(hint)))
	}
}

// warn writes one line that changes nothing, and its cure.
func (e *environment) warn(text, hint string) {
	fmt.Fprintf(e.stderr, "warning: %s\n", oneLine(evidence.Scrub(text)))
	if hint != "" {
		fmt.Fprintf(e.stderr, "hint: %s\n", oneLine(evidence.Scrub(hint)))
	}
}

// oneLine makes a foreign text fit for a terminal: one line, nothing that moves
// the cursor.
func oneLine(s string) string { return report.Visible(strings.Join(strings.Fields(s), " ")) }

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
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := fmt.Sprintf("`%s --help` lists the commands", use)
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				hint = fmt.Sprintf("did you mean `%s %s`?", use, near[0])
			}
			return usage(hint, "there is no command %q", args[0])
		},
		RunE:              func(c *cobra.Command, _ []string) error { return c.Help() },
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		// SuggestionsFor wants it; cobra sets it only for its own message.
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(e.stdin)
	root.SetOut(mute{e.stdout})
	root.SetErr(e.stderr)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage(fmt.Sprintf("`%s --help` lists the flags", c.CommandPath()), "%w", err)
	})
	root.SetHelpCommand(&cobra.Command{
		Use: "help [COMMAND]", Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return usage(fmt.Sprintf("`%s --help` lists the commands", use), "there is no command %q", strings.Join(args, " "))
			}
			return c.Help()
		},
	})
	root.AddCommand(newEval(e), newCollect(e), newTest(e), newCheck(e), newNew(e), newDemo(e), newList(e), newExplain(e), newDocs(e), newMerge(e), newDiff(e), newConvert(e), newVerifyReport(e), newFix(e), newBundle(e), newAgent(e), newVersion(e), newCompletion(e))
	return root
}

func noArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage(fmt.Sprintf("`%s --help` shows the use", c.CommandPath()), "%s takes no argument, got %q", c.CommandPath(), args[0])
	}
	return nil
}
