package namedfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// handed is the name of a file that the program was handed open.
func handed(f *os.File) string { return fmt.Sprintf("/dev/fd/%d", f.Fd()) }

func pipe(t *testing.T) (from, to *os.File) {
	t.Helper()
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { from.Close(); to.Close() })
	return from, to
}

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRefused(t *testing.T) {
	const noFile = "it is a pipe, a device or a socket, and no file"
	for path, want := range map[string]string{
		fifo(t): noFile, "/dev/zero": noFile, "/dev/full": noFile,
		t.TempDir(): "it is a folder", "nowhere": "no such file or directory", "/dev/fd/x": "no such file or directory", "/dev/fd/../../../dev/zero": noFile, "/dev/fd/999": "no such file or directory",
	} {
		if f, err := Open(t.Context(), path); err == nil || err.Error() != want {
			t.Errorf("%s: %v, error %v, want %s", path, f, err, want)
		}
		if IsStream(path) {
			t.Errorf("%s is a stream", path)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	from, to := pipe(t)
	if _, err := to.WriteString("text"); err != nil || to.Close() != nil {
		t.Fatal(err)
	}
	gone := fifo(t)
	both, err := os.OpenFile(gone, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.Open(gone)
	if err != nil || both.Close() != nil {
		t.Fatal(err)
	}
	defer left.Close()
	for name, c := range map[string]struct {
		path, want string
		stream     bool
	}{
		"a file":                            {path, "text", false},
		"a file that was handed open":       {handed(file), "text", false},
		"a pipe whose writer is gone":       {handed(from), "text", true},
		"a named pipe whose writer is gone": {handed(left), "", true},
		"nothing":                           {os.DevNull, "", false},
	} {
		if got := IsStream(c.path); got != c.stream {
			t.Errorf("%s: a stream: %t", name, got)
		}
		f, err := Open(t.Context(), c.path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text, err := io.ReadAll(f); err != nil || string(text) != c.want || f.Close() != nil {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
}

// TestSilentPipe ends a wait for who writes nothing, and leaves nothing behind.
func TestSilentPipe(t *testing.T) {
	from, _ := pipe(t)
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	f, err := Open(ctx, handed(from))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(f); len(text) > 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%q, %v", text, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
