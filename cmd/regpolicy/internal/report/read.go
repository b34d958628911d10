package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Read reads a saved JSON report strictly: another schema version, an unknown field
// or trailing bytes are errors.
func Read(data []byte) (*Report, error) {
	var head struct {
		SchemaVersion string `json:"schema_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("reading report: %w", err)
	}
	if head.SchemaVersion != SchemaVersion {
		return nil, fmt.Errorf("reading report: schema_version is %q, this program reads %q", head.SchemaVersion, SchemaVersion)
	}
	var r Report
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		return nil, fmt.Errorf("reading report: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading report: there is more after its end")
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
