package report

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// JUnitOptions are what JUnit depends on besides the report.
type JUnitOptions struct {
	// FailOnWarn makes failures of warnings from this severity on, as the run's exit
	// code does; "" makes none.
	FailOnWarn string
}

// The elements in the order that the schema of Jenkins' xUnit plugin wants.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Time     string       `xml:"time,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		ID         string          `xml:"id,attr"`
		Package    string          `xml:"package,attr"`
		Timestamp  string          `xml:"timestamp,attr"`
		Time       string          `xml:"time,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Skipped   *junitOutcome `xml:"skipped"`
		Error     *junitOutcome `xml:"error"`
		Failure   *junitOutcome `xml:"failure"`
		SystemOut string        `xml:"system-out,omitempty"`
	}
	junitOutcome struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a suite per policy and a case per subject. Judging takes no time that
// a report of equal inputs could state, so every time is 0.
func JUnit(w io.Writer, r *Report, opt JUnitOptions) error {
	out := junitSuites{Name: "regpolicy", Time: "0"}
	for _, g := range byPolicy(r) {
		suite := junitPolicy(r, g, opt)
		out.Tests += suite.Tests
		out.Failures += suite.Failures
		out.Errors += suite.Errors
		out.Suites = append(out.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing JUnit report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("writing JUnit report: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("writing JUnit report: %w", err)
	}
	return nil
}

func junitPolicy(r *Report, g group, opt JUnitOptions) junitSuite {
	first := g.results[0]
	suite := junitSuite{
		Name: Visible(strings.TrimSpace(g.id + " " + first.Title)), ID: Visible(g.id), Package: Visible(first.Policy),
		Timestamp: r.Run.At.UTC().Format("2006-01-02T15:04:05"), Time: "0", Tests: len(g.results),
		Properties: []junitProperty{{"severity", Visible(first.Severity)}},
	}
	for _, framework := range slices.Sorted(maps.Keys(first.Controls)) {
		suite.Properties = append(suite.Properties, junitProperty{"control." + Visible(framework), Visible(strings.Join(first.Controls[framework], " "))})
	}
	for _, res := range g.results {
		c := junitResult(res, opt)
		switch {
		case c.Failure != nil:
			suite.Failures++
		case c.Error != nil:
			suite.Errors++
		case c.Skipped != nil:
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

func junitResult(res *Result, opt JUnitOptions) junitCase {
	c := junitCase{Name: subjectOf(res), Classname: Visible(cmp.Or(res.Policy, res.ID)), Time: "0"}
	message := Visible(said(res))
	outcome := &junitOutcome{Type: Visible(res.Severity), Message: message, Text: junitDetail(res)}
	switch res.Verdict {
	case Fail:
		c.Failure = outcome
	case Warn:
		if opt.fails(res) {
			outcome.Type = "warn"
			c.Failure = outcome
		} else {
			c.SystemOut = "warn: " + junitDetail(res)
		}
	case Inconclusive, Error:
		outcome.Type = string(res.Verdict)
		c.Error = outcome
	case Skip:
		c.Skipped = &junitOutcome{Message: message}
	case Waived:
		outcome.Type, outcome.Message = "waived", Visible("waived: "+message)
		c.Skipped = outcome
	case Pass:
	}
	return c
}

func (opt JUnitOptions) fails(warning *Result) bool {
	return opt.FailOnWarn != "" && slices.Index(Severities, warning.Severity) >= slices.Index(Severities, opt.FailOnWarn)
}

// junitDetail is what a person reads who opens the case.
func junitDetail(res *Result) string {
	lines := []string{said(res)}
	if res.Remediation != "" {
		lines = append(lines, "", "repair:", plain(res.Remediation))
	}
	if found := pointers(res); len(found) > 0 {
		lines = append(lines, "", "evidence:")
		lines = append(lines, found...)
	}
	return strings.Join(lines, "\n")
}
