// Command limbo judges the chains of a suite in the format of x509-limbo with
// regpolicy's verdicts and with Go's crypto/x509, and says where both differ from
// what the suite expects. It fails where regpolicy and crypto/x509 disagree, and
// where a difference from the suite has no name. With -openssl it asks that program,
// too, and fails where a difference from OpenSSL has no name.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// caseLimit is how long one case may take: chains that are made to cost time must
// not.
const caseLimit = 10 * time.Second

func main() {
	if err := run(os.Args[1:], os.Stdout, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer, present time.Time) error {
	flags := flag.NewFlagSet("limbo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	program := flags.String("openssl", "", "the program to ask, too")
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		return errors.New("usage: limbo [-openssl PROGRAM] SUITE.json")
	}
	file, err := os.Open(flags.Arg(0))
	if err != nil {
		return fmt.Errorf("reading the suite: %w", err)
	}
	defer file.Close()
	t := newTally(present, caseLimit)
	if *program != "" {
		dir, err := os.MkdirTemp("", "limbo-")
		if err != nil {
			return fmt.Errorf("making a folder for openssl's files: %w", err)
		}
		defer os.RemoveAll(dir)
		if err := t.ask(openssl{*program, dir}); err != nil {
			return err
		}
	}
	if err := eachCase(file, maxSuite, t.add); err != nil {
		return fmt.Errorf("reading the suite %q: %w", flags.Arg(0), err)
	}
	return t.write(out)
}
