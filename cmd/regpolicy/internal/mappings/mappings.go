// Package mappings refuses YAML that yaml.v3 would take minutes to decode: it holds
// each key of a mapping against each other one.
package mappings

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"gopkg.in/yaml.v3"
)

// MaxKeys is how many keys a mapping may have.
const MaxKeys = 2000

// Check tells which mapping of a YAML text has too many keys, or why the text is no
// YAML. It does not mind how many documents there are.
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
			return err
		}
		if err := check(&document); err != nil {
			return err
		}
	}
}

func check(n *yaml.Node) error {
	if n.Kind == yaml.MappingNode && len(n.Content) > 2*MaxKeys {
		return fmt.Errorf("yaml: line %d: a mapping of %d keys, more than the limit of %d", n.Line, len(n.Content)/2, MaxKeys)
	}
	for _, below := range n.Content {
		if err := check(below); err != nil {
			return err
		}
	}
	return nil
}
