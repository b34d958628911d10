package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the report itself, two spaces a level. A large cluster has hundreds of
// thousands of results: they are written one by one, and the whole never stands in
// memory. What could fail to be encoded comes before the first byte.
func JSON(w io.Writer, r *Report) error {
	around := *r
	if len(r.Results) > 0 {
		around.Results = []Result{}
	}
	var whole bytes.Buffer
	if err := encoder(&whole, "").Encode(around); err != nil {
		return fmt.Errorf("writing JSON report: %w", err)
	}
	frame := whole.Bytes()
	const open, none = "\n  \"results\": [", "]"
	// No text has a line's end in it, so that only one key stands there.
	at := bytes.Index(frame, []byte(open+none)) + len(open)
	if len(r.Results) == 0 || at < len(open) {
		return written(w, frame)
	}
	if err := written(w, frame[:at]); err != nil {
		return err
	}
	var one bytes.Buffer
	enc := encoder(&one, "    ")
	for i := range r.Results {
		one.Reset()
		if i > 0 {
			one.WriteByte(',')
		}
		one.WriteString("\n    ")
		if err := enc.Encode(&r.Results[i]); err != nil {
			return fmt.Errorf("writing JSON report: %w", err)
		}
		if err := written(w, bytes.TrimSuffix(one.Bytes(), []byte("\n"))); err != nil {
			return err
		}
	}
	return written(w, append([]byte("\n  "), frame[at:]...))
}

func encoder(w io.Writer, prefix string) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	return enc
}

func written(w io.Writer, text []byte) error {
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing JSON report: %w", err)
	}
	return nil
}
