package main

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// reportSchema makes the schema of the report. Unlike the document's it is open:
// readers written for one release must take the fields of the next.
func reportSchema() (*jsonschema.Schema, error) {
	r := reflector()
	r.AllowAdditionalProperties = true
	for _, folder := range []string{"collectors/evidence", "cmd/regpolicy/internal/report"} {
		if err := r.AddGoComments(module, folder); err != nil {
			return nil, fmt.Errorf("reading comments: %w", err)
		}
	}
	s := r.Reflect(&report.Report{})
	s.ID = "https://regpolicy.dev/schemas/report/v1"
	s.Title = "regpolicy report, version 1"
	version, ok := s.Properties.Get("schema_version")
	if !ok {
		return nil, fmt.Errorf("fixing the version: the report has no schema_version")
	}
	version.Const = report.SchemaVersion
	finisher{r.CommentMap}.finish(reflect.TypeFor[report.Report](), s)
	return s, nil
}

// verdicts are the values of report.Verdict.
func verdicts() []any {
	return []any{report.Pass, report.Fail, report.Warn, report.Inconclusive, report.Error, report.Skip, report.Waived}
}

// finisher adds what the reflector does not: null where Go writes it, and a type's
// comment where its field has none.
type finisher struct{ comments map[string]string }

func (f finisher) finish(t reflect.Type, s *jsonschema.Schema) {
	switch t.Kind() {
	case reflect.Pointer:
		f.finish(t.Elem(), s)
	case reflect.Slice, reflect.Array:
		f.finish(t.Elem(), s.Items)
	case reflect.Map:
		f.finish(t.Elem(), s.AdditionalProperties)
	case reflect.Struct:
		if s.Properties == nil { // a type that is written as text
			return
		}
		for field := range t.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			property, ok := s.Properties.Get(name)
			if !ok {
				continue
			}
			f.finish(field.Type, property)
			about := cmp.Or(property.Description, f.about(field.Type))
			property.Description = about
			// A nil pointer that is not left out is written as null.
			if field.Type.Kind() == reflect.Pointer && !strings.Contains(options, "omit") {
				property.Description = ""
				s.Properties.Set(name, &jsonschema.Schema{Description: about, OneOf: []*jsonschema.Schema{property, {Type: "null"}}})
			}
		}
	default:
	}
}

// about is the comment on one of our own types, or on what a list or mapping is of.
func (f finisher) about(t reflect.Type) string {
	for t.Name() == "" && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		t = t.Elem()
	}
	if t == reflect.TypeFor[evidence.Time]() {
		return ""
	}
	return f.comments[t.PkgPath()+"."+t.Name()]
}

// reportPage is the report's schema as a page for people who write programs.
func reportPage(s *jsonschema.Schema) []byte {
	var out bytes.Buffer
	out.WriteString("# The report\n\n<!-- written by schemagen from the report's Go types; do not edit -->\n\n" +
		"`regpolicy eval -o json` writes it; every other format is a rendering of it. Its JSON Schema is\n" +
		"[report.schema.json](report.schema.json).\n\n" +
		"## For programs\n\n" +
		"- `schema_version` is `" + report.SchemaVersion + "`. Within v1 fields are added, and none is taken away, renamed or given another\n" +
		"  type or meaning; read past what you do not know. Anything else becomes v2.\n" +
		"- Standard output holds the report and nothing else; errors, hints, gaps and progress go to standard error.\n" +
		"- A file named by `-o json=FILE` is replaced at once, when the report is complete. Until then, and when the run\n" +
		"  fails, the old file stands.\n" +
		"- [Exit codes](exit-codes.md) 0, 1, 3 and 4 come with a report, 2 with none, 130 with one of what was gathered, if anything was.\n" +
		"- Equal evidence, policies and parameters give equal bytes, so that reports can be compared and cached.\n" +
		"- `fingerprint` is the same for the same finding in the next run; pointers (RFC 6901) are into the evidence document.\n\n" +
		"## Fields\n\n" +
		"`*` stands for any key.\n\n| field | type | meaning |\n|---|---|---|\n")
	rows(&out, "", s)
	return out.Bytes()
}
