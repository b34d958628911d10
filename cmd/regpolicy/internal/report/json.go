package report

import (
	"fmt"
	"io"
)

// JSON writes the report itself, two spaces a level, as encoding/json does, but for
// U+FFFD in place of what is no UTF-8, which is not escaped. A large cluster has hundreds
// of thousands of results: they are written as they are encoded, and the whole never
// stands in memory.
func JSON(w io.Writer, r *Report) error {
	write := func() error { return writeIndented(w, r) }
	if len(r.Packed) > 0 {
		write = func() error { return writePacked(w, r) }
	}
	if err := write(); err != nil {
		return fmt.Errorf("writing JSON report: %w", err)
	}
	return nil
}
