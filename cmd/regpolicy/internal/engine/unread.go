package engine

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// unread are the sections of records that no policy reads. It is asked for built-in
// policies alone, whose analysis a test holds against reading all: an organisation's may
// do with a document what no analysis foresees.
func unread(policies []*Policy) map[string]bool {
	left := map[string]bool{"certificates": true, "trust_stores": true}
	for section := range evidence.SectionCollectors {
		left[section] = true
	}
	for _, p := range policies {
		for _, r := range p.Reads {
			delete(left, r.Section)
		}
	}
	return left
}

// readable is a document as policies read it, without some sections, and whole.
type readable struct {
	value    ast.Value
	left     map[string]bool
	document *evidence.Document
}

// follow is what a pointer points to; nil where there is nothing. A policy may point to
// what it does not read.
func (r readable) follow(pointer string) (ast.Value, error) {
	tokens := strings.SplitN(strings.TrimPrefix(pointer, "/"), "/", 3)
	if !r.left[tokens[0]] || !strings.HasPrefix(pointer, "/") {
		return follow(r.value, pointer), nil
	}
	record := sectionOf(r.document, tokens[0])
	if len(tokens) > 1 && record.IsValid() {
		record = record.MapIndex(reflect.ValueOf(jsonpointer.Unescape(tokens[1])))
	}
	if !record.IsValid() {
		return nil, nil //nolint:nilnil // there is nothing
	}
	text, err := json.Marshal(record.Interface())
	if err != nil {
		return nil, fmt.Errorf("writing record: %w", err)
	}
	value, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil || len(tokens) < 3 {
		return value, err
	}
	return follow(value, "/"+tokens[2]), nil
}

// sectionOf is a section of records, by its name; none where there is no such.
func sectionOf(d *evidence.Document, section string) reflect.Value {
	v := reflect.ValueOf(d).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if f := v.Field(i); name == section && f.Kind() == reflect.Map {
			return f
		}
	}
	return reflect.Value{}
}
