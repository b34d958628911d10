package outfile

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

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
