package main

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
)

// strangeYAML are texts that YAML parsers have tripped over.
var strangeYAML = []string{ //nolint:gochecknoglobals // a table
	"", "---\n---\n", "- a\n", "~\n", "a: &a [*a]\n", "a: &a {<<: *a}\n", "? {x: 1}\n: 2\n", "%YAML 1.1\n---\n<<: {a: 1}\n", "\xff\xfea\x00",
	"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n", "a: !!binary x\n", "a: |\n \x7f\n", "{", "a: b: c\n",
}

// checkRefusal wants an error of a settings file to be wrong use, or faults that name
// the file, and each a line when shown.
func checkRefusal(t *testing.T, err error, file string) {
	t.Helper()
	var faults engine.Errors
	var wrong *exitError
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			if f.File != file || f.Line == 0 || f.Message == "" || strings.Contains(f.Message, "\n") {
				t.Errorf("fault %+v", f)
			}
		}
	case !errors.As(err, &wrong) || wrong.code != exitUsage || !strings.Contains(wrong.Error(), file):
		t.Errorf("error %#v, want wrong use that names the file", err)
	}
}

// FuzzWaivers: whatever a waiver file holds is a list of complete waivers, or faults
// with their place.
func FuzzWaivers(f *testing.F) {
	const good = `waivers: [{policy: fails, subject: "*", reason: x, owner: y, expires: 2030-01-01}]`
	for _, text := range append(strangeYAML, good,
		strings.ReplaceAll(good, `"*"`, `"[a"`), strings.ReplaceAll(good, "2030-01-01", "2030-02-31"), strings.ReplaceAll(good, "reason: x", "reason: [x, {y: z}]"),
		"waivers: [1]\n", "waivers: {a: b}\n", "waivers: [{policy: *x}]\n", "waivers: &a [*a]\n", "waivers: [&a {policy: a, policy: b}, *a]\n", "waivers: [~, {? [a] : b}]\n",
	) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, "waivers.yaml", text)
		waivers, err := readWaivers(t.Context(), file)
		if err != nil {
			checkRefusal(t, err, file)
			return
		}
		for _, w := range waivers {
			if w.Policy == "" || w.Subject == "" || w.Reason == "" || w.Owner == "" || w.Line == 0 || w.Until.Equal(time.Time{}) {
				t.Errorf("waiver %+v", w)
			}
		}
	})
}

// TestFormsAreToldInPlainWords names no type of Go, and no tag of YAML.
func TestFormsAreToldInPlainWords(t *testing.T) {
	for text, want := range map[string]string{
		"waivers: [[a]]\n":             "waiver cannot be read: line 1: what stands here has another form: a list",
		"waivers:\n- policy: {a: b}\n": "waiver cannot be read: line 2: what stands here has another form: a mapping",
		"waivers: 1\n":                 "line 1: what stands here has another form: a number `1`",
	} {
		_, err := readWaivers(t.Context(), writeFile(t, "waivers.yaml", text))
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParams: whatever a parameter file holds is mappings by policy, each value with
// its line, or one error that names the file.
func FuzzParams(f *testing.F) {
	for _, text := range append(strangeYAML, "params: {RT-TLS-006: {days: 30}}\n", "params: {a: [1]}\n", "params: {a: ~}\n", "params: {a: &a {b: *a}}\n",
		"params: {a: &a {b: 1}, c: *a}\n", "params: {a: {1: 2, .nan: .inf}}\n", "params: {a: {<<: {b: 1}, b: 2}}\n", "params: {a: {b: 1, b: 2}}\n") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, "params.yaml", text)
		params, place, err := readParams(t.Context(), file)
		if err != nil {
			checkRefusal(t, err, file)
			return
		}
		for id, values := range params {
			for key := range values {
				if at, line := place(id, key); at != file || line < 1 || line > 1+strings.Count(text, "\n")+strings.Count(text, "\r") {
					t.Errorf("parameter %s.%s stands at %s:%d", id, key, at, line)
				}
			}
		}
	})
}

// FuzzSettings: whatever .regpolicy.yaml holds sets flags of eval, or is one error
// that names the file.
func FuzzSettings(f *testing.F) {
	for _, text := range append(strangeYAML, "fail-on: high\n", "output: [text, json=x]\n", "timeout: 1m\n", "timeout: [1m]\n", "policy: [oci://a/b, c, /d]\n", "select: a,\"b\n",
		"fail-on: high\nfail-on: low\n", "node: {a: b}\n", "node: ~\n", "no-builtin: yes\n", "params: *x\n", "params: &x [*x]\n", "? [a]\n: b\n", "help: true\n") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, settingsFile, text)
		e := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }, now: time.Now, after: time.After}
		var eval *cobra.Command
		for _, c := range newRoot(e).Commands() {
			if c.Name() == "eval" {
				eval = c
			}
		}
		values, err := readSettingsFile(t.Context(), file, eval)
		if err != nil {
			checkRefusal(t, err, file)
			return
		}
		for name, node := range values {
			flag := eval.Flags().Lookup(name)
			if flag == nil {
				continue // another command's
			}
			if err := setFromFile(eval.Flags(), flag, file, node); err != nil {
				checkRefusal(t, err, file)
			}
		}
	})
}
