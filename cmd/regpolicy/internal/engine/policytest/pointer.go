package policytest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// lookUp follows a JSON pointer (RFC 6901) to the collection that its last token
// selects from; nil where there is none.
func lookUp(doc any, pointer string) (parent any, key string) {
	tokens := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	at := doc
	for i, token := range tokens {
		key = jsonpointer.Unescape(token)
		if i == len(tokens)-1 {
			return at, key
		}
		at = jsonpointer.Child(at, key)
	}
	return nil, ""
}

// misreported says what a reader of the results could not follow, or "": evidence
// that is not in the document, a message with a formatting fault.
func misreported(c *Case, results []report.Result) string {
	var plain any
	if err := json.Unmarshal(c.Input.Bytes, &plain); err != nil {
		return err.Error()
	}
	for i := range results {
		r := &results[i]
		for _, e := range r.Evidence {
			parent, key := lookUp(plain, e.Pointer)
			if !strings.HasPrefix(e.Pointer, "/") || jsonpointer.Child(parent, key) == nil {
				return fmt.Sprintf("%s %s: evidence %q is not in the document", r.Verdict, r.Subject, e.Pointer)
			}
		}
		if strings.Contains(r.Message, "%!") || strings.Contains(r.Remediation, "%!") {
			return fmt.Sprintf("%s %s: the message or remediation is badly formatted: %q, %q", r.Verdict, r.Subject, r.Message, r.Remediation)
		}
	}
	return ""
}
