package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/terms"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Input is one evidence document to judge: its bytes, and where they came from.
type Input struct {
	URI string
	// Name is what one of several documents is called that names no cluster.
	Name  string
	Bytes []byte
	// Text stands in for Bytes where the document was read in parts, without sections
	// that Library.Unread names.
	Text     *evidence.Text
	Document *evidence.Document

	// value is the document as policies read it, judged as of at.
	value ast.Value
	at    evidence.Time
}

// Prepare converts the document for policies once, where it is judged many times
// as of its own time.
func (in *Input) Prepare() error {
	at := in.Document.CollectedAt
	if in.Document.At != nil {
		at = *in.Document.At
	}
	value, err := in.convert(terms.NewTable(), at, nil, false)
	in.value, in.at = value, at
	return err
}

// convert converts the document without the sections that left names. Of what it lets go
// nothing is left but the value.
func (in *Input) convert(table *terms.Table, at evidence.Time, left map[string]bool, letGo bool) (ast.Value, error) {
	if in.value != nil && in.at.Equal(at.Time) {
		return in.value, nil
	}
	text, err := at.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing time: %w", err)
	}
	value, err := in.read(table, map[string]string{"at": string(text[1 : len(text)-1])}, left, letGo)
	if err != nil {
		return nil, fmt.Errorf("reading evidence document %q: %w", in.URI, err)
	}
	return value, nil
}

func (in *Input) read(table *terms.Table, with map[string]string, left map[string]bool, letGo bool) (ast.Value, error) {
	if in.Text == nil {
		return table.Read(in.Bytes, with, left)
	}
	for section := range in.Text.Left {
		if !left[section] {
			return nil, fmt.Errorf("it was read without %q, which a policy may read", section)
		}
	}
	if letGo {
		return table.Stream(in.Text.Take(), with, left)
	}
	return table.Stream(in.Text.Reader(), with, left)
}

// size is that of the document's whole text, in bytes.
func (in *Input) size() int {
	if in.Text != nil {
		return in.Text.Size
	}
	return len(in.Bytes)
}

// digest is the SHA-256 of the document's whole text, in lower-case hex.
func (in *Input) digest() string {
	if in.Text != nil {
		return in.Text.SHA256
	}
	sum := sha256.Sum256(in.Bytes)
	return hex.EncodeToString(sum[:])
}
