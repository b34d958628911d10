// Package terms reads JSON as the values that policies work on, without any other
// form between. Equal parts of a text become one part in memory: values never change,
// and a cluster repeats its names, images and settings by the thousand.
package terms

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/util"
)

// Table has each part of the texts that are read with it once. It holds all of them until
// it goes, and may be used by one goroutine at a time.
type Table struct {
	strings map[string]node // by what they say
	others  map[string]node // by how they are written, or by the numbers of their parts
	count   uint32
}

// NewTable is an empty table.
func NewTable() *Table { return &Table{strings: map[string]node{}, others: map[string]node{}} }

// Read is the value of a JSON text, the same that OPA makes of it: numbers as they
// are written, the last of equal keys, U+FFFD for what is no UTF-8. with replaces or
// adds keys of the outermost object. The keys of that object that left names are passed
// over: they hold an empty object.
func (t *Table) Read(text []byte, with map[string]string, left map[string]bool) (ast.Value, error) {
	value, err := t.Stream(bytes.NewBuffer(text), with, left)
	if err != nil {
		// Of what is no JSON the standard library tells more.
		return plainly(text, with)
	}
	return value, nil
}

// Stream does what Read does, of a text that is nowhere held as a whole.
func (t *Table) Stream(from io.Reader, with map[string]string, left map[string]bool) (ast.Value, error) {
	r := reader{
		Table: t, from: jsontext.NewDecoder(from, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)), with: with, left: left,
	}
	top, err := r.value()
	if err != nil {
		return nil, err
	}
	if _, err := r.from.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, errMore
	}
	return top.term.Value, nil
}

var errMore = errors.New("there is more after the end of the JSON text")

// plainly is Read in three steps and with ten times the memory.
func plainly(text []byte, with map[string]string) (ast.Value, error) {
	var plain any
	if err := util.UnmarshalJSON(text, &plain); err != nil {
		return nil, err
	}
	if m, ok := plain.(map[string]any); ok {
		for key, value := range with {
			m[key] = value
		}
	}
	return ast.InterfaceToValue(plain)
}

// node is a term with a number of its own: equal numbers, equal terms.
type node struct {
	term *ast.Term
	id   uint32
}

type reader struct {
	*Table
	from    *jsontext.Decoder
	with    map[string]string
	left    map[string]bool
	scratch []byte
	depth   int
	// stack holds the parts of the collections that are open.
	stack []node
}

func (r *reader) value() (node, error) {
	switch r.from.PeekKind() {
	case '{':
		return r.object()
	case '[':
		return r.array()
	case '"':
		return r.string()
	}
	raw, err := r.from.ReadValue()
	if err != nil {
		return node{}, err
	}
	if n, ok := r.others[string(raw)]; ok {
		return n, nil
	}
	var plain any
	switch raw.Kind() {
	case 't', 'f':
		plain = raw.Kind() == 't'
	case '0':
		plain = json.Number(raw)
	}
	value, err := ast.InterfaceToValue(plain)
	if err != nil {
		return node{}, err
	}
	n := r.number(value)
	r.others[string(raw)] = n
	return n, nil
}

func (r *reader) number(v ast.Value) node {
	r.count++
	return node{&ast.Term{Value: v}, r.count}
}

func (r *reader) string() (node, error) {
	raw, err := r.from.ReadValue()
	if err != nil {
		return node{}, err
	}
	// What is no UTF-8 was replaced; the error only says so.
	text, _ := jsontext.AppendUnquote(r.scratch[:0], raw)
	r.scratch = text
	return r.text(text), nil
}

func (r *reader) text(text []byte) node {
	if n, ok := r.strings[string(text)]; ok {
		return n
	}
	own := string(text)
	n := r.number(ast.InternedTerm(own).Value)
	r.strings[own] = n
	return n
}

func (r *reader) array() (node, error) {
	if _, err := r.from.ReadToken(); err != nil {
		return node{}, err
	}
	bottom := len(r.stack)
	r.depth++
	for r.from.PeekKind() != ']' {
		n, err := r.value()
		if err != nil {
			return node{}, err
		}
		r.stack = append(r.stack, n)
	}
	return r.close(bottom, '[', func(parts []node) ast.Value {
		elements := make([]*ast.Term, len(parts))
		for i, n := range parts {
			elements[i] = n.term
		}
		return ast.NewArray(elements...)
	})
}

func (r *reader) object() (node, error) {
	if _, err := r.from.ReadToken(); err != nil {
		return node{}, err
	}
	bottom := len(r.stack)
	r.depth++
	for r.from.PeekKind() != '}' {
		key, err := r.string()
		if err != nil {
			return node{}, err
		}
		r.stack = append(r.stack, key)
		n, err := r.member(key)
		if err != nil {
			return node{}, err
		}
		r.stack = append(r.stack, n)
	}
	if r.depth == 1 {
		for key, value := range r.with {
			r.stack = append(r.stack, r.text([]byte(key)), r.text([]byte(value)))
		}
	}
	return r.close(bottom, '{', func(parts []node) ast.Value { return ast.NewObject(pairs(parts)...) })
}

// member is the value of a key of an object.
func (r *reader) member(key node) (node, error) {
	if name, ok := key.term.Value.(ast.String); r.depth > 1 || !ok || !r.left[string(name)] {
		return r.value()
	}
	return r.number(ast.NewObject()), r.from.SkipValue()
}

// pairs are keys and values by turns; of equal keys the last counts.
func pairs(parts []node) [][2]*ast.Term {
	out := make([][2]*ast.Term, 0, len(parts)/2)
	if distinct(parts) {
		for i := 0; i < len(parts); i += 2 {
			out = append(out, [2]*ast.Term{parts[i].term, parts[i+1].term})
		}
		return out
	}
	at := make(map[uint32]int, len(parts)/2)
	for i := 0; i < len(parts); i += 2 {
		key := parts[i].id
		pair := [2]*ast.Term{parts[i].term, parts[i+1].term}
		if n, twice := at[key]; twice {
			out[n] = pair
			continue
		}
		at[key] = len(out)
		out = append(out, pair)
	}
	return out
}

// distinct tells that few keys differ, without the memory that many take.
func distinct(parts []node) bool {
	const few = 24
	if len(parts) > 2*few {
		return false
	}
	for i := 0; i < len(parts); i += 2 {
		for j := i + 2; j < len(parts); j += 2 {
			if parts[i].id == parts[j].id {
				return false
			}
		}
	}
	return true
}

// close ends a collection, whose parts are those on the stack from bottom on.
func (r *reader) close(bottom int, kind byte, make func([]node) ast.Value) (node, error) {
	if _, err := r.from.ReadToken(); err != nil {
		return node{}, err
	}
	r.depth--
	parts := r.stack[bottom:]
	r.stack = r.stack[:bottom]
	const shared = 32 // parts; longer ones are hardly the same
	if len(parts) > shared {
		return r.number(make(parts)), nil
	}
	name := append(r.scratch[:0], kind)
	for _, n := range parts {
		name = binary.LittleEndian.AppendUint32(name, n.id)
	}
	r.scratch = name
	if n, ok := r.others[string(name)]; ok {
		return n, nil
	}
	n := r.number(make(parts))
	r.others[string(name)] = n
	return n, nil
}
