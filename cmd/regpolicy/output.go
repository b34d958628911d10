package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report/html"
)

// output is one -o FORMAT[=PATH].
type output struct{ format, path string }

// rendering is what formats depend on besides the report.
type rendering struct {
	report.TextOptions
	// failOnWarn is the severity from which warnings fail, "" for none.
	failOnWarn string
	// summary is GitHub's job summary, nil outside of its workflows.
	summary io.Writer
}

// formats are the renderings by name.
func formats(opt rendering) map[string]func(io.Writer, *report.Report) error {
	return map[string]func(io.Writer, *report.Report) error{
		"github": func(w io.Writer, r *report.Report) error {
			return report.GitHub(w, r, report.GitHubOptions{Summary: opt.summary})
		},
		"gitlab": report.GitLab,
		"html":   html.Write,
		"json":   report.JSON,
		"junit": func(w io.Writer, r *report.Report) error {
			return report.JUnit(w, r, report.JUnitOptions{FailOnWarn: opt.failOnWarn})
		},
		"markdown":     report.Markdown,
		"openreports":  report.OpenReports,
		"oscal":        report.OSCAL,
		"policyreport": report.PolicyReport,
		"prometheus":   report.Prometheus,
		"sarif":        report.SARIF,
		"sarif-full":   report.SARIFFull,
		"tap":          report.TAP,
		"text":         func(w io.Writer, r *report.Report) error { return report.Text(w, r, opt.TextOptions) },
	}
}

// What is not made of a report that no output would show.
var (
	// takePacked are the formats for which Report.Expand need not be called first.
	takePacked = []string{"json", "text"}
	// takeWhole are the formats that quote the evidence and draw trust paths, or are named
	// by a sum over all of the report.
	takeWhole = []string{"html", "json", "oscal"}
	// takeDates are the formats that tell when a result changes next, or are so named.
	takeDates = []string{"html", "json", "oscal", "prometheus"}
)

func formatNames() []string { return slices.Sorted(maps.Keys(formats(rendering{}))) }

func parseOutputs(values []string) ([]output, error) {
	if len(values) == 0 {
		values = []string{"text"}
	}
	known := formats(rendering{})
	var outputs []output
	toStdout := ""
	for _, v := range values {
		format, path, named := strings.Cut(v, "=")
		if named && path == "" {
			return nil, usage(fmt.Sprintf("-o %s=FILE, or -o %s for standard output", format, format), "--output %q names no file", v)
		}
		if _, ok := known[format]; !ok {
			return nil, usage("formats are "+strings.Join(formatNames(), ", "), "--output %q is no format", format)
		}
		if outfile.IsStdout(path) {
			if toStdout != "" {
				return nil, usage(fmt.Sprintf("give one a file: -o %s=FILE", format), "both %s and %s would go to standard output", toStdout, format)
			}
			toStdout, path = format, ""
		}
		if err := checkWritable(path); err != nil {
			return nil, err
		}
		if path != "" && slices.ContainsFunc(outputs, func(o output) bool { return leadTogether(o.path, path) }) {
			return nil, usage("give each a file of its own", "--output: two formats would go to %q", path)
		}
		outputs = append(outputs, output{format: format, path: path})
	}
	return outputs, nil
}

// leadTogether tells two names of one file.
func leadTogether(a, b string) bool {
	x, err := outfile.Follow(a)
	if err != nil {
		return false
	}
	y, err := outfile.Follow(b)
	return err == nil && filepath.Clean(x) == filepath.Clean(y)
}

// checkWritable refuses a path that could not be written, before minutes go into
// what would stand there.
func checkWritable(path string) error {
	if outfile.IsStdout(path) {
		return nil
	}
	target, err := outfile.Follow(path)
	if err != nil {
		return usage("name a file, or a link to one", "--output %q: %w", path, err)
	}
	if info, err := os.Stat(target); err == nil && info.IsDir() {
		return usage("name a file in it", "--output %q is a folder", path)
	}
	info, err := os.Stat(filepath.Dir(target))
	if err != nil && target != path {
		return usage("make the folder of what it leads to first", "--output %q: looking at the folder of %q: %w", path, target, pathless(err))
	}
	if err != nil {
		return usage("make the folder first", "--output %q: looking at its folder: %w", path, pathless(err))
	}
	if !info.IsDir() {
		return usage("name a file in a folder", "--output %q: %q is no folder", path, filepath.Dir(target))
	}
	return nil
}

// write renders the report into each output. Files appear whole or not at all, and
// before anything is shown: whoever reads standard output may go away.
func write(e *environment, outputs []output, r *report.Report, opt rendering, s *speech) error {
	tellForecastGaps(e, r)
	return writeSaved(e, outputs, r, opt, s)
}

// writeSaved does so for a report of which all was told when it was made.
func writeSaved(e *environment, outputs []output, r *report.Report, opt rendering, s *speech) error {
	opt.Words = s.words()
	filesFirst := slices.SortedStableFunc(slices.Values(outputs), func(a, b output) int {
		return cmp.Compare(min(1, len(b.path)), min(1, len(a.path)))
	})
	for _, o := range filesFirst {
		r, err := s.report(r, o.format)
		if err != nil {
			return err
		}
		own := opt
		if o.path != "" {
			own.Color, own.Width = false, 0
		}
		if err := render(e, o.path, func(w io.Writer) error { return formats(own)[o.format](w, r) }); err != nil {
			return err
		}
	}
	return nil
}

// deliver writes to standard output, or to a file that is replaced at once.
func deliver(e *environment, path string, data []byte) error {
	return render(e, path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// render has a report of any size written to standard output, or to a file that is
// replaced at once.
func render(e *environment, path string, to func(io.Writer) error) error {
	if outfile.IsStdout(path) {
		return outfile.Stream(e.stdout, to, func(err error) error {
			return usage(outfile.Hint(err), "writing to standard output: %w", err)
		})
	}
	return outfile.Write(e.interrupted, path, to, func(err error) error {
		return usage(cmp.Or(outfile.Hint(err), "name a file in a folder that you may write to"), "writing %q: %w", path, pathless(err))
	})
}

// deliverJSON writes a value to standard output as JSON, two spaces a level. what is
// its name in an error.
func deliverJSON(e *environment, v any, what string) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	return deliver(e, "", out.Bytes())
}
