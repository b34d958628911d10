package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// unlike says in plain words why a text is no evidence document, and where.
func unlike(data []byte, err error) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("it is empty")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](syntaxOf(data)); ok {
		line, column := LineAndColumn(data, syntax.Offset-1)
		if syntax.Error() == "unexpected end of JSON input" {
			line, column = LineAndColumn(data, int64(len(data)))
			return truncatedError{line, column}
		}
		return fmt.Errorf("line %d, column %d: it is not JSON: %w", line, column, syntax)
	}
	if twice, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		line, column := LineAndColumn(data, twice.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			return fmt.Errorf("line %d, column %d: %.200q is there twice", line, column, twice.JSONPointer)
		}
		return fmt.Errorf("line %d, column %d: it is not JSON: %w", line, column, twice.Err)
	}
	if other, ok := errors.AsType[*jsonv2.SemanticError](err); ok {
		return mistyped(data, other)
	}
	return err
}

// truncatedError is where a text ends before its JSON does.
type truncatedError struct{ line, column int }

func (e truncatedError) Error() string {
	return fmt.Sprintf("line %d, column %d: the JSON text ends too early", e.line, e.column)
}

func (truncatedError) Unwrap() error { return io.ErrUnexpectedEOF }

// syntaxOf is what encoding/json says of a text that is no JSON, or of what stands behind
// one: its words are those that people know.
func syntaxOf(data []byte) error {
	var whole json.RawMessage
	return json.Unmarshal(data, &whole)
}

// mistyped says what is JSON, and stands where no document has it.
func mistyped(data []byte, err *jsonv2.SemanticError) error {
	at, place := ValueAt(data, err.ByteOffset), string(err.JSONPointer)
	line, column := LineAndColumn(data, at)
	other, timed := errors.AsType[*noTimeError](err)
	switch {
	case errors.Is(err, jsonv2.ErrUnknownName):
		return fmt.Errorf("line %d, column %d: it has %.200q, which no evidence document has", line, column, place)
	case timed:
		return fmt.Errorf("line %d, column %d: its %.200q: %w", line, column, place, other)
	case place == "":
		return fmt.Errorf("it is a JSON %s, no object", kindOf(data, at))
	default:
		return fmt.Errorf("line %d, column %d: its %.200q is a JSON %s, which no evidence document has there", line, column, place, kindOf(data, at))
	}
}

// kindOf names the kind of the value at a place.
func kindOf(data []byte, at int64) string {
	if at >= int64(len(data)) {
		return "value"
	}
	switch data[at] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	default:
		end := at
		for end < int64(len(data)) && bytes.IndexByte([]byte("+-.eE0123456789"), data[end]) >= 0 {
			end++
		}
		return fmt.Sprintf("number %.30s", data[at:end])
	}
}

// ValueAt is where the value begins that a jsonv2.SemanticError is about: its offset may be
// that of the blanks and signs before.
func ValueAt(data []byte, offset int64) int64 {
	rest := data[min(offset, int64(len(data))):]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, ":, \t\r\n")))
}

// LineAndColumn is the place of the byte at an offset, both counted from 1.
func LineAndColumn(data []byte, offset int64) (line, column int) {
	before := data[:max(0, min(offset, int64(len(data))))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}
