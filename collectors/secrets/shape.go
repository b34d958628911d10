package secrets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Limits on what one object may bring into the document.
const (
	maxItems = 1000     // of any list or mapping that is walked
	maxText  = 2048     // bytes of any text that is kept
	maxRaw   = 64 << 10 // bytes of a text that are looked at for that
	maxValue = 1 << 20  // bytes of a trust value or of a pull secret
)

// field is one place in an object whose types nobody has checked: manifests
// come from people. A value of another type than the reader wants is noted as a
// fault and read as absent.
type field struct {
	raw    any
	path   string
	steps  *step  // the path as keys and indices
	record string // the JSON name of the field of our record that is read from it
	faults *faults
}

// faults are what was found amiss below one subject, in order.
type faults []fault

type fault struct {
	record string // the JSON name of the record's field that suffers
	reason string // one of evidence.Reasons
	detail string // path and types, never a value
}

func (f *faults) add(record, reason, detail string) {
	if added := (fault{record: record, reason: reason, detail: detail}); !slices.Contains(*f, added) {
		*f = append(*f, added)
	}
}

// in tells whether anything is amiss with a field of the record.
func (f *faults) in(record string) bool {
	return slices.ContainsFunc(*f, func(x fault) bool { return x.record == record })
}

// under is f with its faults kept elsewhere: they are another subject's.
func (f field) under(to *faults) field {
	f.faults = to
	return f
}

// as is f read for another field of our record.
func (f field) as(record string) field {
	f.record = record
	return f
}

// at descends into nested mappings.
func (f field) at(names ...string) field {
	for _, name := range names {
		f.raw = f.mapping()[name]
		f.steps = &step{f.steps, name}
		if f.path != "" {
			name = "." + name
		}
		f.path += name
	}
	return f
}

func (f field) wrong(want string) {
	f.faults.add(f.record, "parse_error", fmt.Sprintf("%s is %s, not %s", f.path, typeName(f.raw), want))
}

func (f field) mapping() map[string]any {
	if f.raw == nil {
		return nil
	}
	m, ok := f.raw.(map[string]any)
	if !ok {
		f.wrong("a mapping")
	}
	return m
}

// items are the elements of a list, at most maxItems of them.
func (f field) items() []field {
	if f.raw == nil {
		return nil
	}
	list, ok := f.raw.([]any)
	if !ok {
		f.wrong("a list")
		return nil
	}
	if len(list) > maxItems {
		f.faults.add(f.record, "truncated", fmt.Sprintf("%s has %d elements; the first %d were read", f.path, len(list), maxItems))
		list = list[:maxItems]
	}
	out := make([]field, len(list))
	for i, raw := range list {
		out[i] = field{raw: raw, path: fmt.Sprintf("%s[%d]", f.path, i), steps: &step{f.steps, strconv.Itoa(i)}, record: f.record, faults: f.faults}
	}
	return out
}

// text is a string; ok is false where there is none.
func (f field) text() (s string, ok bool) {
	if f.raw == nil {
		return "", false
	}
	if s, ok = f.raw.(string); !ok {
		f.wrong("a string")
	}
	return s, ok
}

// word is a short text that may be kept in the document.
func (f field) word() string {
	s, _ := f.text()
	return clean(s)
}

func (f field) boolean() bool {
	if f.raw == nil {
		return false
	}
	v, ok := f.raw.(bool)
	if !ok {
		f.wrong("true or false")
	}
	return v
}

func (f field) time() time.Time {
	s, ok := f.text()
	if !ok {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		f.faults.add(f.record, "parse_error", f.path+" is not a time of RFC 3339")
	}
	return t
}

// set tells whether anything is configured there: an empty text, list or
// mapping is not.
func (f field) set() bool { return anySet(f.raw) }

func anySet(raw any) bool {
	switch v := raw.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, anySet)
	case map[string]any:
		for _, each := range v {
			if anySet(each) {
				return true
			}
		}
		return false
	default:
		return true
	}
}

func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	default:
		return "a number"
	}
}

// clean makes foreign text fit for the document: valid, of limited size and
// without anything that looks like a credential.
func clean(s string) string {
	// A credential must not be cut in two before it is looked for.
	s = evidence.Scrub(cut(s, maxRaw))
	s = cut(s, maxText)
	encoded, err := json.Marshal(s)
	if err != nil || evidence.Scan(encoded) != nil {
		return "[removed]"
	}
	return s
}

func cut(s string, limit int) string {
	return strings.ToValidUTF8(s[:min(len(s), limit)], "\uFFFD")
}
