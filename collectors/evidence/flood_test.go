package evidence_test

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestDecodeTakesLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { _, _ = evidence.Decode(text) })
}

// A document's own fields, each filled with what a shape has.
func TestTextsOfADocumentTakeLinearTime(t *testing.T) {
	flood.Linear(t, func(text []byte) { evidence.Scrub(string(text)) })
	flood.Linear(t, func(text []byte) { _ = evidence.Scan(text) })
}
