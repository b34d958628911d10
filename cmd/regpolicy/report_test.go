package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// contract is the report's fields, by where they stand; "*" is any key.
var contract = map[string][]string{ //nolint:gochecknoglobals // a table
	"":                       {"schema_version", "tool", "run", "affected", "diagnosis", "summary", "coverage", "rules", "results"},
	"tool":                   {"name", "version", "opa"},
	"run":                    {"at", "documents", "policies", "params", "waivers"},
	"run.documents[]":        {"uri", "sha256", "collected_at", "cluster", "at"},
	"run.policies":           {"count", "digest"},
	"run.waivers":            {"used", "unused", "expired"},
	"affected":               {"pods", "namespaces", "registries", "nodes"},
	"diagnosis[]":            {"id", "severity", "title", "messages", "subjects", "remediation", "explains", "example"},
	"diagnosis[].explains[]": {"id", "title", "subjects"},
	"summary":                {"pass", "fail", "warn", "inconclusive", "error", "skip", "waived", "by_severity"},
	"results[]": {
		"id", "policy", "verdict", "severity", "title", "message", "subject", "trust_domain", "evidence", "missing",
		"remediation", "controls", "fingerprint", "waiver", "next_change",
	},
	"rules[]":               {"id", "policy", "title", "description", "severity", "remediation", "tags", "controls", "related"},
	"results[].evidence[]":  {"pointer", "role"},
	"results[].next_change": {"at", "becomes"},
	"results[].location":    {"file", "line", "column"},
	"diagnosis[].location":  {"file", "line", "column"},
	"results[].waiver":      {"reason", "owner", "expires", "verdict"},
}

// optional are the fields that are there only where they say something.
var optional = map[string][]string{
	"":                     {"forecast", "trust_paths"},
	"run":                  {"profile", "require", "baseline", "forecast"},
	"run.waivers":          {"unused_names"},
	"results[]":            {"known", "location"},
	"diagnosis[]":          {"location", "registries"},
	"results[].evidence[]": {"excerpt"},
}

// free are places whose keys are data.
var free = regexp.MustCompile(`^(coverage|trust_paths|run\.params|summary\.by_severity|diagnosis\[\]\.example|rules\[\]\.controls|results\[\]\.(subject|controls|missing\[\]))`)

func checkContract(t *testing.T, place string, value any) {
	t.Helper()
	if free.MatchString(place) || value == nil {
		return
	}
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			checkContract(t, place+"[]", item)
		}
	case map[string]any:
		want := slices.Sorted(slices.Values(contract[place]))
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(v)), func(key string) bool { return slices.Contains(optional[place], key) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("fields of %q (-want +got):\n%s", place, diff)
		}
		for key, item := range v {
			checkContract(t, strings.TrimPrefix(place+"."+key, "."), item)
		}
	}
}

// TestReportsKeepTheContract holds each story's report against design and its
// document.
func TestReportsKeepTheContract(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.Name, func(t *testing.T) {
			document := filepath.Join(fixturesDir, s.Name, "document.json")
			_, stdout, _ := command(t, s.At, "eval", "-o", "json", document)
			var plain any
			if err := json.Unmarshal([]byte(stdout), &plain); err != nil {
				t.Fatal(err)
			}
			checkContract(t, "", plain)
			if strings.Contains(stdout, ": null") {
				for line := range strings.Lines(stdout) {
					if strings.Contains(line, ": null") && !strings.Contains(line, `"waiver"`) && !strings.Contains(line, `"next_change"`) {
						t.Errorf("null where a list or mapping belongs: %s", line)
					}
				}
			}
			rep := readReport(t, stdout)
			checkResults(t, rep)
			checkPointers(t, rep, document)
		})
	}
}

