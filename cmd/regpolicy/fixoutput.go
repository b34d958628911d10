package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/outfile"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/repair"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// single is the value of a flag of which a second one would silently win.
type single struct {
	value string
	given bool
}

func (o *single) String() string { return o.value }

func (o *single) Type() string { return "string" }

func (o *single) Set(value string) error {
	if o.given {
		return fmt.Errorf("%q is given already, and one run writes one form: run it once for each", o.value)
	}
	o.value, o.given = value, true
	return nil
}

// sink is where the repairs go.
type sink struct {
	form string // "diff", "patch", "folder" or "in-place"
	dir  string
	args []string
}

func newSink(f *fixFlags, args []string) (*sink, error) {
	output := f.output.value
	s := &sink{form: output, args: args}
	form, dir, given := strings.Cut(output, "=")
	switch {
	case f.inPlace && output != "diff":
		return nil, usage("give one of the two", "--in-place and --output exclude each other")
	case f.inPlace:
		s.form = "in-place"
	case output == "diff" || output == "patch":
	case given && form == "manifests" && dir != "":
		s.form, s.dir = "folder", dir
	case isFolder(output) || strings.ContainsRune(output, '/'):
		s.form, s.dir = "folder", output
	default:
		return nil, usage("diff, patch, or a folder: one that exists, or DIR/", "--output %q is neither a form nor a folder", output)
	}
	return s, nil
}

func (s *sink) write(e *environment, out *repair.Outcome) error {
	changed := out.Manifests.Changed()
	switch s.form {
	case "in-place":
		for _, path := range changed {
			_, after := out.Manifests.Texts(path)
			if err := replaceFile(path, after); err != nil {
				return usage("", "writing %q: %w", path, pathless(err))
			}
			fmt.Fprintln(e.stderr, oneLine("written: "+path))
		}
		return nil
	case "folder":
		for _, path := range changed {
			if err := s.writeCopy(e, out.Manifests, path); err != nil {
				return err
			}
		}
		return s.writeChains(e, out.State)
	case "patch":
		return s.writePatch(e, out)
	default:
		return s.writeDiff(e, out.Manifests, changed)
	}
}

const wholeFiles = "write the whole files with -o DIR/"

func (s *sink) writeDiff(e *environment, m *repair.Manifests, changed []string) error {
	var text bytes.Buffer
	for _, path := range changed {
		label, err := diffLabel(path)
		var diff string
		if err == nil {
			diff, err = m.Diff(path, label)
		}
		if err != nil {
			return usage(wholeFiles, "%q: no diff is printed: %w", path, err)
		}
		text.WriteString(diff)
	}
	return deliver(e, "", text.Bytes())
}

// diffLabel is a path as patch -p1 finds it from where fix was run.
func diffLabel(path string) (string, error) {
	if path == "-" {
		return "stdin.yaml", nil
	}
	label := strings.TrimPrefix(filepath.ToSlash(filepath.Clean(path)), "/")
	if label != report.Visible(label) {
		return "", errors.New("its name does not fit into a diff")
	}
	if strings.Contains(label, " ") {
		label += "\t" // where a name ends for patch
	}
	return label, nil
}

func (s *sink) writePatch(e *environment, out *repair.Outcome) error {
	var text bytes.Buffer
	for _, r := range out.Proven {
		fmt.Fprintln(&text, oneLine(fmt.Sprintf("# %s  %s: %s", strings.Join(r.Policies, ", "), r.Of, r.Does)))
	}
	var first, last, later []string
	for _, path := range out.Manifests.Changed() {
		p, err := out.Manifests.Patch(path)
		if err != nil {
			return usage(wholeFiles, "%q: no command is printed: %w", path, err)
		}
		first, last, later = append(first, p.Secrets...), append(last, p.Others...), append(later, p.Afterwards...)
	}
	for _, command := range append(first, last...) {
		fmt.Fprintln(&text, command)
	}
	if len(later) > 0 {
		fmt.Fprintln(&text, "# when the nodes have rolled, take out what nothing names any more:")
	}
	for _, command := range later {
		fmt.Fprintln(&text, "# "+command)
	}
	return deliver(e, "", text.Bytes())
}

// writeCopy writes a repaired file below the folder, at the place that it has below
// its source.
func (s *sink) writeCopy(e *environment, m *repair.Manifests, path string) error {
	target := filepath.Join(s.dir, s.below(path))
	if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
		return usage("name a folder that you may write to", "making %q: %w", filepath.Dir(target), pathless(err))
	}
	if path != "-" && sameFile(path, target) {
		return usage("name another folder, or give --in-place", "writing %q: %w", target, errSameFile)
	}
	_, after := m.Texts(path)
	if err := replaceFile(target, after); err != nil {
		return usage("name a folder that you may write to", "writing %q: %w", target, pathless(err))
	}
	fmt.Fprintln(e.stderr, oneLine("written: "+target))
	return nil
}

// writeChains writes the chains that registries are to send, each as one file.
func (s *sink) writeChains(e *environment, state repair.State) error {
	for _, chain := range state.ChainFiles() {
		name := fmt.Sprintf("%s_%d.pem", chain.Endpoint.Host, chain.Endpoint.Port)
		if !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) || name != report.Visible(name) {
			return usage("", "writing the chain of %q: that is no name of a file", chain.Endpoint.Host)
		}
		target := filepath.Join(s.dir, "registries", name)
		if err := os.MkdirAll(filepath.Dir(target), 0o750); err != nil {
			return usage("name a folder that you may write to", "making %q: %w", filepath.Dir(target), pathless(err))
		}
		if err := replaceFile(target, chain.PEM); err != nil {
			return usage("name a folder that you may write to", "writing %q: %w", target, pathless(err))
		}
		fmt.Fprintln(e.stderr, oneLine("written: "+target))
	}
	return nil
}

// below is a file's path within the folder that an argument names.
func (s *sink) below(path string) string {
	if path == "-" {
		return "stdin.yaml"
	}
	for _, arg := range s.args {
		rel, err := filepath.Rel(arg, path)
		if err == nil && rel != "." && filepath.IsLocal(rel) {
			return rel
		}
	}
	return filepath.Base(path)
}

var errSameFile = errors.New("that is the file that was read")

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// replaceFile writes a file whole or not at all. It may hold secrets: one that is
// new is its owner's alone, one that is there keeps its mode.
func replaceFile(path string, data []byte) error {
	mode := fs.FileMode(0o600)
	path, err := outfile.Follow(path)
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return outfile.Replace(path, data, mode)
}
