package outfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestIsStdout knows standard output by each of its names, whatever it is.
func TestIsStdout(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dir := links(t, "out", "/dev/stdout", "again", "out", "proc", "/proc/self", "err", "/dev/stderr", "real", "nowhere")
	for path, want := range map[string]bool{
		"": true, "-": true, "/dev/stdout": true, "/dev/fd/1": true, "/proc/self/fd/1": true, "/proc/thread-self/fd/1": true,
		"/dev/../dev//stdout": true, fmt.Sprintf("/proc/%d/fd/1", os.Getpid()): true,
		filepath.Join(dir, "again"): true, filepath.Join(dir, "proc", "fd", "1"): true,
		"/dev/stderr": false, "/dev/fd/2": false, "/dev/null": false, "/proc/1/fd/1": false, "report.json": false,
		fmt.Sprintf("/dev/fd/%d", file.Fd()): false, filepath.Join(dir, "err"): false, filepath.Join(dir, "real"): false, "1": false, "stdout": false,
	} {
		if got := IsStdout(path); got != want {
			t.Errorf("%q: %t", path, got)
		}
	}
}

// TestWriteToWhatIsOpen writes to a file that the process has open, and replaces none.
func TestWriteToWhatIsOpen(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	link := filepath.Join(links(t, "l", fmt.Sprintf("/dev/fd/%d", file.Fd())), "l")
	if err := Write(nil, link, text("report"), as); err != nil {
		t.Fatal(err)
	}
	before, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(file.Name())
	if err != nil || !os.SameFile(before, after) || after.Size() != 6 {
		t.Errorf("%v, %v", after, err)
	}
}
