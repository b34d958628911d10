// Package jsonpointer reads and writes the tokens of JSON pointers (RFC 6901).
package jsonpointer

import (
	"strconv"
	"strings"
)

// Replacers for one token (RFC 6901 section 3).
var (
	escaping   = strings.NewReplacer("~", "~0", "/", "~1")
	unescaping = strings.NewReplacer("~1", "/", "~0", "~")
)

// Escape writes a key as a token.
func Escape(key string) string { return escaping.Replace(key) }

// Unescape reads the key that a token stands for.
func Unescape(token string) string { return unescaping.Replace(token) }

// Child is what a key selects from an object or an array, nil where that is nothing.
func Child(value any, key string) any {
	switch at := value.(type) {
	case map[string]any:
		return at[key]
	case []any:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(at) {
			return at[i]
		}
	}
	return nil
}
