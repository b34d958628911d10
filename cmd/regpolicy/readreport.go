package main

import (
	"context"
	"fmt"
	"io"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

// maxReport is the size of the largest saved report that is read.
const maxReport = 1 << 30

// readReportFile reads a saved JSON report; - is standard input.
func readReportFile(ctx context.Context, e *environment, path string) (*report.Report, error) {
	in := e.stdin
	if path != "-" {
		f, err := namedfile.Open(ctx, path)
		if err != nil {
			return nil, usage("name a report that `eval -o json=FILE` wrote", "reading %q: %w", path, err)
		}
		defer f.Close() //nolint:errcheck // read only
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxReport+1))
	if err != nil {
		return nil, usage("name a report that `eval -o json=FILE` wrote", "reading %q: %w", path, pathless(err))
	}
	if len(data) > maxReport {
		return nil, usage("name a report", "reading %q: it has more than %d MiB", path, maxReport>>20)
	}
	r, err := report.Read(data)
	if err != nil {
		return nil, usage("name a report that `eval -o json=FILE` wrote, unchanged", "%w", fmt.Errorf("%q: %w", path, err))
	}
	return r, nil
}
