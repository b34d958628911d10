// Package mappings refuses YAML whose mappings yaml.v3 cannot decode well: it holds each
// key against each other one, which may take minutes, and panics at a key that is a list
// or a mapping beside "<<".
package mappings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// MaxKeys is how many keys a mapping may have.
const MaxKeys = 2000

// Check tells which mapping of a YAML text has too many keys, or a key that is a mapping
// or a list itself, or why the text is no YAML. It does not mind how many documents there are.
func Check(text []byte) (err error) {
	// yaml.v3 lets panics of its own out where it meets what it holds impossible.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("yaml: %v", p)
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var document yaml.Node
		if err := dec.Decode(&document); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return cmp.Or(unreadable(text), err)
		}
		if err := check(&document); err != nil {
			return err
		}
	}
}

// unreadable says where a text has a byte or a character that YAML cannot have, of which
// yaml.v3 does not tell the place; nil where it has none, or is in UTF-16.
func unreadable(text []byte) error {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil
	}
	line := 1
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			return fmt.Errorf("yaml: line %d: byte %#02x is no UTF-8", line, text[at])
		case r == '\n':
			line++
		case r < ' ' && r != '\t' && r != '\r', r == 0x7f:
			return fmt.Errorf("yaml: line %d: control character %U", line, r)
		}
		at += size
	}
	return nil
}

func check(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode && len(n.Content) > 2*MaxKeys {
		return fmt.Errorf("yaml: line %d: a mapping of %d keys, more than the limit of %d", n.Line, len(n.Content)/2, MaxKeys)
	}
	for i, below := range n.Content {
		key := below
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if n.Kind == yaml.MappingNode && i%2 == 0 && key.Kind != yaml.ScalarNode {
			return fmt.Errorf("yaml: line %d: a key that is no text", below.Line)
		}
		if err := check(below); err != nil {
			return err
		}
	}
	return nil
}
