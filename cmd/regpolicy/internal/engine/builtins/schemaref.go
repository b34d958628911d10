package builtins

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
)

// maxReferences bounds how many parts of a JSON schema may lead on to one another.
const maxReferences = 1000

// endlessSchema says why a JSON schema is refused: one that refers back to itself without
// going on to another part of what it is held against is followed until the stack
// overflows. References are looked through where they begin with #; names are not.
func endlessSchema(schema *ast.Term) string {
	switch size, deep := Written(schema, maxText); {
	case deep:
		return fmt.Sprintf("would read a schema nested more than %d deep", MaxDepth)
	case size > maxText:
		return fmt.Sprintf("would read a schema of more than %d MiB", maxText>>20)
	}
	var root any
	if text, ok := schema.Value.(ast.String); ok {
		if json.Unmarshal([]byte(text), &root) != nil {
			return "" // OPA says so
		}
	} else {
		var err error
		if root, err = ast.JSON(schema.Value); err != nil {
			return ""
		}
	}
	s := &schemaReferences{root: root, within: map[string]bool{}, lengths: map[string]int{}}
	s.all("", root)
	if s.fault == "" && s.refers && s.named != "" {
		return "would follow references into a part of a schema with a name of its own, at #" + s.named
	}
	return s.fault
}

// schemaReferences follows those of a schema by pointers into it.
type schemaReferences struct {
	root    any
	within  map[string]bool
	lengths map[string]int
	refers  bool
	named   string // pointer to a part with a name of its own, to which pointers may be relative
	fault   string
}

// all looks at each schema there is below a pointer, whatever it is for.
func (s *schemaReferences) all(pointer string, at any) {
	switch at := at.(type) {
	case map[string]any:
		s.follow(pointer, at)
		for key, value := range at {
			s.all(pointer+"/"+jsonpointer.Escape(key), value)
		}
	case []any:
		for i, value := range at {
			s.all(pointer+"/"+strconv.Itoa(i), value)
		}
	}
}

// follow goes on to what is held against the same value as the schema at the pointer, and
// says how many schemas one after another that are.
func (s *schemaReferences) follow(pointer string, at any) int {
	schema, ok := at.(map[string]any)
	if !ok || s.fault != "" {
		return 0
	}
	if s.within[pointer] {
		s.fault = "would follow a schema that refers to itself without end, at #" + pointer
		return 0
	}
	if length, ok := s.lengths[pointer]; ok {
		return length
	}
	s.within[pointer] = true
	length := s.refer(pointer, schema)
	for _, key := range []string{"not", "if", "then", "else"} {
		length = max(length, s.follow(pointer+"/"+key, schema[key]))
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := schema[key].([]any)
		for i, value := range list {
			length = max(length, s.follow(pointer+"/"+key+"/"+strconv.Itoa(i), value))
		}
	}
	dependencies, _ := schema["dependencies"].(map[string]any)
	for key, value := range dependencies {
		length = max(length, s.follow(pointer+"/dependencies/"+jsonpointer.Escape(key), value))
	}
	delete(s.within, pointer)
	length++
	s.lengths[pointer] = length
	if s.fault == "" && (length > maxReferences || len(s.within) > maxReferences) {
		s.fault = fmt.Sprintf("would follow more than %d schemas that lead on to one another", maxReferences)
	}
	return length
}

func (s *schemaReferences) refer(pointer string, schema map[string]any) int {
	for _, key := range []string{"id", "$id"} {
		if _, named := schema[key].(string); named && pointer != "" {
			s.named = pointer
		}
	}
	ref, ok := schema["$ref"].(string)
	if !ok {
		return 0
	}
	s.refers = true
	fragment, local := strings.CutPrefix(ref, "#")
	if text, err := url.PathUnescape(fragment); err == nil {
		fragment = text
	}
	if !local || fragment != "" && !strings.HasPrefix(fragment, "/") {
		s.fault = fmt.Sprintf("would follow the reference %q, which is no pointer into its own schema", ref)
		return 0
	}
	return s.follow(fragment, s.at(fragment))
}

// at is what a pointer leads to, nil for nothing.
func (s *schemaReferences) at(pointer string) any {
	at := s.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		at = jsonpointer.Child(at, jsonpointer.Unescape(token))
	}
	return at
}
