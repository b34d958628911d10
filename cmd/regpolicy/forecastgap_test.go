package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestForecastGapsAreTold has a policy fail as of each date to come: every text says so.
func TestForecastGapsAreTold(t *testing.T) {
	policy := laterPolicy(t, 1)
	document := filepath.Join(fixturesDir, "secret-encoded-once/document.json")
	const why = `eval_builtin_error: time.parse_rfc3339_ns`
	for name, want := range map[string]struct {
		lang, format, text string
	}{
		"text":   {"en", "text", "Dates to come that are not known in full:\n  from 20"},
		"German": {"de", "text", "Kommende Termine, die nicht vollständig bekannt sind:\n  ab 20"},
		"html":   {"en", "html", "What they would find from then on is not known."},
		"JSON":   {"en", "json", `"forecast_gaps": [`},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := command(t, time.Now(), "eval", document, "--no-builtin", "-p", policy, "--forecast", "9y", "--lang", want.lang, "-o", want.format)
			if code != exitOK || !strings.Contains(stdout, want.text) || !strings.Contains(stdout, why) {
				t.Errorf("exit code %d, want 0 and %q in\n%s", code, want.text, stdout)
			}
			if !strings.Contains(stderr, "warning: looking ahead: the forecast of ORG-1 is incomplete from 20") || !strings.Contains(stderr, "\nhint: ") {
				t.Errorf("stderr: %s", stderr)
			}
		})
	}
}

// TestManyForecastGapsAreSummedUp has more policies fail than are told, and a report
// converted of which all was told when it was made.
func TestManyForecastGapsAreSummedUp(t *testing.T) {
	args := []string{"eval", filepath.Join(fixturesDir, "secret-encoded-once/document.json"), "--no-builtin", "--forecast", "9y"}
	for i := range mostGapsTold + 4 {
		args = append(args, "-p", laterPolicy(t, i))
	}
	report := filepath.Join(t.TempDir(), "report.json")
	code, _, stderr := command(t, time.Now(), append(args, "-o", "json="+report)...)
	if got := strings.Count(stderr, "warning: looking ahead: "); code != exitOK || got != mostGapsTold || !strings.Contains(stderr, "warning: 4 more forecasts are incomplete") {
		t.Errorf("exit code %d, %d policies told:\n%s", code, got, stderr)
	}
	code, stdout, stderr := command(t, time.Now(), "convert", report)
	if code != exitOK || stderr != "" || !strings.Contains(stdout, "  ... and 2 more (-o json)\n") {
		t.Errorf("exit code %d, stderr %q, converted to\n%s", code, stderr, stdout)
	}
}

// laterPolicy is one that fails as of each date to come.
func laterPolicy(t *testing.T, number int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "later.rego")
	source := fmt.Sprintf(`# METADATA
# custom:
#   id: ORG-%[1]d
package org.later%[1]d

subjects contains {"kind": "certificate", "name": name} if some name, _ in input.certificates

deny contains {"subject": {"kind": "certificate", "name": name}, "msg": msg} if {
	some name, _ in input.certificates
	input.at > input.collected_at
	msg := sprintf("%%d", [time.parse_rfc3339_ns("no time")])
}
`, number)
	if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
