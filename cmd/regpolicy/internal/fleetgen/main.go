// Fleetgen writes the documents of a simulated fleet, to measure with.
//
//	go run ./cmd/regpolicy/internal/fleetgen 1000 /tmp/fleet fixtures
//
// /tmp/fleet.txt is the list of its clusters.
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/fleet/simulated"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fleetgen:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want the number of clusters, a folder to write and the fixtures, got %d arguments", len(args))
	}
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no number of clusters", args[0])
	}
	f, err := simulated.Write(args[1], args[2], n)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(os.Stdout, "clusters=%d missing=%d truncated=%d twice=%d broken=%d bytes=%d\n",
		len(f.Expected), len(f.Missing), len(f.Truncated), len(f.Twice), len(f.Broken), f.Bytes)
	return err
}
