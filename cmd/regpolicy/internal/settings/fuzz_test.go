package settings

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/misuse"
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
	var wrong *misuse.Error
	switch {
	case errors.As(err, &faults):
		for _, f := range faults {
			if f.File != file || f.Line == 0 || f.Message == "" || strings.Contains(f.Message, "\n") {
				t.Errorf("fault %+v", f)
			}
		}
	case !errors.As(err, &wrong) || !strings.Contains(wrong.Error(), file):
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
		waivers, err := Waivers(t.Context(), file)
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
		_, err := Waivers(t.Context(), writeFile(t, "waivers.yaml", text))
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParams: whatever a parameter file holds is mappings by policy, each value with
// its line, or one error that names the file.
func FuzzParams(f *testing.F) {
	for _, text := range append(strangeYAML, "params: {RT-TLS-006: {days: 30}}\n", "params: {a: [1]}\n", "params: {a: ~}\n", "params: {a: &a {b: *a}}\n",
		"params: {a: &a {b: 1}, c: *a}\n", "params: {a: {1: 2, .nan: .inf}}\n", "params: {a: {<<: {b: 1}, b: 2}}\n", "params: {a: {b: 1, b: 2}}\n",
		"params: {a: {<<, {b: 1}: 2}}\n") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, "params.yaml", text)
		params, place, err := Params(t.Context(), file)
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

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command has a flag of each kind that eval has.
func command() *cobra.Command {
	root, eval, other := &cobra.Command{Use: "regpolicy"}, &cobra.Command{Use: "eval"}, &cobra.Command{Use: "other"}
	root.AddCommand(eval, other)
	flags := eval.Flags()
	flags.StringArrayP("output", "o", nil, "")
	flags.StringArrayP("policy", "p", nil, "")
	flags.StringArray("node", nil, "")
	flags.StringSlice("select", nil, "")
	flags.String("fail-on", "low", "")
	flags.String("params", "", "")
	flags.Duration("timeout", time.Minute, "")
	flags.Int("jobs", 0, "")
	flags.Bool("no-builtin", false, "")
	flags.String("publish", "", "")
	other.Flags().String("results", "", "")
	return eval
}

// TestApply sets flags from the environment and the file, and tells wrong values from
// where they stand.
func TestApply(t *testing.T) {
	for name, c := range map[string]struct {
		text, variable, args string
		want                 string // of fail-on, or a part of the error
	}{
		"the file":               {"fail-on: high\nresults: x\n", "", "", "high"},
		"the environment":        {"fail-on: high\n", "low", "", "low"},
		"the command line":       {"fail-on: high\n", "low", "--fail-on=critical", "critical"},
		"a wrong value":          {"# x\ntimeout: abc\n", "", "", `.regpolicy.yaml:2: setting "timeout": "abc": must be a duration`},
		"what no file may":       {"publish: x\n", "", "", `.regpolicy.yaml:1: "publish" sends something away`},
		"a flag of none":         {"failon: x\n", "", "", `.regpolicy.yaml:1: unknown setting "failon"`},
		"a list for one":         {"fail-on: [x]\n", "", "", `.regpolicy.yaml:1: setting "fail-on" takes no list`},
		"a path beside the file": {"params: p.yaml\nfail-on: x\n", "", "", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeFile(t, File, c.text)
			t.Chdir(filepath.Dir(file))
			eval := command()
			if err := eval.ParseFlags(strings.Fields(c.args)); err != nil {
				t.Fatal(err)
			}
			eval.SetContext(t.Context())
			found, err := Find(eval)
			if err == nil {
				err = found.Apply(eval, func(name string) string { return map[string]string{"REGPOLICY_FAIL_ON": c.variable}[name] }, []string{"publish"})
			}
			if err != nil {
				checkRefusal(t, err, file)
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %s", err, c.want)
				}
				return
			}
			if got := eval.Flag("fail-on").Value.String(); got != c.want {
				t.Errorf("fail-on is %q, want %q", got, c.want)
			}
			if params := eval.Flag("params"); params.Changed && params.Value.String() != filepath.Join(filepath.Dir(file), "p.yaml") {
				t.Errorf("params is %q", params.Value)
			}
			if IsGiven(eval.Flag("fail-on")) != (c.args != "") {
				t.Error("it is not told from what was given")
			}
		})
	}
}

// TestTraced says where flags were set that a text names.
func TestTraced(t *testing.T) {
	flags := command().Flags()
	settle(flags.Lookup("jobs"), "x.yaml:3")
	settle(flags.Lookup("node"), "REGPOLICY_NODE")
	for text, want := range map[string]string{
		"--jobs -1 is no number":                      "x.yaml:3: --jobs -1 is no number",
		"--node and --jobs exclude each other":        "REGPOLICY_NODE: --node and --jobs exclude each other; --jobs comes from x.yaml:3",
		"--timeout and --jobs, --jobs":                "--timeout and --jobs, --jobs; --jobs comes from x.yaml:3",
		"--timeout 0s is no time":                     "--timeout 0s is no time",
		"--no-such-flag, a--jobs and \"--jobs\" stay": "--no-such-flag, a--jobs and \"--jobs\" stay",
	} {
		if got := Traced(flags, text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// FuzzSettings: whatever .regpolicy.yaml holds sets flags of a command, or is one error
// that names the file.
func FuzzSettings(f *testing.F) {
	for _, text := range append(strangeYAML, "fail-on: high\n", "output: [text, json=x]\n", "timeout: 1m\n", "timeout: [1m]\n", "policy: [oci://a/b, c, /d]\n", "select: a,\"b\n",
		"fail-on: high\nfail-on: low\n", "node: {a: b}\n", "node: ~\n", "no-builtin: yes\n", "params: *x\n", "params: &x [*x]\n", "? [a]\n: b\n", "help: true\n") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file := writeFile(t, File, text)
		eval := command()
		values, err := readFile(t.Context(), file, eval)
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
