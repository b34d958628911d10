package report

import "github.com/regpolicy/regpolicy/collectors/evidence"

// SubjectText is a subject for reading, as the text report has it.
func SubjectText(s evidence.Subject) string { return subjectText(s) }
