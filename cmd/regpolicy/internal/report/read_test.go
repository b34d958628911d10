package report_test

import (
	"bytes"
	"encoding/json"
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
	for _, text := range []string{"\ufeff{", "\xff\xfe{\x00", `{"run":"x"}`, `{"schema_version":"` + report.SchemaVersion + `","run":{},"summary":{},"coverage":{},"results":[]}`, "{\n\"a\":\n"} {
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

// TestReadTellsWhatIsWrong names the place, and speaks of JSON and not of Go.
func TestReadTellsWhatIsWrong(t *testing.T) {
	var whole bytes.Buffer
	if err := report.JSON(&whole, quoting("text", "name")); err != nil {
		t.Fatal(err)
	}
	good := whole.String()
	without := func(key string) string {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(good), &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, key)
		out, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	const version = `"schema_version":"` + report.SchemaVersion + `"`
	for text, want := range map[string]string{
		"":                          "it is empty",
		" \n":                       "it is empty",
		"\ufeff":                    "it is empty",
		"\xff\xfe{\x00":             "it is text in UTF-16, as PowerShell's > writes it, and no JSON",
		"[]":                        "it is a JSON array, no object",
		`"x"`:                       "it is a JSON string, no object",
		"{\n\"a\": 1,\n":            "line 3, column 1: the JSON text ends too early",
		"{\n\"a\": x}":              "line 2, column 6: it is not JSON: invalid character 'x' looking for beginning of value",
		good + good:                 "line 1, column ",
		"null":                      `schema_version is "", this program reads "regpolicy.report/v1"`,
		`{"schema_version":7}`:      `schema_version is "", this program reads "regpolicy.report/v1"`,
		"{" + version + `,"run":7}`: `line 1, column 47: its "/run" is a JSON number, which no report has there`,
		"{" + version + "}":         `it has no "run"`,
		"{" + version + ",\n \"run\": {\"extra\": 1}}":                        `line 2, column 10: it has "/run/extra", which no report has`,
		"{" + version + ", \"run\": {\n\"documents\": [{}, {\"uri\": [1]}]}}": `line 2, column 27: its "/run/documents/1/uri" is a JSON array, which no report has there`,
		"{" + version + ", \"run\": {},\n \"x\": {}}":                         `line 2, column 2: it has "/x", which no report has`,
		without("results"):  `it has no "results"`,
		without("summary"):  `it has no "summary"`,
		without("coverage"): `it has no "coverage"`,
	} {
		r, err := report.Read([]byte(text))
		if r != nil || err == nil || !strings.HasPrefix(strings.TrimPrefix(err.Error(), "reading report: "), want) && text != good+good {
			t.Errorf("%.60q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{good, "\ufeff" + good, strings.ReplaceAll(good, "\n", "\r\n")} {
		if _, err := report.Read([]byte(text)); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}
