package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// output is one -o FORMAT[=PATH].
type output struct{ format, path string }

// formats are the renderings by name.
func formats(opt report.TextOptions) map[string]func(io.Writer, *report.Report) error {
	return map[string]func(io.Writer, *report.Report) error{
		"json": report.JSON,
		"text": func(w io.Writer, r *report.Report) error { return report.Text(w, r, opt) },
	}
}

func formatNames() []string {
	return slices.Sorted(maps.Keys(formats(report.TextOptions{})))
}

func parseOutputs(values []string) ([]output, error) {
	if len(values) == 0 {
		values = []string{"text"}
	}
	known := formats(report.TextOptions{})
	var outputs []output
	toStdout := ""
	for _, v := range values {
		format, path, _ := strings.Cut(v, "=")
		if _, ok := known[format]; !ok {
			return nil, usage("formats are "+strings.Join(formatNames(), ", "), "--output %q is no format", format)
		}
		if path == "" || path == "-" {
			if toStdout != "" {
				return nil, usage(fmt.Sprintf("give one a file: -o %s=FILE", format), "both %s and %s would go to standard output", toStdout, format)
			}
			toStdout, path = format, ""
		}
		if path != "" && slices.ContainsFunc(outputs, func(o output) bool { return filepath.Clean(o.path) == filepath.Clean(path) }) {
			return nil, usage("give each a file of its own", "--output: two formats would go to %q", path)
		}
		if err := checkWritable(path); err != nil {
			return nil, err
		}
		outputs = append(outputs, output{format: format, path: path})
	}
	return outputs, nil
}

// checkWritable refuses a path that could not be written, before minutes go into
// what would stand there.
func checkWritable(path string) error {
	if path == "" || path == "-" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return usage("name a file in it", "--output %q is a folder", path)
	}
	info, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return usage("make the folder first", "--output %q: looking at its folder: %w", path, pathless(err))
	}
	if !info.IsDir() {
		return usage("name a file in a folder", "--output %q: %q is no folder", path, filepath.Dir(path))
	}
	return nil
}

// write renders the report into each output. Files appear whole or not at all.
func write(e *environment, outputs []output, r *report.Report, opt report.TextOptions, s *speech) error {
	opt.Words = s.words()
	for _, o := range outputs {
		r, err := s.report(r, o.format)
		if err != nil {
			return err
		}
		var rendered bytes.Buffer
		own := opt
		if o.path != "" {
			own.Color, own.Width = false, 0
		}
		if err := formats(own)[o.format](&rendered, r); err != nil {
			return err
		}
		if err := deliver(e, o.path, rendered.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// deliver writes to standard output, or to a file that is replaced at once.
func deliver(e *environment, path string, data []byte) error {
	if path == "" || path == "-" {
		if _, err := e.stdout.Write(data); err != nil {
			return &exitError{code: exitUsage, err: fmt.Errorf("writing to standard output: %w", err)}
		}
		return nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if err := os.WriteFile(path, data, 0o600); err != nil { // /dev/stderr, a pipe
			return usage("", "writing %q: %w", path, pathless(err))
		}
		return nil
	}
	if err := writeAtomically(path, data); err != nil {
		return usage("name a file in a folder that you may write to", "writing %q: %w", path, pathless(err))
	}
	return nil
}

func writeAtomically(path string, data []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name()) //nolint:errcheck,gosec // the first error is the one to tell
		}
	}()
	if _, err = f.Write(data); err != nil {
		f.Close() //nolint:errcheck,gosec // the first error is the one to tell
		return err
	}
	if err = f.Chmod(0o644); err != nil { //nolint:gosec // reports are for others to read
		f.Close() //nolint:errcheck,gosec // the first error is the one to tell
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
