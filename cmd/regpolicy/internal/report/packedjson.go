package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// writePacked writes a report of which some passes are packed. What the passes of a policy
// have in common is encoded once: that takes a tenth of what a result each would.
func writePacked(w io.Writer, r *Report) error {
	frame := *r
	frame.Results, frame.Packed = []Result{}, nil
	text, err := jsonv2.Marshal(&frame, asJSON())
	if err != nil {
		return err //nolint:wrapcheck // JSON does
	}
	before, after, err := around(text, "  ", "results", "[]")
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	out.Write(before) //nolint:errcheck // Flush tells of it
	if err := r.writeResults(out); err != nil {
		return err
	}
	out.Write(after)      //nolint:errcheck // as above
	out.WriteString("\n") //nolint:errcheck // as above
	return out.Flush()    //nolint:wrapcheck // as above
}

// around cuts an indented object at one of its values. Nothing in it looks like the start
// of the line: an end of a line in a text is escaped.
func around(object []byte, indent, key, value string) (before, after []byte, err error) {
	line := fmt.Sprintf("\n%s%q: ", indent, key)
	before, after, found := bytes.Cut(object, []byte(line+value))
	if !found {
		return nil, nil, fmt.Errorf("a report without %q", key)
	}
	return append(before, line...), after, nil
}

func (r *Report) writeResults(out *bufio.Writer) error {
	separator := "[\n    "
	var like *template
	var text []byte
	for result, pass := range r.merged() {
		plain := false
		if pass != nil {
			if like == nil || like.of != pass.of {
				var err error
				if like, err = newTemplate(pass.of); err != nil {
					return err
				}
			}
			if text, plain = like.fill(text[:0], pass); !plain {
				result = pass.result()
			}
		}
		if !plain {
			var err error
			if text, err = inReport(result); err != nil {
				return err
			}
		}
		out.WriteString(separator) //nolint:errcheck // Flush tells of it
		out.Write(text)            //nolint:errcheck // as above
		separator = ",\n    "
	}
	_, err := out.WriteString("\n  ]")
	return err //nolint:wrapcheck // JSON does
}

// inReport is a result as it stands in a report.
func inReport(r *Result) ([]byte, error) {
	return jsonv2.Marshal(r, asJSON(), jsontext.WithIndentPrefix("    ")) //nolint:wrapcheck // JSON does
}

// template is the JSON of a policy's passes but for what tells them apart.
type template struct {
	of *Packed
	// toSubject, toEvidence and toFingerprint are what stands before these, rest behind
	// the last.
	toSubject, toEvidence, toFingerprint, rest []byte
}

func newTemplate(of *Packed) (*template, error) {
	t := &template{of: of}
	text, err := inReport(&of.like)
	if err != nil {
		return nil, err
	}
	for _, cut := range []struct {
		before     *[]byte
		key, value string
	}{{&t.toSubject, "subject", "null"}, {&t.toEvidence, "evidence", "null"}, {&t.toFingerprint, "fingerprint", `""`}} {
		if *cut.before, text, err = around(text, "      ", cut.key, cut.value); err != nil {
			return nil, err
		}
	}
	t.rest = text
	return t, nil
}

// fill appends a pass, unless one of its texts would have to be escaped.
func (t *template) fill(to []byte, one *pass) (text []byte, plain bool) {
	if !isPlain(one.subject) {
		return to, false
	}
	to = append(to, t.toSubject...)
	between := "{\n        \""
	for pair := range strings.SplitSeq(one.subject, ",") {
		key, value, _ := strings.Cut(pair, "=")
		to = append(append(to, between...), key...)
		to = append(append(append(to, `": "`...), value...), '"')
		between = ",\n        \""
	}
	to = append(append(to, "\n      }"...), t.toEvidence...)
	if len(one.pointers) == 0 {
		to = append(to, "[]"...)
	}
	between = "[\n        "
	for _, pointer := range one.pointers {
		if !isPlain(pointer) {
			return to, false
		}
		to = append(append(to, between...), "{\n          \"pointer\": \""...)
		to = append(append(to, pointer...), "\",\n          \"role\": \"supports\"\n        }"...)
		between = ",\n        "
	}
	if len(one.pointers) > 0 {
		to = append(to, "\n      ]"...)
	}
	to = append(append(to, t.toFingerprint...), '"')
	to = append(append(to, Fingerprint(t.of.like.ID, one.subject)...), '"')
	return append(to, t.rest...), true
}

// isPlain tells that a text stands in JSON as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
