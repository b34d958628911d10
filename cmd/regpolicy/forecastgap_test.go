package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestForecastGapsAreTold has a policy fail as of each date to come: every text says so.
func TestForecastGapsAreTold(t *testing.T) {
	policy := filepath.Join(t.TempDir(), "later.rego")
	source := `# METADATA
# custom:
#   id: ORG-1
package org.later

subjects contains {"kind": "certificate", "name": name} if some name, _ in input.certificates

deny contains {"subject": {"kind": "certificate", "name": name}, "msg": msg} if {
	some name, _ in input.certificates
	input.at > input.collected_at
	msg := sprintf("%d", [time.parse_rfc3339_ns("no time")])
}
`
	if err := os.WriteFile(policy, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
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
