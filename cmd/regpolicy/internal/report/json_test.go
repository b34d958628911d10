package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
)

// TestJSONIsPlain: the report is the one that encoding/json writes, but that U+FFFD is no
// escape.
func TestJSONIsPlain(t *testing.T) {
	tricky := "\n  \"results\": []<&>\u2028\xff\x00"
	empty, none := quoting("", ""), quoting("text", "name")
	empty.Results, none.Results = []report.Result{}, nil
	for name, r := range map[string]*report.Report{
		"tricky": quoting(tricky, tricky), "plain": quoting("text", "name"), "empty": empty, "none": none, "zero": {},
	} {
		var got, want bytes.Buffer
		if err := report.JSON(&got, r); err != nil {
			t.Fatal(err)
		}
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.ReplaceAll(want.String(), `\ufffd`, "\ufffd"), got.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestJSONFullDisk: an error of the writer is told, wherever it comes.
func TestJSONFullDisk(t *testing.T) {
	r := quoting("text", "name")
	var whole bytes.Buffer
	if err := report.JSON(&whole, r); err != nil {
		t.Fatal(err)
	}
	for room := 0; room < whole.Len(); room += 64 {
		if err := report.JSON(&small{room: room}, r); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d bytes: error %v", room, err)
		}
	}
}

var errFull = errors.New("no space left")

// small is a file on a disk with little room.
type small struct{ room int }

func (f *small) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}
