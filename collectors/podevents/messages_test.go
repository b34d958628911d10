package podevents

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The messages of testdata/messages were heard from real containerds that pulled
// from registries and through proxies with these faults: case, cause, stage,
// host and the message as the runtime's API returned it, quoted.
func TestMessagesOfRealContainerds(t *testing.T) {
	files, err := filepath.Glob("testdata/messages/*.tsv")
	if err != nil || len(files) < 3 {
		t.Fatalf("messages: %v %v", files, err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".tsv"), func(t *testing.T) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			lines := bufio.NewScanner(f)
			for lines.Scan() {
				checkMessage(t, strings.Split(lines.Text(), "\t"))
			}
			if err := lines.Err(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func checkMessage(t *testing.T, column []string) {
	t.Helper()
	if len(column) != 5 {
		t.Fatalf("%d columns in %q", len(column), column)
	}
	message, err := strconv.Unquote(column[4])
	if err != nil {
		t.Fatalf("%s: %v", column[0], err)
	}
	for _, m := range []string{message, `Failed to pull image "x": ` + message, `Back-off pulling image "x": ErrImagePull: ` + message} {
		got := Classify(m)
		if got.Cause != column[1] || got.Stage != column[2] || (got.Host != column[3] && m == message) {
			t.Errorf("%s: %s %s %q, want %s %s %q\n%s", column[0], got.Cause, got.Stage, got.Host, column[1], column[2], column[3], m)
		}
	}
}
