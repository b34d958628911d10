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
	flood.Linear(t, func(text []byte) { evidence.Scrub(string(text)) },
		flood.Repeated("logins", "docker login -u a "), flood.Repeated("open quotes", `password="`+"\n"+`password=\'`), flood.Repeated("headers", `Authorization: a="x, b="`),
		flood.Repeated("encoded", "a%253A%40token%3Db"), flood.Repeated("escapes", "pass\x1b[1mword=x "), flood.Repeated("slashes", "https://a:b/c "), flood.Repeated("names", "token-key_password"),
		flood.Repeated("colons", "token:::"), flood.Repeated("gaps", "password      "), flood.Repeated("base64", "eyJeyJ+"), flood.Repeated("cookies", "cookie: a=b; c=;"), flood.Numbered("secrets", "", "password=%d&ghp_01234567890123456789 "),
		flood.Repeated("backslashes", `password=\\\`), flood.Repeated("curl", "curl -u curl:"))
	flood.Linear(t, func(text []byte) { _ = evidence.Scan(text) })
}
