package merge

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// TestBrokenDocuments tells of each file what is wrong with it, and where.
func TestBrokenDocuments(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(fixtures, "secret-encoded-once/document.json"))
	if err != nil {
		t.Fatal(err)
	}
	body := strings.Index(string(whole), `"nodes": {`)
	line := 1 + strings.Count(string(whole[:body]), "\n")
	l := library(t)
	for name, tc := range map[string]struct {
		text   string
		detail string // "" for a document that is judged
		reason string
	}{
		"a brace":                 {"{", "line 1, column 2: it ends too early", "truncated"},
		"an open line":            {"{\n  \"schema_version\": \"regpolicy.evidence/v1\",\n", "line 3, column 1: it ends too early", "truncated"},
		"half a name":             {`{"schema_ver`, "line 1, column 13: it ends too early", "truncated"},
		"a value's end":           {`{"schema_version":"regpolicy.evidence/v1"`, "line 1, column 42: it ends too early", "truncated"},
		"cut behind the head":     {string(whole[:body+len(`"nodes"`)]), place{line, 8}.detail(), "truncated"},
		"nothing":                 {"", "it is empty", "truncated"},
		"another version":         {`{}`, `its schema_version is "", this program reads "regpolicy.evidence/v1"`, "parse_error"},
		"a version that is none":  {`{"schema_version":1}`, `its schema_version is a JSON number, which no evidence document has there`, "parse_error"},
		"a time that is none":     {`{"schema_version":"regpolicy.evidence/v1","collected_at":"today"}`, `its collected_at is not what it should be: "today" is no time as RFC 3339 has them`, "parse_error"},
		"no time":                 {`{"schema_version":"regpolicy.evidence/v1"}`, `it has no "collected_at"`, "parse_error"},
		"a list":                  {`[]`, "it is no evidence document", "parse_error"},
		"no JSON":                 {`{"a":1,}`, "it is no JSON document: invalid character '}' looking for beginning of object key string", "parse_error"},
		"a mark before the text":  {"\ufeff" + string(whole), "", ""},
		"line ends as in Windows": {strings.ReplaceAll(string(whole), "\n", "\r\n"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "web.json")
			if err := os.WriteFile(file, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			warned := []string{}
			cfg := config(l, nil)
			cfg.Warn = func(text, _ string) { warned = append(warned, text) }
			r := run(t, cfg, file)
			if tc.detail == "" {
				if len(r.Fleet.Unused) != 0 || r.Summary.Fail == 0 || len(warned) > 0 {
					t.Errorf("unused %+v, %d failures, warnings %q", r.Fleet.Unused, r.Summary.Fail, warned)
				}
				return
			}
			if len(r.Fleet.Unused) != 1 || r.Fleet.Unused[0].Detail != tc.detail || r.Fleet.Unused[0].Hint != cureAnew || len(warned) != 1 {
				t.Fatalf("unused %+v, want %q; warnings %q", r.Fleet.Unused, tc.detail, warned)
			}
			if res := r.Results[0]; res.Verdict != report.Inconclusive || res.Missing[0].Reason != tc.reason {
				t.Errorf("result %+v, want inconclusive for %q", res, tc.reason)
			}
		})
	}
}

func (p place) detail() string { return p.truncated().detail }

// TestLinks follows a link to a folder that is named; one below a folder is an error,
// since the documents in it would go missing.
func TestLinks(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(fixtures, "secret-encoded-once/document.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.Mkdir(at("real"), 0o750), os.Mkdir(at("top"), 0o750), os.Mkdir(at("dangling"), 0o750), os.WriteFile(at("real/a.json"), whole, 0o600),
		os.Symlink("real", at("link")), os.Symlink("../real", at("top/sub")), os.Symlink("nowhere", at("dangling/b.json")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := config(library(t), nil)
	for _, arg := range []string{at("link"), at("link") + "/"} {
		if r := run(t, cfg, arg); len(r.Run.Documents) != 1 || r.Run.Documents[0].URI != at("link/a.json") {
			t.Errorf("%s: documents %+v", arg, r.Run.Documents)
		}
	}
	var wrong *Error
	if _, err := Run(t.Context(), cfg, []string{at("top")}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "top/sub\": it is a link to a folder") || wrong.Hint == "" {
		t.Errorf("a linked folder: %v", err)
	}
	if r := run(t, cfg, at("dangling")); len(r.Fleet.Unused) != 1 || !strings.Contains(r.Fleet.Unused[0].Hint, "remove the link") {
		t.Errorf("a link that leads nowhere: %+v", r.Fleet.Unused)
	}
}
