// Schemagen writes the JSON Schema of the evidence document, from its Go types
// and their comments, to the file named by its argument.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("want one argument, the file to write, got %d", len(args))
	}
	schema, err := Schema(".")
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], schema, 0o644) //nolint:gosec // the schema is public and committed
}

// Schema returns the evidence document's JSON Schema. root is the module's
// folder, where the Go comments are read from.
func Schema(root string) ([]byte, error) {
	r := &jsonschema.Reflector{
		DoNotReference: true,
		ExpandedStruct: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			if t == reflect.TypeFor[evidence.Time]() {
				return &jsonschema.Schema{Type: "string", Format: "date-time"}
			}
			return nil
		},
	}
	if err := r.AddGoComments("github.com/regpolicy/regpolicy", root+"/collectors/evidence"); err != nil {
		return nil, fmt.Errorf("reading comments: %w", err)
	}
	s := r.Reflect(&evidence.Document{})
	s.ID = "https://regpolicy.dev/schemas/evidence/v1"
	s.Title = "regpolicy evidence document, version 1"
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("encoding schema: %w", err)
	}
	return out.Bytes(), nil
}
