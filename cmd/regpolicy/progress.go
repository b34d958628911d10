package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells on stderr how far collecting is: a bar at a terminal, else one
// line per 10 %.
type progress struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	bar      *progressbar.ProgressBar
	stage    string
	told     map[string]int
}

func newProgress(e *environment) *progress {
	return &progress{out: e.stderr, terminal: e.stderrIsTerminal, told: map[string]int{}}
}

func (p *progress) update(stage string, done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		p.draw(stage, done, total)
		return
	}
	if total < 10 { // a handful needs no telling
		return
	}
	tenth := done * 10 / total
	if tenth > p.told[stage] {
		p.told[stage] = tenth
		fmt.Fprintf(p.out, "%s: %d of %d\n", stage, done, total)
	}
}

func (p *progress) draw(stage string, done, total int) {
	if p.bar == nil || p.stage != stage {
		p.finish()
		if total <= 0 {
			total = -1 // a spinner: nobody knows how many there are
		}
		p.stage = stage
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.out), progressbar.OptionSetDescription(stage),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(200*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	if total > 0 {
		p.bar.ChangeMax(total)
	}
	p.bar.Set(done) //nolint:errcheck,gosec // a bar that cannot be drawn changes nothing
}

func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Clear() //nolint:errcheck,gosec // as above
		p.bar = nil
	}
}

func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
}
