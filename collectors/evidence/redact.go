package evidence

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// redact removes from a document what would have it refused as a whole: names, labels
// and versions are foreign texts, too, and one of them must not cost all the others.
func redact(d *Document) {
	if v := reflect.ValueOf(d).Elem(); holdsSecret(v) {
		redactValue(v)
	}
}

// holdsSecret looks without changing, or copying, anything: nearly always there is none.
func holdsSecret(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return isRefused(v.String())
	case reflect.Pointer:
		return !v.IsNil() && holdsSecret(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if holdsSecret(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		return anyHoldsSecret(v)
	case reflect.Struct:
		for i := range v.NumField() { //nolint:modernize // Fields describes each one, which costs more than the look
			if v.Type() != reflect.TypeFor[Time]() && holdsSecret(v.Field(i)) {
				return true
			}
		}
	default:
	}
	return false
}

func anyHoldsSecret(m reflect.Value) bool {
	key, value := reflect.New(m.Type().Key()).Elem(), reflect.New(m.Type().Elem()).Elem()
	for entries := m.MapRange(); entries.Next(); {
		key.SetIterKey(entries)
		value.SetIterValue(entries)
		if isRefused(key.String()) || holdsSecret(value) {
			return true
		}
	}
	return false
}

func redactValue(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(redacted(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			redactValue(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			redactValue(v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) }) // two may become one
		for _, key := range keys {
			value := reflect.New(v.Type().Elem()).Elem()
			value.Set(v.MapIndex(key))
			redactValue(value)
			v.SetMapIndex(key, reflect.Value{})
			v.SetMapIndex(reflect.ValueOf(redacted(key.String())).Convert(key.Type()), value)
		}
	case reflect.Struct:
		for i := range v.NumField() { //nolint:modernize // Fields describes each one, which costs more than the look
			if v.Type() != reflect.TypeFor[Time]() {
				redactValue(v.Field(i))
			}
		}
	default:
	}
}

func redacted(text string) string {
	if !isRefused(text) {
		return text
	}
	return Scrub(text)
}

// isRefused tells whether Scan would find a secret in a text once it is encoded.
func isRefused(text string) bool {
	if !isSuspect(text) {
		return false
	}
	var encoded bytes.Buffer
	enc := json.NewEncoder(&encoded)
	enc.SetEscapeHTML(false)
	return enc.Encode(text) != nil || Scan(encoded.Bytes()) != nil
}

// isSuspect tells what Scan need not look at.
func isSuspect(text string) bool {
	if strings.IndexByte(text, '@') >= 0 && strings.Contains(text, "://") || strings.HasPrefix(text, "auth") { // behind the quote of the document
		return true
	}
	for _, beginning := range []string{"-----BEGIN ", "LS0tLS1CRUdJTi", "eyJ", `"auth`} {
		if strings.Contains(text, beginning) {
			return true
		}
	}
	return false
}
