package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/joshdk/go-junit"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

func readJUnit(t testing.TB, data []byte) tallied {
	suites, err := junit.IngestReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	counts := tallied{}
	for _, suite := range suites {
		for _, test := range suite.Tests {
			counts[string(test.Status)]++
			if fault, ok := errors.AsType[junit.Error](test.Error); ok && (fault.Type == "inconclusive" || fault.Type == "warn") {
				counts[fault.Type]++
			}
			if strings.HasPrefix(test.SystemOut, "warn: ") {
				counts["warn"]++
			}
			if strings.HasPrefix(test.Message, "waived: ") {
				counts["waived"]++
			}
		}
	}
	checkJUnitTotals(t, data)
	return counts
}

// checkJUnitTotals holds the attributes, which consumers believe without counting.
func checkJUnitTotals(t testing.TB, data []byte) {
	type totals struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
	}
	var all struct {
		totals
		Suites []struct {
			totals
			Skipped int `xml:"skipped,attr"`
			Cases   []struct {
				Name    string    `xml:"name,attr"`
				Failure *struct{} `xml:"failure"`
				Error   *struct{} `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	var sum totals
	for _, suite := range all.Suites {
		var counted totals
		skipped := 0
		for _, c := range suite.Cases {
			counted.Tests++
			switch {
			case c.Name == "":
				t.Error("JUnit: a case without a name")
			case c.Failure != nil:
				counted.Failures++
			case c.Error != nil:
				counted.Errors++
			case c.Skipped != nil:
				skipped++
			}
		}
		if counted != suite.totals || skipped != suite.Skipped {
			t.Errorf("JUnit: a suite says %+v and has %+v", suite.totals, counted)
		}
		sum.Tests, sum.Failures, sum.Errors = sum.Tests+counted.Tests, sum.Failures+counted.Failures, sum.Errors+counted.Errors
	}
	if sum != all.totals {
		t.Errorf("JUnit: the document says %+v and has %+v", all.totals, sum)
	}
}

var tapPoint = regexp.MustCompile(`^(not ok|ok) ([0-9]+) - (?:[^#\\]|\\[#\\])*(?: # (SKIP|TODO) .*)?$`)

// readTAP accepts what the grammar of TAP 14 does, as far as it is used here.
func readTAP(t testing.TB, data []byte) tallied {
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 2 || lines[0] != "TAP version 14" || !strings.HasPrefix(lines[1], "1..") {
		t.Fatalf("TAP begins with %q", lines[0])
	}
	planned, _, _ := strings.Cut(strings.TrimPrefix(lines[1], "1.."), " ")
	counts, points := tallied{}, 0
	for i := 2; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "# ") {
			continue
		}
		if lines[i] == "  ---" {
			end := slices.Index(lines[i:], "  ...")
			if end < 0 {
				t.Fatal("TAP: a YAML block without an end")
			}
			var block struct{ Verdict string }
			if err := yaml.Unmarshal([]byte(strings.Join(lines[i+1:i+end], "\n")), &block); err != nil {
				t.Fatalf("TAP: %v", err)
			}
			if block.Verdict != "fail" && block.Verdict != "waived" {
				counts[block.Verdict]++
			}
			i += end
			continue
		}
		found := tapPoint.FindStringSubmatch(lines[i])
		if found == nil {
			t.Fatalf("TAP: no test point: %q", lines[i])
		}
		points++
		if found[2] != strconv.Itoa(points) {
			t.Errorf("TAP: point %s stands where %d should", found[2], points)
		}
		if found[3] != "" {
			counts[found[3]]++
		} else {
			counts[found[1]]++
		}
	}
	if planned != strconv.Itoa(points) {
		t.Errorf("TAP: %s planned, %d made", planned, points)
	}
	return counts
}

// TestProveReadsTAP gives the TAP to Perl's harness. Before version 3.48 it knows
// TAP 13, which differs in nothing that is used here but the number.
func TestProveReadsTAP(t *testing.T) {
	prove, err := exec.LookPath("prove")
	if err != nil {
		if os.Getenv("REGPOLICY_REQUIRE_PROVE") == "1" {
			t.Fatal("no prove here: install perl")
		}
		t.Skip("no prove here: install perl to read the TAP with its harness")
	}
	r := rich(t)
	file := t.TempDir() + "/report.tap"
	data := bytes.Replace(render(t, "tap", r), []byte("TAP version 14"), []byte("TAP version 13"), 1)
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(prove, "-e", "cat", file).CombinedOutput()
	s := r.Summary
	want := "Tests: " + strconv.Itoa(len(r.Results)) + " Failed: " + strconv.Itoa(s.Fail+s.Error+s.Inconclusive)
	if !strings.Contains(string(out), want) || strings.Contains(string(out), "Parse errors") {
		t.Errorf("prove does not say %q:\n%s", want, out)
	}
}

var (
	githubCommand = regexp.MustCompile(`^::(error|warning|notice) (.*?)::(.*)$`)
	githubMore    = regexp.MustCompile(`\(and ([0-9]+) more subjects?\)|^and ([0-9]+) more like these`)
)

// readGitHub reads workflow commands as the runner does: a line each, the first "::"
// behind the properties ends them.
func readGitHub(t testing.TB, data []byte) tallied {
	counts, lines := tallied{}, tallied{}
	all := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	for _, line := range all[:len(all)-1] {
		found := githubCommand.FindStringSubmatch(line)
		if found == nil {
			t.Fatalf("GitHub: no command: %q", line)
		}
		properties := map[string]string{}
		for pair := range strings.SplitSeq(found[2], ",") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok || strings.ContainsAny(value, ":,\r\n") {
				t.Errorf("GitHub: property %q", pair)
			}
			properties[key] = value
		}
		message := strings.NewReplacer("%0A", "\n", "%0D", "\r", "%25", "%").Replace(found[3])
		lines[found[1]]++
		more := githubMore.FindStringSubmatch(message)
		n := 0
		if more != nil {
			n, _ = strconv.Atoi(more[1] + more[2])
		}
		if more == nil || more[2] == "" {
			n++
			if line, err := strconv.Atoi(properties["line"]); err != nil || line < 1 || properties["file"] == "" {
				t.Errorf("GitHub: an annotation without a place: %q", found[2])
			}
		}
		counts[found[1]] += n
	}
	for level, n := range lines {
		if n > 10 {
			t.Errorf("GitHub: %d annotations of level %s; it shows 10", n, level)
		}
	}
	return counts
}

func readGitLab(t testing.TB, data []byte) tallied {
	validate(t, "gitlab-code-quality.schema.json", data)
	var issues []struct {
		Description string
		Fingerprint string
	}
	if err := json.Unmarshal(data, &issues); err != nil {
		t.Fatal(err)
	}
	counts, seen := tallied{}, map[string]bool{}
	for _, issue := range issues {
		verdict, _, _ := strings.Cut(issue.Description, ":")
		counts[verdict]++
		if seen[issue.Fingerprint] {
			t.Errorf("GitLab: fingerprint %q twice", issue.Fingerprint)
		}
		seen[issue.Fingerprint] = true
	}
	return counts
}

func readPrometheus(t testing.TB, data []byte) tallied {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	counts, summed := tallied{}, tallied{}
	for name, family := range families {
		if family.GetHelp() == "" || !strings.HasPrefix(name, "regpolicy_") {
			t.Errorf("Prometheus: family %q", name)
		}
		for _, m := range family.Metric {
			if m.TimestampMs != nil {
				t.Errorf("Prometheus: %s has a timestamp, which the textfile collector refuses", name)
			}
			for _, label := range m.Label {
				if !utf8.ValidString(label.GetValue()) {
					t.Errorf("Prometheus: label %q", label.GetValue())
				}
				if label.GetName() != "verdict" {
					continue
				}
				switch name {
				case "regpolicy_verdicts":
					counts[label.GetValue()] += int(m.Gauge.GetValue())
				case "regpolicy_results":
					summed[label.GetValue()] += int(m.Gauge.GetValue())
				}
			}
		}
	}
	for verdict, n := range counts {
		if summed[verdict] != n {
			t.Errorf("Prometheus: %d results are %s, the sum says %d", summed[verdict], verdict, n)
		}
	}
	return counts
}

// TestGitHubSummary: the job summary is the Markdown report, and only written where
// there is a place for it.
func TestGitHubSummary(t *testing.T) {
	r := rich(t)
	var summary bytes.Buffer
	if err := report.GitHub(io.Discard, r, report.GitHubOptions{Summary: &summary}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(summary.Bytes(), render(t, "markdown", r)) {
		t.Error("the job summary is not the Markdown report")
	}
}

// TestPlaces: where a result has the line of a manifest, each format that knows of
// places says that one, and else the document of its own cluster.
func TestPlaces(t *testing.T) {
	r := rich(t)
	r.Results = slices.DeleteFunc(r.Results, func(res report.Result) bool { return res.Verdict != report.Fail || res.Subject["cluster"] != "west" })[:2]
	r.Results[0].Location = &report.Location{File: `./clusters\a b.yaml`, Line: 7, Column: 3}
	r.Results[0].ID = "first"
	r.Summary = report.Count(r.Results)
	for name, want := range map[string][]string{
		"sarif":    {`"uri": "clusters/a%20b.yaml"`, `"startLine": 7`, `"startColumn": 3`, `"uri": "vsphere-pod.json"`},
		"github":   {`file=clusters/a b.yaml,line=7,col=3,`, `file=vsphere-pod.json,line=1,`},
		"gitlab":   {`"path": "clusters/a b.yaml"`, `"begin": 7`, `"path": "vsphere-pod.json"`},
		"tap":      {`at: "clusters/a b.yaml:7"`, `at: "vsphere-pod.json:1"`},
		"markdown": {`(clusters/a b.yaml:7)`},
	} {
		text := string(render(t, name, r))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s does not say %s", name, w)
			}
		}
	}
}

// TestJUnitFailsWhatTheRunFails: only warnings as severe as --fail-on says.
func TestJUnitFailsWhatTheRunFails(t *testing.T) {
	r := &report.Report{}
	for _, severity := range report.Severities {
		r.Results = append(r.Results, report.Result{ID: "X", Verdict: report.Warn, Severity: severity})
	}
	for from, want := range map[string]int{"": 0, "low": 4, "critical": 1} {
		var out bytes.Buffer
		if err := report.JUnit(&out, r, report.JUnitOptions{FailOnWarn: from}); err != nil {
			t.Fatal(err)
		}
		if got := readJUnit(t, out.Bytes())["failed"]; got != want {
			t.Errorf("from %q on %d warnings fail, want %d", from, got, want)
		}
	}
}
