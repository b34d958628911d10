package nodecerts

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// WriteStream writes a listing as the script does, so that ParseStream reads the
// same from it. It lets a program answer for a node that has only files: a demo,
// a test.
func WriteStream(w io.Writer, l *Listing) error {
	out := streamWriter{mark: "=1." + strconv.FormatInt(max(l.Began.Unix(), 0), 10) + "="}
	fmt.Fprintf(&out.buffer, "%s%s\n", streamHead, out.mark)
	out.head("clock %s", seconds(l.Began))
	if l.Kernel != "" {
		out.head("kernel")
		out.body(l.Kernel)
	}
	if l.Proc != nil {
		out.proc(l.Proc)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Files)) {
		out.file(name, l.Files[name])
	}
	if l.Cut {
		out.head("cut")
	}
	if l.Bundle != "" {
		out.head("bundle %d", len(l.BundleData))
		out.body(l.Bundle)
		out.body(string(l.BundleData))
	}
	if !l.Truncated {
		out.head("end %s", seconds(l.Ended))
		out.body("")
	}
	if _, err := w.Write(out.buffer.Bytes()); err != nil {
		return fmt.Errorf("writing a listing: %w", err)
	}
	return nil
}

type streamWriter struct {
	buffer bytes.Buffer
	mark   string
}

func (w *streamWriter) head(format string, args ...any) {
	fmt.Fprintf(&w.buffer, "\n%s "+format, append([]any{w.mark}, args...)...)
}

func (w *streamWriter) body(text string) { w.buffer.WriteString("\n" + text) }

func (w *streamWriter) proc(p *Proc) {
	w.head("proc")
	w.body("btime " + seconds(p.Boot) + "\n")
	for _, c := range p.Processes {
		ticks := max(c.Started.Sub(p.Boot), 0) / (time.Second / userHZ)
		fmt.Fprintf(&w.buffer, "%d (%s) S %d%s %d 0\n", c.PID, c.Name, c.Parent, strings.Repeat(" 0", 17), ticks)
	}
}

func (w *streamWriter) file(name string, f *File) {
	head := string(f.Status)
	if f.Mode != "" || f.Size > 0 || !f.ModTime.IsZero() {
		head += fmt.Sprintf(" %s %d %d %d", orElse(f.Mode, noMode), f.Owner, f.Group, f.Size)
		if !f.ModTime.IsZero() {
			head += f.ModTime.UTC().Format(" 2006-01-02 15:04:05 -0700")
		}
	}
	w.head("file %s", head)
	w.body(name)
	if f.Link != "" {
		w.head("link")
		w.body(f.Link)
	}
	if f.Real != "" {
		w.head("real")
		w.body(f.Real)
	}
	if len(f.Members) > 0 {
		w.head("in")
		for _, place := range f.Members {
			fmt.Fprintf(&w.buffer, " %d", place)
		}
	}
	if f.Content != nil {
		kind := "data"
		if f.Partial {
			kind = "part"
		}
		w.head("%s %d", kind, len(f.Content))
		w.body(string(f.Content))
	}
	if f.Cut {
		w.head("cut")
	}
}

func seconds(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.Unix(), 10)
}
