package evidence

import (
	"bytes"
	"testing"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// A subject is written as any other map is, in all that options ask for.
func TestSubjectsAreWrittenAsMaps(t *testing.T) {
	for _, s := range []Subject{
		nil, {}, {"kind": "pod"}, {"namespace": "b", "kind": "pod", "name": "<a> & \u2028", "Z": "", "": "no key"}, {"kind": "bad \xff UTF-8", "\xfe": "x"},
	} {
		for name, how := range map[string]jsonv2.Options{
			"plain":    jsonv2.Deterministic(true),
			"indented": jsonv2.JoinOptions(jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false), jsontext.WithIndent("  ")),
			"for HTML": jsonv1.DefaultOptionsV1(),
		} {
			got, err := jsonv2.Marshal(s, how)
			want, wantErr := jsonv2.Marshal(map[string]string(s), how)
			if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) {
				t.Errorf("%q %s: %s, %v; want %s, %v", s, name, got, err, want, wantErr)
			}
		}
	}
}
