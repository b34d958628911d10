package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	fillEmpty(&d)
	return &d, nil
}
