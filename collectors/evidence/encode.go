package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// Encode returns the document as JSON, one space a level, with a final newline.
// Equal documents give equal bytes. It refuses a document in which a secret is
// found, with a *SecretError.
func Encode(d *Document) ([]byte, error) {
	w := newWriter()
	if err := w.document(reflect.ValueOf(d).Elem()); err != nil {
		return nil, encoding(err)
	}
	if err := Scan(w.out); err != nil {
		return nil, err
	}
	return w.out, nil
}

// Write writes what Encode returns piece by piece, so that it is nowhere held as a
// whole. Where a secret is found, what comes before has been written: to must be
// something that can be thrown away.
func Write(to io.Writer, d *Document) error {
	w := newWriter()
	w.to = to
	err := w.document(reflect.ValueOf(d).Elem())
	if err == nil {
		err = w.pass(0)
	}
	if _, found := errors.AsType[*SecretError](err); found || err == nil {
		return err
	}
	return encoding(err)
}

func encoding(err error) error { return fmt.Errorf("encoding evidence document: %w", err) }

// writer puts a document together record by record: encoding/json by itself has all
// of it three times before it is done.
type writer struct {
	to           io.Writer // nil to keep all in out
	lines        int       // passed on
	out          []byte
	one          bytes.Buffer  // one record
	field, entry *json.Encoder // of the document, and of a map in it
}

func newWriter() *writer {
	w := &writer{}
	for prefix, enc := range map[string]**json.Encoder{" ": &w.field, "  ": &w.entry} {
		*enc = json.NewEncoder(&w.one)
		(*enc).SetEscapeHTML(false)
		(*enc).SetIndent(prefix, " ")
	}
	return w
}

func (w *writer) value(enc *json.Encoder, v any) error {
	w.one.Reset()
	if err := enc.Encode(v); err != nil {
		return err
	}
	w.out = append(w.out, bytes.TrimSuffix(w.one.Bytes(), []byte("\n"))...)
	return nil
}

func (w *writer) document(d reflect.Value) error {
	before := "{\n "
	for i := range d.NumField() {
		name, option := jsonName(d.Type().Field(i))
		v := d.Field(i)
		if option == "omitempty" && v.IsZero() {
			continue
		}
		w.out = append(w.out, before+`"`+name+`": `...)
		before = ",\n "
		var err error
		if v.Kind() == reflect.Map && v.Len() > 0 {
			err = w.section(v)
		} else {
			err = w.value(w.field, v.Interface())
		}
		if err != nil {
			return err
		}
	}
	w.out = append(w.out, "\n}\n"...)
	return nil
}

// piece is how much is passed on at once.
const piece = 256 << 10

// pass scans what there is and passes it on, if it is more than least. It is called
// after a whole record: no secret that Scan finds goes over the end of one.
func (w *writer) pass(least int) error {
	if w.to == nil || len(w.out) <= least {
		return nil
	}
	if err := Scan(w.out); err != nil {
		if secret, ok := errors.AsType[*SecretError](err); ok {
			secret.Line += w.lines
		}
		return err
	}
	w.lines += bytes.Count(w.out, []byte("\n"))
	_, err := w.to.Write(w.out)
	w.out = w.out[:0]
	return err
}

// measured is after how many entries of a section the room for the others is known.
const measured = 256

func (w *writer) section(m reflect.Value) error {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	before, start := "{\n  ", len(w.out)
	for i, key := range keys {
		if err := w.pass(piece); err != nil {
			return err
		}
		if i == measured && w.to == nil {
			// Room that is not used costs no memory, and moving house costs both.
			w.out = slices.Grow(w.out, (len(w.out)-start)/measured*(len(keys)-i)*5/4)
		}
		w.out = append(w.out, before...)
		before = ",\n  "
		if err := w.value(w.entry, key.String()); err != nil {
			return err
		}
		w.out = append(w.out, ": "...)
		if err := w.value(w.entry, m.MapIndex(key).Interface()); err != nil {
			return err
		}
	}
	w.out = append(w.out, "\n }"...)
	return nil
}
