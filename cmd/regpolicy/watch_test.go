package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// timers is a clock's hand that a test moves: every timer ends at once, and what is
// waited for is written down.
type timers struct {
	waits []time.Duration
	each  func(n int)
}

func (c *timers) after(d time.Duration) <-chan time.Time {
	c.waits = append(c.waits, d)
	if c.each != nil {
		c.each(len(c.waits))
	}
	done := make(chan time.Time, 1)
	done <- time.Time{}
	return done
}

func watching(c *timers, interval time.Duration) *evaluation {
	return &evaluation{e: &environment{after: c.after}, flags: &evalFlags{watch: interval}}
}

// TestWaitForACluster is one timer: nothing is looked at in between.
func TestWaitForACluster(t *testing.T) {
	var c timers
	if _, err := watching(&c, 30*time.Second).wait(t.Context(), &watchedFiles{}, filesState{}); err != nil {
		t.Fatal(err)
	}
	if len(c.waits) != 1 || c.waits[0] != 30*time.Second {
		t.Errorf("waited %v", c.waits)
	}
}

// TestWaitForFiles ends one look after the last change, and looks once a second.
func TestWaitForFiles(t *testing.T) {
	folder := t.TempDir()
	files := watchedFiles{paths: []string{folder}, written: []string{filepath.Join(folder, "report.json")}}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := timers{each: func(n int) {
		switch n {
		case 2: // its own report is no change
			write("report.json", "{}")
		case 4:
			write("pod.yaml", "half")
		case 5:
			write("pod.yaml", "the whole of it")
		}
	}}
	before := files.state()
	after, err := watching(&c, time.Minute).wait(t.Context(), &files, before)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.waits) != 6 {
		t.Errorf("looked %d times, want 6: %v", len(c.waits), c.waits)
	}
	if after == before || after != files.state() {
		t.Error("the state is not that of now")
	}
}

func TestWaitEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	v := watching(&timers{}, time.Minute)
	v.e.after = func(time.Duration) <-chan time.Time { return nil }
	if _, err := v.wait(ctx, &watchedFiles{}, filesState{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestLinkedFolderIsWatched notices what changes behind the link that is named.
func TestLinkedFolderIsWatched(t *testing.T) {
	folder, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	files := watchedFiles{paths: []string{link}}
	before := files.state()
	if err := os.WriteFile(filepath.Join(folder, "pod.yaml"), []byte("a pod"), 0o600); err != nil {
		t.Fatal(err)
	}
	if files.state() == before {
		t.Error("a file that came is not noticed")
	}
}
