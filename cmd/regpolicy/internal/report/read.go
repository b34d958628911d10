package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	jsonv2 "github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Read reads a saved JSON report strictly: another schema version, an unknown field
// or trailing bytes are errors. A byte order mark before it is read past.
func Read(data []byte) (*Report, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var head struct {
		SchemaVersion any             `json:"schema_version"`
		Run           json.RawMessage `json:"run"`
		Summary       json.RawMessage `json:"summary"`
		Coverage      json.RawMessage `json:"coverage"`
		Results       json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("reading report: %w", unlike(data, err))
	}
	if version, _ := head.SchemaVersion.(string); version != SchemaVersion {
		return nil, fmt.Errorf("reading report: schema_version is %q, this program reads %q", version, SchemaVersion)
	}
	var r Report
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, fmt.Errorf("reading report: %w", unlike(data, err))
	}
	// What was taken out would read as nothing to find.
	for _, part := range []struct {
		name string
		text json.RawMessage
	}{{"run", head.Run}, {"summary", head.Summary}, {"coverage", head.Coverage}, {"results", head.Results}} {
		if part.text == nil || string(part.text) == "null" {
			return nil, fmt.Errorf("reading report: it has no %q", part.name)
		}
	}
	// A report whose results were cut would say that all is well.
	if counted := r.counted(); !counted.equal(r.Summary) {
		return nil, errors.New("reading report: its summary does not count its results")
	}
	for i := range r.Results {
		if waived := r.Results[i].Verdict == Waived; waived != (r.Results[i].Waiver != nil) {
			return nil, fmt.Errorf("reading report: result %d is %s and has a waiver: %t", i, r.Results[i].Verdict, !waived)
		}
	}
	return &r, nil
}

// unlike says in plain words why a text is no report, and where.
func unlike(data []byte, err error) error {
	syntax, broken := errors.AsType[*json.SyntaxError](err)
	mistyped, other := errors.AsType[*json.UnmarshalTypeError](err)
	if other && mistyped.Field == "" {
		return fmt.Errorf("it is a JSON %s, no object", mistyped.Value)
	}
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return errors.New("it is text in UTF-16, as PowerShell's > writes it, and no JSON")
	case broken:
		line, column := evidence.LineAndColumn(data, syntax.Offset-1)
		if syntax.Error() == "unexpected end of JSON input" {
			line, column = evidence.LineAndColumn(data, int64(len(data)))
			return fmt.Errorf("line %d, column %d: the JSON text ends too early", line, column)
		}
		return fmt.Errorf("line %d, column %d: it is not JSON: %w", line, column, err)
	default:
		return misplaced(data, err, mistyped)
	}
}

// misplaced says where a field or a value stands that no report has there;
// encoding/json does not say it.
func misplaced(data []byte, err error, mistyped *json.UnmarshalTypeError) error {
	strict := jsonv2.Unmarshal(data, new(Report), jsonv1.DefaultOptionsV1(), jsonv1.ReportErrorsWithLegacySemantics(false), jsonv2.RejectUnknownMembers(true))
	field, ok := errors.AsType[*jsonv2.SemanticError](strict)
	if !ok {
		return err
	}
	line, column := evidence.LineAndColumn(data, evidence.ValueAt(data, field.ByteOffset))
	if errors.Is(field, jsonv2.ErrUnknownName) {
		return fmt.Errorf("line %d, column %d: it has %.200q, which no report has", line, column, string(field.JSONPointer))
	}
	if mistyped == nil {
		return err
	}
	return fmt.Errorf("line %d, column %d: its %.200q is a JSON %.60s, which no report has there", line, column, string(field.JSONPointer), mistyped.Value)
}

// counted counts the results; those that are not kept stand in the counts by policy.
func (r *Report) counted() Summary {
	counted := Count(r.Results)
	if r.Run.Kept != KeptFindings || r.Fleet == nil {
		return counted
	}
	for i := range r.Fleet.Policies {
		counted.Pass += r.Fleet.Policies[i].Summary.Pass
		counted.Skip += r.Fleet.Policies[i].Summary.Skip
	}
	// Each expected cluster that has a document is a pass, too.
	counted.Pass += max(0, r.Fleet.Expected-len(r.Fleet.Missing))
	return counted
}

func (s Summary) equal(o Summary) bool {
	for severity, n := range s.BySeverity {
		if o.BySeverity[severity] != n {
			return false
		}
	}
	return s.Pass == o.Pass && s.Fail == o.Fail && s.Warn == o.Warn && s.Inconclusive == o.Inconclusive &&
		s.Error == o.Error && s.Skip == o.Skip && s.Waived == o.Waived && len(s.BySeverity) == len(o.BySeverity)
}