func checkResults(t *testing.T, rep *report.Report) {
	t.Helper()
	verdicts, severities := map[report.Verdict]int{}, map[string]int{}
	seen, prints := map[string]bool{}, map[string]bool{}
	for i, r := range rep.Results {
		verdicts[r.Verdict]++
		if r.Verdict == report.Fail {
			severities[r.Severity]++
		}
		key := r.ID + "\x00" + r.Subject.String()
		if seen[key] || prints[r.Fingerprint] {
			t.Errorf("%s has two results on %s", r.ID, r.Subject)
		}
		seen[key], prints[r.Fingerprint] = true, true
		if i > 0 {
			last := rep.Results[i-1]
			if last.ID > r.ID || last.ID == r.ID && last.Subject.String() > r.Subject.String() {
				t.Errorf("%s %s stands behind %s %s", r.ID, r.Subject, last.ID, last.Subject)
			}
		}
		if r.Verdict == report.Fail && (r.Message == "" || r.Remediation == "" || len(r.Evidence) == 0) {
			t.Errorf("%s fails on %s without a message, a repair or evidence", r.ID, r.Subject)
		}
		if r.Verdict == report.Skip && r.Message == "" {
			t.Errorf("%s is skipped without a reason", r.ID)
		}
	}
	s := rep.Summary
	counted := map[report.Verdict]int{
		report.Pass: s.Pass, report.Fail: s.Fail, report.Warn: s.Warn, report.Inconclusive: s.Inconclusive,
		report.Error: s.Error, report.Skip: s.Skip, report.Waived: s.Waived,
	}
	maps.DeleteFunc(counted, func(_ report.Verdict, n int) bool { return n == 0 })
	if diff := cmp.Diff(verdicts, counted); diff != "" {
		t.Errorf("summary (-results +summary):\n%s", diff)
	}
	if diff := cmp.Diff(severities, s.BySeverity); diff != "" {
		t.Errorf("summary by severity (-results +summary):\n%s", diff)
	}
}

// checkPointers resolves every pointer of a report in its document.
func checkPointers(t *testing.T, rep *report.Report, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document any
	if err := json.Unmarshal(data, &document); err != nil {
		t.Fatal(err)
	}
	resolved := 0
	for _, r := range rep.Results {
		for _, e := range r.Evidence {
			if message := resolve(document, e.Pointer); message != "" {
				t.Errorf("%s on %s points to %s: %s", r.ID, r.Subject, e.Pointer, message)
			}
			resolved++
			if e.Role != "supports" && e.Role != "contradicts" {
				t.Errorf("%s: role %q", r.ID, e.Role)
			}
		}
	}
	if resolved == 0 {
		t.Error("the report points to nothing")
	}
}

// resolve follows a pointer (RFC 6901 section 4); the answer is what is wrong.
func resolve(value any, pointer string) string {
	if pointer != "" && !strings.HasPrefix(pointer, "/") {
		return "it does not begin with /"
	}
	for token := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		switch v := value.(type) {
		case map[string]any:
			next, ok := v[token]
			if !ok {
				return "there is no " + strconv.Quote(token)
			}
			value = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return "there is no item " + token
			}
			value = v[i]
		default:
			return "there is nothing below " + token
		}
	}
	return ""
}

// aPlace is a line that is nothing but a place: it stays whole, to be copied.
var aPlace = regexp.MustCompile(`^ +at \S+:[0-9]+$`)

// TestTextReport compares the text with what is committed, as a terminal of 80
// columns shows it, plain and in colour.
func TestTextReport(t *testing.T) {
	for _, name := range []string{"secret-encoded-once", "vsphere-pod"} {
		for _, color := range []string{"never", "always"} {
			t.Run(name+" "+color, func(t *testing.T) {
				document := filepath.Join(fixturesDir, name, "document.json")
				_, stdout, stderr := commandAt(t, terminal{width: 80}, "eval", "--color", color, document)
				if stderr != "" {
					t.Errorf("stderr: %s", stderr)
				}
				golden(t, filepath.Join("testdata", "text", name+"."+color+".txt"), steady(stdout))
				plain := escapes.ReplaceAllString(stdout, "")
				for line := range strings.Lines(plain) {
					line = strings.TrimSuffix(line, "\n")
					if n := len([]rune(line)); n > 80 && !strings.Contains(line, "kubectl ") && !strings.HasPrefix(line, "regpolicy: ") && !aPlace.MatchString(line) {
						t.Errorf("a line of %d characters: %s", n, line)
					}
					if strings.HasSuffix(line, " ") {
						t.Errorf("a line ends with a space: %q", line)
					}
				}
			})
		}
	}
}

// TestTextReportInGerman compares the German text at the same width.
func TestTextReportInGerman(t *testing.T) {
	for _, name := range []string{"secret-encoded-once", "vsphere-pod"} {
		document := filepath.Join(fixturesDir, name, "document.json")
		_, stdout, stderr := commandAt(t, terminal{width: 80, env: map[string]string{"LANG": "de_DE.UTF-8"}}, "eval", document)
		if stderr != "" {
			t.Errorf("stderr: %s", stderr)
		}
		golden(t, filepath.Join("testdata", "text", name+".de.txt"), steady(stdout))
		checkWidth(t, stdout, 80)
	}
}

