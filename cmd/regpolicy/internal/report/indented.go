package report

import (
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// writeIndented writes a value as JSON does a report: as it is encoded, where
// encoding/json has the whole in memory twice before the first byte.
func writeIndented(w io.Writer, v any) error {
	err := jsonv2.MarshalWrite(w, v, asJSON())
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return err
}

func asJSON() jsonv2.Options {
	return jsonv2.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.WithIndent("  "))
}
