package report

import (
	"fmt"
	"io"
	"slices"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// JSON writes the report itself, two spaces a level, as encoding/json does, but for
// U+FFFD in place of what is no UTF-8, which is not escaped. A large cluster has hundreds
// of thousands of results: they are written as they are encoded, and the whole never
// stands in memory.
func JSON(w io.Writer, r *Report) error {
	marshalers := jsonv2.MarshalToFunc(subject)
	if len(r.Packed) > 0 {
		marshalers = jsonv2.JoinMarshalers(marshalers, jsonv2.MarshalToFunc(func(enc *jsontext.Encoder, _ []Result) error { return r.results(enc) }))
	}
	err := jsonv2.MarshalWrite(w, r, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.WithIndent("  "), jsonv2.WithMarshalers(marshalers))
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	if err != nil {
		return fmt.Errorf("writing JSON report: %w", err)
	}
	return nil
}

// results writes what is packed in its places.
func (r *Report) results(enc *jsontext.Encoder) error {
	if err := enc.WriteToken(jsontext.BeginArray); err != nil {
		return err //nolint:wrapcheck // JSON does
	}
	for result := range r.all() {
		if err := jsonv2.MarshalEncode(enc, result); err != nil {
			return err //nolint:wrapcheck // as above
		}
	}
	return enc.WriteToken(jsontext.EndArray) //nolint:wrapcheck // as above
}

// subject writes a subject as any map of texts is written, at half the cost: every
// result has one.
func subject(enc *jsontext.Encoder, s evidence.Subject) error {
	if s == nil {
		return jsonv2.SkipFunc
	}
	keys := make([]string, 0, 8)
	for key := range s {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	if err := enc.WriteToken(jsontext.BeginObject); err != nil {
		return err //nolint:wrapcheck // as above
	}
	for _, key := range keys {
		for _, text := range [...]string{key, s[key]} {
			if err := enc.WriteToken(jsontext.String(text)); err != nil {
				return err //nolint:wrapcheck // as above
			}
		}
	}
	return enc.WriteToken(jsontext.EndObject) //nolint:wrapcheck // as above
}