// TestTextReportFits holds both languages against narrow and wide terminals.
func TestTextReportFits(t *testing.T) {
	german, err := (&speechFlag{lang: "de"}).open(&environment{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range stories(t) {
		data, err := os.ReadFile(filepath.Join(fixturesDir, s.Name, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range []*speech{{}, german} {
			rep, err := in.report(readReport(t, string(data)), "text")
			if err != nil {
				t.Fatal(err)
			}
			for _, width := range []int{40, 60, 71, 72, 80, 120} {
				var out bytes.Buffer
				if err := report.Text(&out, rep, report.TextOptions{Width: width, ShowPassed: true, Words: in.words()}); err != nil {
					t.Fatal(err)
				}
				checkWidth(t, out.String(), width)
			}
		}
	}
}

// checkWidth wants no line wider than a terminal, but where one word or place is that must be
// copied whole, a command, or the line for grep.
func checkWidth(t *testing.T, out string, width int) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\n")
		words := strings.Fields(line)
		one := len(words) == 1 && words[0][0] != '\xe2' || len(words) == 2 && (words[0] == "at" || words[0] == "in")
		if n := len([]rune(line)); n > width && !one && !strings.Contains(line, "kubectl ") && !strings.HasPrefix(line, "regpolicy: ") {
			t.Errorf("%d characters at width %d: %s", n, width, line)
		}
	}
}

// TestColorChangesNothingElse: without its escape sequences the coloured report
// is the plain one.
func TestColorChangesNothingElse(t *testing.T) {
	for _, s := range stories(t) {
		text, err := os.ReadFile(filepath.Join(fixturesDir, s.Name, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		rep := readReport(t, string(text))
		for _, width := range []int{40, 80, 0, 200} {
			var plain, colored bytes.Buffer
			for out, color := range map[*bytes.Buffer]bool{&plain: false, &colored: true} {
				if err := report.Text(out, rep, report.TextOptions{Width: width, ShowPassed: true, Color: color}); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(plain.String(), escapes.ReplaceAllString(colored.String(), "")); diff != "" {
				t.Errorf("%s at width %d (-plain +coloured):\n%.1500s", s.Name, width, diff)
			}
		}
	}
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// terminal is what standard output is.
type terminal struct {
	width int
	is    bool
	env   map[string]string
}

// commandAt runs the program in this process, with a terminal or none.
func commandAt(t *testing.T, term terminal, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), &environment{
		name: "regpolicy", args: args, stdin: strings.NewReader(""), stdout: &out, stderr: &errs,
		getenv: func(name string) string { return term.env[name] }, now: func() time.Time { return time.Unix(1, 0) },
		width: term.width, stdoutIsTerminal: term.is,
	})
	return code, out.String(), errs.String()
}

func TestWhenColorIsUsed(t *testing.T) {
	document := filepath.Join(fixturesDir, "secret-encoded-once", "document.json")
	for _, tt := range []struct {
		name string
		term terminal
		flag string
		want bool
	}{
		{"a terminal", terminal{is: true}, "auto", true},
		{"no terminal", terminal{}, "auto", false},
		{"a terminal with NO_COLOR", terminal{is: true, env: map[string]string{"NO_COLOR": "1"}}, "auto", false},
		{"NO_COLOR that is empty says nothing", terminal{is: true, env: map[string]string{"NO_COLOR": ""}}, "auto", true},
		{"always, without a terminal", terminal{}, "always", true},
		{"always wins over NO_COLOR", terminal{env: map[string]string{"NO_COLOR": "1"}}, "always", true},
		{"never, at a terminal", terminal{is: true}, "never", false},
		{"a terminal that knows no colour", terminal{is: true, env: map[string]string{"TERM": "dumb"}}, "auto", false},
		{"from the environment", terminal{env: map[string]string{"REGPOLICY_COLOR": "always"}}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			args := []string{"eval", document}
			if tt.flag != "" {
				args = append(args, "--color", tt.flag)
			}
			_, stdout, _ := commandAt(t, tt.term, args...)
			if got := escapes.MatchString(stdout); got != tt.want {
				t.Errorf("colour is %t, want %t", got, tt.want)
			}
		})
	}
}
