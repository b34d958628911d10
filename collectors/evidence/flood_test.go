package evidence_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestDecodeTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _ = evidence.Decode(text) })
	flood.Linear(t, func(text []byte) {
		quoted, err := json.Marshal(string(text))
		if err != nil {
			t.Fatal(err)
		}
		whole := `{"schema_version": "` + evidence.SchemaVersion + `", "pods": {"a/b": {"node": ` + string(quoted) + "}}}"
		_, _, _ = evidence.DecodeFrom(strings.NewReader(whole), map[string]bool{"pods": true})
	})
}

// A document's own fields, each filled with what a shape has.
func TestTextsOfADocumentTakeLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { evidence.Scrub(string(text)) })
	flood.Linear(t, func(text []byte) { _ = evidence.Scan(text) })
}
