package report_test

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

var allowedHTML = regexp.MustCompile(`^(</?(details|summary|sub)>|<details><summary>.*</summary>)$`)

// readMarkdown reads the tables as GitHub does, and refuses markup that a quoted
// text brought in: HTML, pictures, links and headings of its own.
func readMarkdown(t testing.TB, data []byte) tallied {
	if len(data) > 65_536 {
		t.Errorf("Markdown: %d bytes, GitHub takes 65536", len(data))
	}
	if mention := regexp.MustCompile("(^|[^`])@[a-zA-Z]").Find(withoutCode(data)); mention != nil {
		t.Errorf("Markdown: %q calls somebody", mention)
	}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(data))
	var tables []*extast.Table
	headings := 0
	err := ast.Walk(document, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *extast.Table:
			tables = append(tables, n)
		case *ast.Image, *ast.Link:
			t.Errorf("Markdown: a picture or link: %s", n.Kind())
		case *ast.Heading:
			if headings++; n.Level < 2 {
				t.Error("Markdown: a heading that is not ours")
			}
		case *ast.HTMLBlock, *ast.RawHTML:
			checkHTML(t, n, data)
		}
		return ast.WalkContinue, nil
	})
	if err != nil || len(tables) == 0 {
		t.Fatalf("Markdown: %d tables, %v", len(tables), err)
	}
	counts := tallied{}
	head, body := cells(tables[0].FirstChild(), data), cells(tables[0].LastChild(), data)
	for i := range head {
		counts[head[i]] = number(t, body[i])
	}
	if len(tables) > 1 && !strings.Contains(string(data), "more row") {
		checkFindings(t, tables[1], data, counts)
	}
	return counts
}

// checkFindings holds the sum of the rows of each verdict against the first table.
func checkFindings(t testing.TB, table ast.Node, data []byte, counts tallied) {
	sums := tallied{}
	for row := table.FirstChild().NextSibling(); row != nil; row = row.NextSibling() {
		c := cells(row, data)
		if len(c) != 5 {
			t.Fatalf("Markdown: a row of %d cells", len(c))
		}
		sums[c[0]] += number(t, c[3])
	}
	for _, verdict := range []string{"fail", "warn", "inconclusive", "error", "waived"} {
		if sums[verdict] != counts[verdict] {
			t.Errorf("Markdown: %d rows are %s, the first table says %d", sums[verdict], verdict, counts[verdict])
		}
	}
}

func checkHTML(t testing.TB, n ast.Node, data []byte) {
	var lines *text.Segments
	if raw, ok := n.(*ast.RawHTML); ok {
		lines = raw.Segments
	} else {
		lines = n.Lines()
	}
	for i := range lines.Len() {
		segment := lines.At(i)
		html := strings.TrimSpace(string(segment.Value(data)))
		if html != "" && !allowedHTML.MatchString(html) && !strings.HasPrefix(html, "<sub>") {
			t.Errorf("Markdown: HTML %q", html)
		}
	}
}

func withoutCode(data []byte) []byte {
	return regexp.MustCompile("(?s)\n````*sh\n.*?\n````*\n").ReplaceAll(data, nil)
}

func cells(row ast.Node, data []byte) []string {
	var out []string
	for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
		var s strings.Builder
		for n := cell.FirstChild(); n != nil; n = n.NextSibling() {
			if leaf, ok := n.(*ast.Text); ok {
				s.Write(leaf.Segment.Value(data))
			}
		}
		out = append(out, s.String())
	}
	return out
}

func number(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Errorf("no number: %q", s)
	}
	return n
}

// TestMarkdownStaysShort: however much is wrong, a comment holds it.
func TestMarkdownStaysShort(t *testing.T) {
	for _, n := range []int{1, 100, 5000} {
		r := many(n, strings.Repeat("@long <message> | ", 300))
		data := render(t, "markdown", r)
		readMarkdown(t, data)
		t.Logf("%d results: %d bytes", n, len(data))
	}
}

// many is a report of n failures of n policies in a few namespaces.
func many(n int, message string) *report.Report {
	r := &report.Report{SchemaVersion: report.SchemaVersion, Run: report.Run{Documents: []report.Document{{URI: "e.json"}}}}
	for i := range n {
		id := fmt.Sprintf("ORG-%04d", i)
		r.Results = append(r.Results, report.Result{
			ID: id, Policy: "org.p", Verdict: report.Fail, Severity: "high", Title: message, Message: message, Remediation: message,
			Fingerprint: fmt.Sprint(i), Subject: map[string]string{"kind": "pod", "namespace": fmt.Sprintf("ns-%d", i%3), "name": fmt.Sprint("p", i)},
		})
		r.Diagnosis = append(r.Diagnosis, report.Diagnosis{ID: id, Severity: "high", Title: message, Messages: []string{message, message, message}, Remediation: message})
	}
	r.Summary = report.Count(r.Results)
	return r
}

// TestOpenReportsAreSplit: what does not fit into one object goes into several, each
// with its own counts.
func TestOpenReportsAreSplit(t *testing.T) {
	r := many(600, strings.Repeat("m", 4000))
	for _, name := range []string{"openreports", "policyreport"} {
		agree(t, name, r)
		if n := strings.Count(string(render(t, name, r)), "\n  name: regpolicy"); n < 6 {
			t.Errorf("%s: %d objects for three namespaces and %d results", name, n, len(r.Results))
		}
	}
}

// TestFormatsTellOfAFullDisk: no format may lose the error of its writer.
func TestFormatsTellOfAFullDisk(t *testing.T) {
	r := rich(t)
	for _, name := range formatNames() {
		if err := formats[name].write(full{}, r); err == nil || !strings.Contains(err.Error(), "no space") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, fmt.Errorf("no space: %w", io.ErrShortWrite) }
