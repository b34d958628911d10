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

// Decode reads a document strictly: another schema version, an unknown field or
// trailing bytes are errors.
func Decode(data []byte) (*Document, error) {
	d, err := decodeInPlace(data)
	if err != nil {
		// The standard library's words for what is wrong are those that people know.
		if d, err = decode(data); err != nil {
			return nil, err
		}
	}
	if err := check(d, data); err != nil {
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	noNull(d)
	fillEmpty(d)
	shareTexts(d)
	return d, nil
}

// decodeInPlace reads as encoding/json does, but needs no copy of the text. What it
// says of an error is for decode to say.
func decodeInPlace(data []byte) (*Document, error) {
	var d Document
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if err := jsonv2.UnmarshalDecode(dec, &d, jsonv1.DefaultOptionsV1(), jsonv2.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) || d.SchemaVersion != SchemaVersion {
		return nil, errors.New("not one document of this version")
	}
	return &d, nil
}

func decode(data []byte) (*Document, error) {
	var d Document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(&d)
	if err != nil || d.SchemaVersion != SchemaVersion {
		// Another version's fields are unknown here; that it is one says more.
		var head struct {
			SchemaVersion string `json:"schema_version"`
		}
		if err := json.Unmarshal(data, &head); err != nil {
			return nil, fmt.Errorf("reading evidence document: %w", err)
		}
		if head.SchemaVersion != SchemaVersion {
			return nil, fmt.Errorf("reading evidence document: schema_version is %q, this program reads %q", head.SchemaVersion, SchemaVersion)
		}
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading evidence document: there is more after its end")
	}
	return &d, nil
}

// check refuses a document that contradicts itself: what is cut out of it, by
// accident or not, must not read as nothing to look at.
func check(d *Document, data []byte) error {
	if d.CollectedAt.IsZero() {
		return errors.New(`it has no "collected_at"`)
	}
	absent, keys := absentSections(d), topKeys(data)
	for section, collectors := range SectionCollectors {
		// Policies read "nodes"; "Nodes", which Go takes for it, is not there for them.
		if strings.Contains(section, ".") || keys[section] && !absent[section] {
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
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			absent[name] = true
		}
	}
	return absent
}

// topKeys are the keys of the outermost object of valid JSON, as they are written.
func topKeys(data []byte) map[string]bool {
	keys := map[string]bool{}
	depth, next := 0, false
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
			next = depth == 1
		case '}', ']':
			depth--
		case ',':
			next = depth == 1
		case '"':
			end := i + 1
			for ; data[end] != '"'; end++ {
				if data[end] == '\\' {
					end++
				}
			}
			if next {
				keys[string(data[i+1:end])] = true
				next = false
			}
			i = end
		}
	}
	return keys
}
