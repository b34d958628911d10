// Command casetable reads what `go test -json` says on standard input and puts a table
// of the cases and their seconds between the markers of a Markdown file, or a table of
// the fuzz targets from the ledger that .ci/fuzz keeps. A ledger lasts as long as its
// checkout, so that "more" adds one to what the page tells already.
package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test string
	Elapsed               float64
}

func main() {
	if err := run(os.Args[1:], os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:forbidigo // this is a main
	}
}

func run(args []string, in io.Reader) error {
	usage := errors.New("usage: go test -json ... | casetable cases FILE.md, or casetable fuzz FILE.md [more] <bin/fuzz.tsv")
	if len(args) < 2 {
		return usage
	}
	more := args[0] == "fuzz" && slices.Equal(args[2:], []string{"more"})
	if args[0] != "cases" && args[0] != "fuzz" || len(args) > 2 && !more {
		return usage
	}
	begin, end := "<!-- "+args[0]+": begin -->\n", "<!-- "+args[0]+": end -->\n"
	text, err := os.ReadFile(args[1]) //nolint:gosec // the developer names the page
	if err != nil {
		return fmt.Errorf("reading the page: %w", err)
	}
	before, rest, found := bytes.Cut(text, []byte(begin))
	told, after, ended := bytes.Cut(rest, []byte(end))
	if !found || !ended {
		return fmt.Errorf("reading %q: the markers of the table are missing", args[1])
	}
	if !more {
		told = nil
	}
	var made string
	if args[0] == "cases" {
		made, err = table(in)
	} else {
		made, err = fuzzTable(in, string(told))
	}
	if err != nil {
		return err
	}
	page := slices.Concat(before, []byte(begin), []byte(made), []byte(end), after)
	if err := os.WriteFile(args[1], page, 0o644); err != nil { //nolint:gosec // a page for everybody
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}

// table has a line for each case that passed. One that failed is an error: a table
// says what was seen.
func table(in io.Reader) (string, error) {
	var cases []event
	for dec := json.NewDecoder(in); ; {
		var e event
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		switch {
		case err != nil:
			return "", fmt.Errorf("reading the tests' events: %w", err)
		case e.Action == "fail":
			return "", fmt.Errorf("%s %s failed", e.Package, e.Test)
		case e.Action == "pass" && e.Test != "":
			cases = append(cases, e)
		}
	}
	// A test with cases of its own is told by them.
	leaves := slices.DeleteFunc(slices.Clone(cases), func(e event) bool {
		return slices.ContainsFunc(cases, func(o event) bool { return o.Package == e.Package && strings.HasPrefix(o.Test, e.Test+"/") })
	})
	slices.SortFunc(leaves, func(a, b event) int { return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Test, b.Test)) })
	var out strings.Builder
	fmt.Fprintf(&out, "\n%d cases.\n\n| package | case | seconds |\n|---|---|---|\n", len(leaves))
	for _, e := range leaves {
		_, short, _ := strings.Cut(e.Package, "/regpolicy/regpolicy/")
		name := strings.NewReplacer("_", " ", "|", "\\|", "/", ": ").Replace(strings.TrimPrefix(e.Test, "Test"))
		fmt.Fprintf(&out, "| %s | %s | %.2f |\n", short, name, e.Elapsed)
	}
	out.WriteString("\n")
	return out.String(), nil
}
