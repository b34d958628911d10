package evidence

import (
	"bytes"
	"fmt"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// noNullEntry refuses a text in which null is an entry of a map or of a list: read as Go
// reads it, that is a record that says nothing, or a text that is empty. What may be left
// out, a section or a field, may be null as well. The text is that of a document.
func noNullEntry(text []byte) error {
	if !mayHoldNull(text) {
		return nil
	}
	dec := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true)) // there are none
	return nullEntry{text, dec, map[reflect.Type]map[string]reflect.Type{}}.in(reflect.TypeFor[Document](), false)
}

// mayHoldNull tells whether null stands somewhere where a value may, which few documents
// have. A piece of a text that begins with null has it, too.
func mayHoldNull(text []byte) bool {
	null := []byte("null")
	for {
		before, after, found := bytes.Cut(text, null)
		if !found {
			return false
		}
		before = bytes.TrimRight(before, " \t\r\n")
		if len(before) == 0 || bytes.IndexByte([]byte(":,["), before[len(before)-1]) >= 0 {
			return true
		}
		text = after
	}
}

// nullEntry goes through a text by the types of what stands in it.
type nullEntry struct {
	text []byte
	dec  *jsontext.Decoder
	// known are the types of structs' fields by their names in JSON.
	known map[reflect.Type]map[string]reflect.Type
}

// in looks through the next value, which is of a type, and may be an entry.
func (n nullEntry) in(t reflect.Type, entry bool) error {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch kind := n.dec.PeekKind(); {
	case kind == 'n' && entry:
		return n.here()
	case kind == '{' && t.Kind() == reflect.Struct:
		if n.known[t] == nil {
			n.known[t] = map[string]reflect.Type{}
			addFields(n.known[t], t)
		}
		fields := n.known[t]
		return n.each(func(name string) (reflect.Type, bool) { return fields[name], false })
	case kind == '{' && t.Kind() == reflect.Map:
		return n.each(func(string) (reflect.Type, bool) { return t.Elem(), true })
	case kind == '[' && t.Kind() == reflect.Slice:
		return n.each(func(string) (reflect.Type, bool) { return t.Elem(), true })
	default:
		return n.dec.SkipValue()
	}
}

// each looks through the values of an object or of a list.
func (n nullEntry) each(typeOf func(name string) (t reflect.Type, entry bool)) error {
	begin, err := n.dec.ReadToken()
	if err != nil {
		return err
	}
	object := begin.Kind() == '{'
	for end := n.dec.PeekKind(); end != '}' && end != ']'; end = n.dec.PeekKind() {
		name := ""
		if object {
			token, err := n.dec.ReadToken()
			if err != nil {
				return err
			}
			name = token.String()
		}
		if err := n.in(typeOf(name)); err != nil {
			return err
		}
	}
	_, err = n.dec.ReadToken()
	return err
}

// here says where the null is that comes next.
func (n nullEntry) here() error {
	at := ValueAt(n.text, n.dec.InputOffset())
	if _, err := n.dec.ReadToken(); err != nil {
		return err
	}
	line, column := LineAndColumn(n.text, at)
	return fmt.Errorf("line %d, column %d: its %.200q is a JSON null, which no evidence document has there", line, column, n.dec.StackPointer())
}

func addFields(to map[string]reflect.Type, of reflect.Type) {
	for f := range of.Fields() {
		name, _ := jsonName(f)
		if f.Anonymous && name == "" {
			addFields(to, f.Type)
			continue
		}
		to[name] = f.Type
	}
}
