package merge

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Config is one merge.
type Config struct {
	Library *engine.Library
	// Options are as for one document; Jobs is how many documents are judged at once.
	Options engine.Options
	// Expected are the clusters that should have a document; nil where none are known.
	Expected []string
	// MaxAge is how old a document may be at Now; without it none is too old.
	MaxAge time.Duration
	Now    time.Time
	// Clock is what the machine's clock says: what was collected well after it is a gap.
	// Zero takes any.
	Clock time.Time
	// Warn is told of what changes no verdict.
	Warn func(text, hint string)
	// Progress is told how many documents of how many are done; it may be nil.
	Progress func(done, of int)
}

// Run judges the documents that arguments name into one report.
func Run(ctx context.Context, cfg Config, args []string) (*report.Report, error) {
	files, err := find(ctx, args)
	if err != nil {
		return nil, err
	}
	jobs := cmp.Or(cfg.Options.Jobs, runtime.GOMAXPROCS(0))
	if err := lookAt(ctx, files, jobs); err != nil {
		return nil, err
	}
	p := newPlan(files, cfg.Expected, ageLimit{cfg.Now, cfg.MaxAge, cfg.Clock})
	if len(p.chosen)+len(p.absent) == 0 && len(cfg.Expected) == 0 {
		return nil, &Error{fmt.Errorf("reading the documents: there is no evidence document in %q", args), "name documents that `regpolicy collect -o FILE` wrote, or a folder of *.json"}
	}
	cfg.Options.Many, cfg.Options.Jobs = true, 1
	m := &merging{cfg: cfg, plan: p, jobs: jobs, judging: cfg.Library.Begin(cfg.Options), judged: map[string]bool{}}
	defer m.judging.Close()
	if err := m.all(ctx); err != nil {
		return nil, err
	}
	return m.report(), nil
}

// lookAt reads the heads of all files.
func lookAt(ctx context.Context, files []file, jobs int) error {
	var workers errgroup.Group
	workers.SetLimit(jobs)
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		workers.Go(func() error {
			files[i].look()
			return nil
		})
	}
	_ = workers.Wait() // none returns an error
	return ctx.Err()
}

// merging is one run.
type merging struct {
	cfg     Config
	plan    *plan
	jobs    int
	judging *engine.Judging
	judged  map[string]bool // by cluster
}

// outcome is a document that was judged, or why it was not.
type outcome struct {
	judged *engine.Judged
	fault  *fault
	err    error
}

// all judges the chosen documents, a few at once, and adds them in their order: the
// report must not tell which was done first.
func (m *merging) all(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	queue := make(chan chan outcome, 2*m.jobs)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	workers.Go(func() {
		defer close(queue)
		var judges errgroup.Group
		defer judges.Wait() //nolint:errcheck // none returns one
		judges.SetLimit(m.jobs)
		for i := range m.plan.chosen {
			done := make(chan outcome, 1)
			select {
			case queue <- done:
			case <-ctx.Done():
				return
			}
			judges.Go(func() error {
				done <- m.one(ctx, &m.plan.chosen[i])
				return nil
			})
		}
	})
	n := 0
	for done := range queue {
		f := &m.plan.chosen[n]
		n++
		o := <-done
		switch {
		case o.err != nil:
			return o.err
		case o.fault != nil:
			m.plan.broken(*f, *o.fault)
		default:
			m.judged[f.name()] = true
			if err := m.judging.Add(o.judged); err != nil {
				return err
			}
		}
		if m.cfg.Progress != nil {
			m.cfg.Progress(n, len(m.plan.chosen))
		}
	}
	return ctx.Err()
}

// one reads and judges a document, and lets it go.
func (m *merging) one(ctx context.Context, f *file) outcome {
	if ctx.Err() != nil {
		return outcome{err: ctx.Err()}
	}
	in, why := read(f)
	if why != nil {
		return outcome{fault: why}
	}
	judged, err := m.judging.Judge(ctx, in)
	return outcome{judged: judged, err: err}
}

func read(f *file) (*engine.Input, *fault) {
	in, err := os.Open(f.path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer in.Close() //nolint:errcheck // read only
	var data bytes.Buffer
	if info, err := in.Stat(); err == nil {
		data.Grow(int(min(info.Size(), maxBytes)) + bytes.MinRead)
	}
	if _, err := io.Copy(&data, io.LimitReader(in, maxBytes+1)); err != nil {
		return nil, unreadable(err)
	}
	if data.Len() > maxBytes {
		return nil, tooLarge()
	}
	text := bytes.TrimPrefix(data.Bytes(), byteOrderMark)
	doc, err := evidence.Decode(text)
	if err != nil {
		return nil, undecodable(text, err)
	}
	// What regpolicy wrote holds no secret; what was changed since may, and a report
	// quotes its document.
	if err := evidence.Scan(text); err != nil {
		return nil, secretIn(err)
	}
	return &engine.Input{URI: f.path, Name: f.name(), Bytes: text, Document: doc}, nil
}

func undecodable(text []byte, err error) *fault {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		read := place{line: 1}
		_, _ = read.Write(text) // it never fails
		return read.truncated()
	}
	return &fault{"parse_error", evidence.Scrub(err.Error()), cureAnew}
}

func secretIn(err error) *fault {
	detail := err.Error()
	if secret, ok := errors.AsType[*evidence.SecretError](err); ok {
		detail = secret.Found()
	}
	return &fault{"parse_error", detail, "take it out, or write the document anew with `regpolicy collect`"}
}

// report completes the report with what is absent.
func (m *merging) report() *report.Report {
	p := m.plan
	present, missing := p.settle(m.judged)
	for _, name := range present {
		m.judging.Present(name)
	}
	for _, a := range p.absent {
		m.judging.Absent(a)
	}
	m.tell()
	rep := m.judging.Report()
	rep.Fleet.Expected = len(p.expected)
	rep.Fleet.Missing = append(rep.Fleet.Missing, missing...)
	rep.Fleet.Unexpected = append(rep.Fleet.Unexpected, p.unexpected...)
	rep.Fleet.Unused = append(rep.Fleet.Unused, p.unused...)
	slices.SortStableFunc(rep.Fleet.Unused, func(a, b report.UnusedDocument) int { return cmp.Compare(a.URI, b.URI) })
	return rep
}

// tell names what was left out, some of each kind; the report has all.
func (m *merging) tell() {
	const most = 10
	some := func(n int, one func(int) (string, string)) {
		for i := range min(n, most) {
			m.cfg.Warn(one(i))
		}
		if n > most {
			m.cfg.Warn(fmt.Sprintf("and %d more like these: the report's fleet section has all", n-most), "")
		}
	}
	p := m.plan
	some(len(p.unused), func(i int) (string, string) {
		return fmt.Sprintf("reading %q: %s", p.unused[i].URI, p.unused[i].Detail), p.unused[i].Hint
	})
	some(len(p.old), func(i int) (string, string) {
		return p.old[i], "collect that cluster again; --max-age 24h makes a gap of it"
	})
	some(len(p.others), func(i int) (string, string) {
		return fmt.Sprintf("reading %q: it is a report, and passed over", p.others[i]), ""
	})
	some(len(p.unexpected), func(i int) (string, string) {
		return fmt.Sprintf("cluster %q has a document and is not on the list", p.unexpected[i]), "add it to the list, or remove its document"
	})
}
