package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Encode returns the document as JSON, one space a level, with a final newline.
// Equal documents give equal bytes. It refuses a document in which a secret is
// found, with a *SecretError.
func Encode(d *Document) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("encoding evidence document: %w", err)
	}
	if err := Scan(out.Bytes()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// Decode reads a document strictly: another schema version, an unknown field or
// trailing bytes are errors.
func Decode(data []byte) (*Document, error) {
	var head struct {
		SchemaVersion string `json:"schema_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	if head.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("reading evidence document: schema_version is %q, this program reads %q", head.SchemaVersion, SchemaVersion)
	}
	var d Document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading evidence document: there is more after its end")
	}
	if err := check(&d, data); err != nil {
		return nil, fmt.Errorf("reading evidence document: %w", err)
	}
	fillEmpty(&d)
	return &d, nil
}

// check refuses a document that contradicts itself: what is cut out of it, by
// accident or not, must not read as nothing to look at.
func check(d *Document, data []byte) error {
	if d.CollectedAt.IsZero() {
		return errors.New(`it has no "collected_at"`)
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(data, &sections); err != nil {
		return err
	}
	for section, collectors := range SectionCollectors {
		if text := string(sections[section]); strings.Contains(section, ".") || text != "" && text != "null" {
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
