package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Text is what DecodeFrom keeps of a document's text, in pieces: where nobody else needs
// them they go one by one while it is read.
type Text struct {
	// Size and SHA256, in lower-case hex, are those of the whole text.
	Size   int
	SHA256 string
	// Left are the sections for which an empty object stands.
	Left   map[string]bool
	pieces [][]byte
}

// Take hands the text over: there is nothing left of it.
func (t *Text) Take() io.Reader {
	readers := make([]io.Reader, len(t.pieces))
	for i, p := range t.pieces {
		readers[i] = bytes.NewReader(p)
	}
	t.pieces = nil
	return io.MultiReader(readers...)
}

// Kept is how many bytes there are of it.
func (t *Text) Kept() int {
	n := 0
	for _, p := range t.pieces {
		n += len(p)
	}
	return n
}

// Reader reads the text, and leaves it as it is.
func (t *Text) Reader() io.Reader { return (&Text{pieces: t.pieces}).Take() }

func (t *Text) add(text []byte) {
	for len(text) > 0 {
		last := len(t.pieces) - 1
		if last < 0 || len(t.pieces[last]) == cap(t.pieces[last]) {
			t.pieces = append(t.pieces, make([]byte, 0, piece))
			last++
		}
		n := min(len(text), cap(t.pieces[last])-len(t.pieces[last]))
		t.pieces[last] = append(t.pieces[last], text[:n]...)
		text = text[n:]
	}
}

// DecodeFrom does what Decode and Scan do, of a text that is nowhere held as a whole. Of
// the sections that left names the text is not kept: an empty object stands for each. The
// sections themselves are read as strictly as all others. What is wrong, and where, its
// error does not tell; Decode and Scan do.
func DecodeFrom(from io.Reader, left map[string]bool) (*Document, *Text, error) {
	return decodeParts(from, left, piece)
}

func decodeParts(from io.Reader, left map[string]bool, size int) (*Document, *Text, error) {
	p := &parting{from: from, whole: sha256.New(), next: size, size: size, text: &Text{Left: map[string]bool{}}}
	p.dec = newDecoder(p)
	var d Document
	err := p.document(reflect.ValueOf(&d).Elem(), left)
	if err == nil && d.SchemaVersion != SchemaVersion {
		err = fmt.Errorf("its schema_version is not %q", SchemaVersion)
	}
	if err == nil {
		err = check(&d)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading evidence document: %w", err)
	}
	fillEmpty(&d)
	p.text.SHA256 = hex.EncodeToString(p.whole.Sum(nil))
	return &d, p.text, nil
}

// parting reads a text for a decoder, and parts what is kept from what is not.
type parting struct {
	from  io.Reader
	dec   *jsontext.Decoder
	whole hash.Hash
	text  *Text
	// ahead begins with what was not looked through for secrets, which is done about size
	// bytes at a time. Of it the first settled bytes were kept, or passed over: the
	// decoder has read them, to the offset to.
	ahead   []byte
	settled int
	to      int64
	passes  bool // what is read now is not kept
	// next is how long ahead may become: size, or the double of what is left of it.
	next, size int
}

func (p *parting) Read(into []byte) (int, error) {
	if len(p.ahead) > p.next {
		if err := p.scan(); err != nil {
			return 0, err
		}
		p.next = max(p.size, 2*len(p.ahead))
	}
	n, err := p.from.Read(into)
	p.whole.Write(into[:n])
	p.text.Size += n
	p.ahead = append(p.ahead, into[:n]...)
	return n, err
}

// scan looks for secrets up to a comma at the end of a line, or before quotes: no secret
// goes over it.
func (p *parting) scan() error {
	p.settle()
	read := p.ahead[:p.settled]
	comma := bytes.LastIndex(read, []byte(",\n"))
	if comma < 0 {
		comma = bytes.LastIndex(read, []byte(`,"`))
	}
	if comma < 0 {
		if len(p.ahead) > longest*p.size {
			return errLong
		}
		return nil
	}
	n := comma + 1
	if err := look(read[:n]); err != nil {
		return err
	}
	p.ahead, p.settled = append(p.ahead[:0], p.ahead[n:]...), p.settled-n
	return nil
}

var errNull = errors.New("null may stand in place of a record")

var errNoObject = errors.New("it is no object")

// longest is how many times size may be read without such a comma.
const longest = 8

var errLong = errors.New("a part of it is too long")

// settle keeps what the decoder has read, or passes over it.
func (p *parting) settle() {
	to := p.dec.InputOffset()
	read := p.ahead[p.settled : p.settled+int(to-p.to)]
	if !p.passes {
		p.text.add(read)
	}
	p.settled, p.to = p.settled+len(read), to
}

func (p *parting) document(d reflect.Value, left map[string]bool) error {
	if begin, err := p.dec.ReadToken(); err != nil || begin.Kind() != '{' {
		return cmp.Or(err, errNoObject)
	}
	fields, how := fieldsOf(d), sharing()
	for p.dec.PeekKind() == '"' {
		name, err := p.dec.ReadToken()
		if err != nil {
			return err
		}
		section := name.String()
		field, ok := fields[section]
		if !ok {
			return jsonv2.ErrUnknownName
		}
		p.settle()
		p.passes = left[section]
		if err := jsonv2.UnmarshalDecode(p.dec, field.Addr().Interface(), how); err != nil {
			return err
		}
		p.settle()
		if p.passes {
			p.text.Left[section] = true
			p.text.add([]byte(":{}"))
		}
		p.passes = false
	}
	if _, err := p.dec.ReadToken(); err != nil {
		return err
	}
	if err := atEnd(p.dec); err != nil {
		return err
	}
	p.settle()
	return look(p.ahead)
}

// look looks through a piece for secrets. Where it may hold null, somebody has to see
// whether that is in place of a record.
func look(piece []byte) error {
	if mayHoldNull(piece) {
		return errNull
	}
	return Scan(piece)
}

// fieldsOf are the fields of a document by their names in JSON.
func fieldsOf(d reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range d.NumField() {
		name, _ := jsonName(d.Type().Field(i))
		fields[name] = d.Field(i)
	}
	return fields
}
