package report_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// FuzzRead: whatever a saved report holds is refused in one line, or can be written
// and read again as it was, and compared as a baseline.
func FuzzRead(f *testing.F) {
	for _, r := range []*report.Report{quoting("text", "name"), quoting("", "")} {
		var text bytes.Buffer
		if err := report.JSON(&text, r); err != nil {
			f.Fatal(err)
		}
		f.Add(text.Bytes())
	}
	for _, text := range []string{
		"", "null", "[]", `{"schema_version":7}`, `{"schema_version":"` + report.SchemaVersion + `"}`, `{"schema_version":"` + report.SchemaVersion + `"}{}`,
		`{"schema_version":"` + report.SchemaVersion + `","results":[{}]}`, `{"schema_version":"` + report.SchemaVersion + `","results":null,"summary":{"pass":-1}}`,
		strings.Repeat("[", 20_000), `{"SCHEMA_VERSION":"` + report.SchemaVersion + `"}`,
	} {
		f.Add([]byte(text))
	}
	other := quoting("text", "name")
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := report.Read(data)
		if err != nil {
			if first != nil || !strings.HasPrefix(err.Error(), "reading report: ") || strings.Contains(err.Error(), "\n") {
				t.Errorf("report %v, error %q", first, err)
			}
			return
		}
		var text bytes.Buffer
		if err := report.JSON(&text, first); err != nil {
			t.Fatalf("it cannot be written: %v", err)
		}
		again, err := report.Read(text.Bytes())
		if err != nil {
			t.Fatalf("it cannot be read again: %v\n%s", err, text.Bytes())
		}
		var twice bytes.Buffer
		if err := report.JSON(&twice, again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(text.String(), twice.String()); diff != "" {
			t.Errorf("it reads otherwise the second time:\n%s", diff)
		}
		same := report.Compare(first, again)
		if err := report.ComparisonText(&text, &same, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
		report.Compare(other, first)
		report.MarkKnown(again, other, "older.json")
		report.MarkKnown(other, first, "older.json")
	})
}
