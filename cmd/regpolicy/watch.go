package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/source/namedfile"
)

const (
	minWatch = time.Second
	// pollWait is how often the source files' times are looked at.
	pollWait = time.Second
)

// checkWatch refuses what cannot be evaluated more than once.
func (v *evaluation) checkWatch() error {
	switch {
	case v.flags.watch == 0:
		return nil
	case v.flags.watch < minWatch:
		return usage("an interval of 1s or more, as in --watch=1m", "--watch %s is too short", v.flags.watch)
	case slices.Contains(v.args, "-"):
		return usage("save it to a file and name that", "--watch cannot read standard input more than once")
	}
	if i := slices.IndexFunc(v.args, namedfile.IsStream); i >= 0 {
		return usage("save it to a file and name that", "--watch cannot read %q more than once", v.args[i])
	}
	for _, o := range v.outputs {
		if o.path == "" && o.format != "text" {
			return usage(fmt.Sprintf("give it a file, which each round replaces: -o %s=FILE", o.format), "--watch writes text to standard output, not %s", o.format)
		}
	}
	if !slices.ContainsFunc(v.outputs, func(o output) bool { return o.path == "" }) {
		v.outputs = append(v.outputs, output{format: "text"})
	}
	return nil
}

// watch evaluates for a person who is repairing: the whole report first, then what
// changed, until nothing fails any more. Interrupted, it ends with the code of the last
// verdict.
func (v *evaluation) watch(ctx context.Context) error {
	files := watchedFiles{paths: v.args}
	for _, o := range v.outputs {
		files.written = append(files.written, filepath.Clean(o.path))
	}
	seen := files.state()
	last, err := v.judge(ctx)
	if err != nil {
		return err
	}
	if err := write(v.e, v.outputs, last, v.flags.verdict.text(v.e), v.speech); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errCutShort
	}
	for {
		verdict := v.flags.verdict.exit(last)
		if verdict == nil {
			return nil
		}
		if seen, err = v.wait(ctx, &files, seen); err != nil {
			return quietly(verdict)
		}
		next, err := v.judge(ctx)
		switch {
		case ctx.Err() != nil: // half a collection shows no change
			return quietly(verdict)
		case err != nil: // a file that is just being written, a cluster that is away
			v.e.warn(v.clock()+" "+err.Error(), "")
			continue
		}
		if err := v.tellChange(last, next); err != nil {
			return err
		}
		last = next
	}
}

// quietly is a verdict's code without the words that belong to a single run.
func quietly(err error) error {
	if exit, ok := errors.AsType[*exitError](err); ok {
		return &exitError{code: exit.code}
	}
	return err
}

// wait waits for the interval to pass, or for source files that changed and then stay
// as they are for a moment. Its error is the context's.
func (v *evaluation) wait(ctx context.Context, files *watchedFiles, seen filesState) (filesState, error) {
	changed := false
	for left := v.flags.watch; left > 0; left -= pollWait {
		step := left
		if len(files.paths) > 0 {
			step = min(left, pollWait)
		}
		select {
		case <-ctx.Done():
			return seen, ctx.Err()
		case <-v.e.after(step):
		}
		if len(files.paths) == 0 {
			break
		}
		now := files.state()
		if changed && now == seen {
			break
		}
		changed = changed || now != seen
		seen = now
	}
	return seen, nil
}

func (v *evaluation) clock() string { return v.e.now().Format(time.TimeOnly) }

// tellChange shows what became of the failures since the last round, and what is the
// first to repair now. Without a change a terminal sees that it was looked for.
func (v *evaluation) tellChange(last, next *report.Report) error {
	s := next.Summary
	if c := report.Compare(last, next); len(c.New)+len(c.Fixed)+len(c.NotComparable) == 0 && sameSummary(last.Summary, s) {
		if v.e.stderrIsTerminal {
			fmt.Fprintln(v.e.stderr, v.speech.words().Sayf("%s  no change: fail=%d inconclusive=%d", v.clock(), s.Fail, s.Inconclusive))
		}
		return v.rewrite(next)
	}
	before, err := v.speech.report(last, "text")
	if err != nil {
		return err
	}
	now, err := v.speech.report(next, "text")
	if err != nil {
		return err
	}
	look := v.flags.verdict.text(v.e).TextOptions
	look.Quiet, look.Words = true, v.speech.words()
	var out bytes.Buffer
	fmt.Fprintf(&out, "\n%s\n\n", look.Words.Sayf("=== %s  what changed ===", v.clock()))
	c := report.Compare(before, now)
	if err := report.ComparisonText(&out, &c, look); err != nil {
		return err
	}
	out.WriteString("\n")
	if err := report.Text(&out, now, look); err != nil {
		return err
	}
	if err := deliver(v.e, "", out.Bytes()); err != nil {
		return err
	}
	return v.rewrite(next)
}

// rewrite renders the files that -o names.
func (v *evaluation) rewrite(r *report.Report) error {
	files := slices.DeleteFunc(slices.Clone(v.outputs), func(o output) bool { return o.path == "" })
	return write(v.e, files, r, v.flags.verdict.text(v.e), v.speech)
}

func sameSummary(a, b report.Summary) bool {
	severities := maps.Equal(a.BySeverity, b.BySeverity)
	a.BySeverity, b.BySeverity = nil, nil
	return severities && fmt.Sprint(a) == fmt.Sprint(b)
}
