// Command limbo judges the chains of a suite in the format of x509-limbo with
// regpolicy's verdicts and with Go's crypto/x509, and says where both differ from
// what the suite expects. It fails where regpolicy and crypto/x509 disagree, and
// where a difference from the suite has no name.
package main

import (
	"errors"
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
	if len(args) != 1 {
		return errors.New("usage: limbo SUITE.json")
	}
	file, err := os.Open(args[0])
	if err != nil {
		return fmt.Errorf("reading the suite: %w", err)
	}
	defer file.Close()
	t := newTally(present, caseLimit)
	if err := eachCase(file, maxSuite, t.add); err != nil {
		return fmt.Errorf("reading the suite %q: %w", args[0], err)
	}
	return t.write(out)
}
