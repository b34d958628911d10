package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compileReportSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	const place = "report.schema.json"
	if err := c.AddResource(place, schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(place)
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func instance(t *testing.T, text string) any {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("reading report: %v\n%.500s", err, text)
	}
	return v
}

// TestReportsFitTheSchema validates real reports of every kind: each story, all
// verdicts, waivers, a forecast, a live demo and several documents at once.
func TestReportsFitTheSchema(t *testing.T) {
	schema := compileReportSchema(t)
	fits := func(t *testing.T, text string) {
		t.Helper()
		if err := schema.Validate(instance(t, text)); err != nil {
			t.Error(err)
		}
	}
	var documents []string
	for _, s := range stories(t) {
		document := filepath.Join(fixturesDir, s.Name, "document.json")
		documents = append(documents, document)
		t.Run(s.Name, func(t *testing.T) {
			_, stdout, _ := command(t, s.At, "eval", "-o", "json", "--forecast", "100y", document)
			fits(t, stdout)
		})
	}
	at := stories(t)[0].At
	t.Run("all verdicts and a waiver", func(t *testing.T) {
		waivers := writeFile(t, "waivers.yaml", `waivers: [{policy: fails, subject: "*", reason: x, owner: y, expires: 2030-01-01}, {policy: passes, subject: "*", reason: x, owner: y, expires: 2030-01-01}]`)
		args := []string{"eval", "-o", "json", "--no-builtin", "--waivers", waivers, documentWith(t)}
		for name, rule := range judged {
			if name != "malformed" {
				args = append(args, "-p", writeFile(t, name+".rego", "package "+name+"\n\n"+rule+"\n"))
			}
		}
		_, stdout, _ := command(t, at, args...)
		for _, verdict := range []string{"pass", "warn", "inconclusive", "error", "skip", "waived"} {
			if !strings.Contains(stdout, `"verdict": "`+verdict+`"`) {
				t.Errorf("the report holds no %s", verdict)
			}
		}
		fits(t, stdout)
	})
	t.Run("several documents", func(t *testing.T) {
		_, stdout, _ := command(t, at, append([]string{"eval", "-o", "json"}, documents...)...)
		fits(t, stdout)
	})
	t.Run("demo", func(t *testing.T) {
		_, stdout, _ := command(t, at, "demo", "-o", "json")
		fits(t, stdout)
	})
}

// TestSchemaRefuses holds that the schema says something.
func TestSchemaRefuses(t *testing.T) {
	schema := compileReportSchema(t)
	_, good, _ := command(t, stories(t)[0].At, "eval", "-o", "json", filepath.Join(fixturesDir, "secret-encoded-once", "document.json"))
	for name, spoil := range map[string]func(map[string]any){
		"another version":     func(r map[string]any) { r["schema_version"] = "regpolicy.report/v2" },
		"no results":          func(r map[string]any) { delete(r, "results") },
		"null results":        func(r map[string]any) { r["results"] = nil },
		"an unknown verdict":  func(r map[string]any) { r["results"].([]any)[0].(map[string]any)["verdict"] = "ok" },
		"a count as text":     func(r map[string]any) { r["summary"].(map[string]any)["pass"] = "9" },
		"a moment of no form": func(r map[string]any) { r["run"].(map[string]any)["at"] = "yesterday" },
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := instance(t, good).(map[string]any)
			spoil(spoilt)
			if schema.Validate(spoilt) == nil {
				t.Error("it is taken")
			}
		})
	}
	// A field of a later release of v1 is no reason to refuse.
	later := instance(t, good).(map[string]any)
	later["novelty"] = json.Number("1")
	if err := schema.Validate(later); err != nil {
		t.Error(err)
	}
}
