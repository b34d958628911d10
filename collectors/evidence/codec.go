package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Decode reads a document strictly: another schema version, an unknown field, one that
// is there twice or trailing bytes are errors. Policies read the text itself, in which
// "Nodes" is not "nodes", and the last of two names hides the first.
func Decode(data []byte) (*Document, error) {
	d, err := decode(data)
	if err == nil {
		err = noNullEntry(data)
	}
	if err == nil {
		err = check(d)
	}
	if err != nil {
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	fillEmpty(d)
	return d, nil
}

func decode(data []byte) (*Document, error) {
	if d, err := decodeFrom(newDecoder(bytes.NewBuffer(data)), sharing()); err == nil && d.SchemaVersion == SchemaVersion {
		return d, nil
	}
	// What is wrong, and where, is told best without any detour.
	d, err := decodeFrom(newDecoder(bytes.NewBuffer(data)), strictly())
	if err == nil && d.SchemaVersion == SchemaVersion {
		return d, nil
	}
	// Another version's fields are unknown here; that it is one says more.
	var head struct {
		SchemaVersion any `json:"schema_version"`
	}
	if json.Unmarshal(data, &head) == nil {
		if version, _ := head.SchemaVersion.(string); version != SchemaVersion {
			return nil, fmt.Errorf("schema_version is %.60q, this program reads %q", version, SchemaVersion)
		}
	}
	return nil, unlike(data, err)
}

// newDecoder reads as encoding/json does, but for names that are there twice and for text
// that is no UTF-8, and needs no copy of a text that is a *bytes.Buffer.
func newDecoder(from io.Reader) *jsontext.Decoder {
	return jsontext.NewDecoder(from, jsontext.AllowDuplicateNames(false), jsontext.AllowInvalidUTF8(false))
}

// strictly reads as encoding/json does, but for case.
func strictly() jsonv2.Options {
	return jsonv2.JoinOptions(jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false),
		jsonv2.MatchCaseInsensitiveNames(false), jsonv2.RejectUnknownMembers(true))
}

// sharing has equal pods be one.
func sharing() jsonv2.Options {
	return jsonv2.JoinOptions(strictly(), jsonv2.WithUnmarshalers(jsonv2.UnmarshalFromFunc(newPodReader().read)))
}

func decodeFrom(dec *jsontext.Decoder, how jsonv2.Options) (*Document, error) {
	var d Document
	if err := jsonv2.UnmarshalDecode(dec, &d, how); err != nil {
		return nil, err
	}
	return &d, atEnd(dec)
}

func atEnd(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("there is more after its end")
	}
	return nil
}

// check refuses a document that contradicts itself: what is cut out of it, by
// accident or not, must not read as nothing to look at.
func check(d *Document) error {
	if d.CollectedAt.IsZero() {
		return errors.New(`it has no "collected_at"`)
	}
	absent := absentSections(d)
	for section, collectors := range SectionCollectors {
		if strings.Contains(section, ".") || !absent[section] {
			continue
		}
		for _, name := range collectors {
			if n := d.Coverage[name].Answered; n > 0 {
				return fmt.Errorf("it has no %q, though %d answers on %q are counted", section, n, name)
			}
		}
	}
	for name, c := range d.Coverage {
		if c.Asked != c.Answered+len(c.Gaps)+c.Skipped {
			return fmt.Errorf("its coverage of %q does not add up: %d asked, %d answered, %d gaps, %d skipped",
				name, c.Asked, c.Answered, len(c.Gaps), c.Skipped)
		}
	}
	return nil
}

// absentSections are the maps of a document that was decoded that were not there, or
// null.
func absentSections(d *Document) map[string]bool {
	absent := map[string]bool{}
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Map && f.IsNil() {
			name, _ := jsonName(v.Type().Field(i))
			absent[name] = true
		}
	}
	return absent
}

// jsonName is a field's name in JSON, and what else its tag says.
func jsonName(f reflect.StructField) (name, options string) {
	name, options, _ = strings.Cut(f.Tag.Get("json"), ",")
	return name, options
}
