package report

import (
	"fmt"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// JSON writes the report itself, two spaces a level, as encoding/json does, but for
// U+FFFD in place of what is no UTF-8, which is not escaped. A large cluster has hundreds
// of thousands of results: they are written as they are encoded, and the whole never
// stands in memory.
func JSON(w io.Writer, r *Report) error {
	var err error
	if len(r.Packed) > 0 {
		err = writePacked(w, r)
	} else {
		err = jsonv2.MarshalWrite(w, r, asJSON())
	}
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	if err != nil {
		return fmt.Errorf("writing JSON report: %w", err)
	}
	return nil
}

func asJSON() jsonv2.Options {
	return jsonv2.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.WithIndent("  "))
}
