package evidence

import (
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Subject names a thing: "kind" and the fields that identify it.
type Subject map[string]string

// String is the subject's canonical text, "kind=node,name=wk-1", keys sorted.
func (s Subject) String() string {
	size := 0
	for k, v := range s {
		size += len(k) + len(v) + len("=,")
	}
	var out strings.Builder
	out.Grow(size)
	for i, k := range s.sorted(make([]string, 0, 8)) {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(k)
		out.WriteByte('=')
		out.WriteString(s[k])
	}
	return out.String()
}

// sorted are the keys in their order, in the room given where they have some.
func (s Subject) sorted(room []string) []string {
	for k := range s {
		room = append(room, k)
	}
	slices.Sort(room)
	return room
}

// MarshalJSONTo writes the keys in their order, as any map is written, and sooner: a report
// has a subject for each of its results.
func (s Subject) MarshalJSONTo(to *jsontext.Encoder) error {
	if null, _ := jsonv2.GetOption(to.Options(), jsonv2.FormatNilMapAsNull); null && s == nil {
		return to.WriteToken(jsontext.Null)
	}
	if err := to.WriteToken(jsontext.BeginObject); err != nil {
		return err
	}
	for _, k := range s.sorted(make([]string, 0, 8)) {
		for _, text := range [...]string{k, s[k]} {
			if err := to.WriteToken(jsontext.String(text)); err != nil {
				return err
			}
		}
	}
	return to.WriteToken(jsontext.EndObject)
}
