package nodecerts

import (
	"errors"
	"fmt"
	"strings"

	toml "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

const (
	maxConfigText = 256 << 10
	// maxConfigKeys is how many keys a file may have: go-toml looks for each among all
	// that came before, which takes time with the square of their number. A file of a
	// thousand registries has some 5,000.
	maxConfigKeys = 10_000
)

// decodeTOML reads a file of containerd's into what v points to. An error tells the
// place.
func decodeTOML(text []byte, v any) error {
	if err := tooMuchTOML(text); err != nil {
		return err
	}
	err := toml.Unmarshal(text, v)
	if err == nil {
		return nil
	}
	message := printable(strings.TrimPrefix(err.Error(), "toml: "))
	if at, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := at.Position()
		return fmt.Errorf("line %d, column %d: %s", row, column, message)
	}
	return errors.New(message)
}

// tooMuchTOML refuses what would take long to read.
func tooMuchTOML(text []byte) error {
	if len(text) > maxConfigText {
		return fmt.Errorf("it has %d bytes; more than %d are not read", len(text), maxConfigText)
	}
	var p unstable.Parser
	p.Reset(text)
	for keys := 0; p.NextExpression(); {
		if keys += countKeys(p.Expression()); keys > maxConfigKeys {
			return fmt.Errorf("it has more than %d keys, which are not read", maxConfigKeys)
		}
	}
	return nil
}

// countKeys counts the parts of the keys in an expression, those of inline tables with
// them.
func countKeys(n *unstable.Node) int {
	keys := 0
	switch n.Kind {
	case unstable.KeyValue, unstable.Table, unstable.ArrayTable:
		for it := n.Key(); it.Next(); {
			keys++
		}
	}
	if n.Kind == unstable.KeyValue {
		return keys + countKeys(n.Value())
	}
	if n.Kind == unstable.Array || n.Kind == unstable.InlineTable {
		for it := n.Children(); it.Next(); {
			keys += countKeys(it.Node())
		}
	}
	return keys
}
