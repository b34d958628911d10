package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// plainly is what encoding/json makes of a document.
func plainly(t *testing.T, d *Document) []byte {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func checkPlain(t *testing.T, d *Document) {
	t.Helper()
	got, err := Encode(d)
	if err != nil {
		t.Fatal(err)
	}
	if want := plainly(t, d); !bytes.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEncodingRecordByRecordGivesTheSameBytes(t *testing.T) {
	paths, err := filepath.Glob("../../fixtures/*/document.json")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		checkPlain(t, d)
	}
	checkPlain(t, &Document{}) // its maps are null
	d := NewBuilder(Tool{}, time.Unix(1, 0)).Build("internal")
	checkPlain(t, d)
	for i := range 3 * measured {
		d.Pods[fmt.Sprintf("ns/<&>\"\xff\u2028é%d", i)] = &Pod{Images: []string{"<a>&\xfe"}, Node: "wk"}
	}
	checkPlain(t, d)
}
