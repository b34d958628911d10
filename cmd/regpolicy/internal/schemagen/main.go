// Schemagen writes the JSON Schemas of the evidence document and of the report, and
// their reference pages, from the Go types and their comments:
//
//	go run ./cmd/regpolicy/internal/schemagen MODULE_ROOT
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
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
		return fmt.Errorf("want one argument, the module's folder, got %d", len(args))
	}
	// The comments' keys are made from the path that they are read by, so that path
	// must be relative to the module.
	if err := os.Chdir(args[0]); err != nil {
		return fmt.Errorf("entering module: %w", err)
	}
	files, err := generate()
	if err != nil {
		return err
	}
	for path, text := range files {
		if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // public and committed
			return fmt.Errorf("writing: %w", err)
		}
	}
	return nil
}

const module = "github.com/regpolicy/regpolicy"

// generate makes all files, by path. The working folder is the module's.
func generate() (map[string][]byte, error) {
	document, err := documentSchema()
	if err != nil {
		return nil, err
	}
	rep, err := reportSchema()
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{"docs/evidence.md": reference(document), "docs/report.md": reportPage(rep)}
	if files["policies/document.schema.json"], err = encode(document); err != nil {
		return nil, err
	}
	files["docs/report.schema.json"], err = encode(rep)
	return files, err
}

func reflector() *jsonschema.Reflector {
	return &jsonschema.Reflector{
		DoNotReference: true,
		ExpandedStruct: true,
		Mapper: func(t reflect.Type) *jsonschema.Schema {
			switch t {
			case reflect.TypeFor[evidence.Time]():
				return &jsonschema.Schema{Type: "string", Format: "date-time"}
			case reflect.TypeFor[report.Verdict]():
				return &jsonschema.Schema{Type: "string", Enum: verdicts()}
			}
			return nil
		},
	}
}

func documentSchema() (*jsonschema.Schema, error) {
	r := reflector()
	if err := r.AddGoComments(module, "collectors/evidence"); err != nil {
		return nil, fmt.Errorf("reading comments: %w", err)
	}
	s := r.Reflect(&evidence.Document{})
	s.ID = "https://regpolicy.dev/schemas/evidence/v1"
	s.Title = "regpolicy evidence document, version 1"
	return s, nil
}

func encode(s *jsonschema.Schema) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(s); err != nil {
		return nil, fmt.Errorf("encoding schema: %w", err)
	}
	return out.Bytes(), nil
}

// reference is the schema as a page for people who write policies.
func reference(s *jsonschema.Schema) []byte {
	var out bytes.Buffer
	out.WriteString("# The evidence document\n\n<!-- written by schemagen from collectors/evidence; do not edit -->\n\n" +
		"`regpolicy collect` writes it, `regpolicy eval` judges it, policies see it as `input`. Its JSON Schema is\n" +
		"[policies/document.schema.json](../policies/document.schema.json). `*` stands for a key: a node's name, a fingerprint, `namespace/name`.\n\n" +
		"| field | type | meaning |\n|---|---|---|\n")
	rows(&out, "", s)
	return out.Bytes()
}

func rows(out *bytes.Buffer, path string, s *jsonschema.Schema) {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		field := strings.TrimPrefix(path+"."+p.Key, ".")
		value := p.Value
		kind, inner := value.Type, value
		switch {
		case len(value.OneOf) == 2 && value.OneOf[1].Type == "null":
			inner = value.OneOf[0]
			kind = inner.Type + " or null"
		case len(value.Enum) > 0:
			kind = "one of " + strings.Trim(fmt.Sprint(value.Enum), "[]")
		case value.Format != "":
			kind = value.Format
		case value.Type == "array" && value.Items != nil:
			kind, inner = "list of "+value.Items.Type, value.Items
			if inner.Properties != nil {
				field += "[]"
			}
		case value.AdditionalProperties != nil && value.Properties == nil:
			inner = value.AdditionalProperties
			kind = "map of " + inner.Type
			if inner.Properties != nil {
				field += ".*"
			}
		}
		about := strings.ReplaceAll(strings.Join(strings.Fields(value.Description), " "), "|", "\\|")
		fmt.Fprintf(out, "| `%s` | %s | %s |\n", field, kind, about)
		if inner.Properties != nil {
			rows(out, field, inner)
		}
	}
}
