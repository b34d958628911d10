// Command regpolicy tells what is wrong with container-registry trust in a
// Kubernetes cluster, by policies over collected evidence.
package main

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/term"
	"k8s.io/klog/v2"
)

func main() {
	limitMemory(os.DirFS("/"), os.Getenv)
	os.Exit(mainCode(time.Now))
}

// mainCode is main but for the exit and the clock, so that tests can run it as a
// command.
func mainCode(now func() time.Time) int {
	heap := spareCollections(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal ends the gathering in order; a second one ends the program.
	defer context.AfterFunc(ctx, stop)()
	// A reader of standard output that goes away (`| head`) is an error that is told,
	// not the end by a signal.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	// client-go's own log would go to stderr as well. What a credential plugin says there
	// does go there, unchanged, as with kubectl: it may ask somebody to log in.
	klog.SetLogger(logr.Discard())
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd())) //nolint:gosec // a file descriptor fits an int
	if err != nil {
		width = 0
	}
	e := &environment{
		name: filepath.Base(os.Args[0]), args: os.Args[1:],
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		getenv: os.Getenv, environ: os.Environ, home: home, now: now, after: time.After, width: width,
		stdoutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())), //nolint:gosec // as above
		stderrIsTerminal: term.IsTerminal(int(os.Stderr.Fd())), //nolint:gosec // as above
		heap:             heap,
	}
	return run(ctx, e)
}
