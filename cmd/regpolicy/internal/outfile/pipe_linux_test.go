package outfile

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPipe waits for a reader that comes late and reads slowly.
func TestPipe(t *testing.T) {
	path, want := fifo(t), strings.Repeat("report\n", 100_000)
	got := make(chan string, 1)
	go func() {
		time.Sleep(150 * time.Millisecond)
		f, err := os.Open(path)
		if err != nil {
			got <- err.Error()
			return
		}
		defer f.Close()
		time.Sleep(150 * time.Millisecond)
		text, err := io.ReadAll(f)
		if err != nil {
			text = []byte(err.Error())
		}
		got <- string(text)
	}()
	err := Write(nil, path, func(w io.Writer) error {
		_, err := io.WriteString(w, want)
		return err
	}, as)
	if err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != want {
		t.Errorf("%d bytes were read, want %d: %.60q", len(text), len(want), text)
	}
}

// TestInterruptedPipe ends the wait for a reader, and still writes to one that is there.
func TestInterruptedPipe(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	path := fifo(t)
	text := func(w io.Writer) error {
		_, err := io.WriteString(w, "report")
		return err
	}
	if err := Write(ctx.Done(), path, text, as); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want it canceled", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := Write(ctx.Done(), path, text, as); err != nil {
		t.Error(err)
	}
	got := make([]byte, 10)
	if n, err := f.Read(got); err != nil || string(got[:n]) != "report" {
		t.Errorf("%q, %v", got[:n], err)
	}
}
