package source_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source"
)

// largeText is a document of more than 4 MiB.
func largeText(t *testing.T) []byte {
	t.Helper()
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC))
	b.Record(func(d *evidence.Document) {
		for i := range 40_000 {
			d.Pods[fmt.Sprintf("shop/web-%05d", i)] = &evidence.Pod{Node: "wk-1", Phase: "Running", Images: []string{"harbor.corp.example/shop/web:1.0"}, Observed: true}
		}
		d.Nodes["wk-1"] = evidence.Node{OS: "a"}
	})
	text, err := evidence.Encode(b.Build("internal"))
	if err != nil {
		t.Fatal(err)
	}
	if len(text) < 4<<20 {
		t.Fatalf("%d bytes are not large", len(text))
	}
	return text
}

func openToJudge(t *testing.T, text []byte, limits source.Limits) (*source.Input, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := source.OpenToJudge(t.Context(), []string{path}, strings.NewReader(""), limits, map[string]bool{"pods": true})
	if err == nil {
		t.Cleanup(func() { in.Close() }) //nolint:errcheck // read only
	}
	return in, err
}

// TestLargeDocumentIsReadInParts: what nobody reads is not kept as text.
func TestLargeDocumentIsReadInParts(t *testing.T) {
	text := largeText(t)
	in, err := openToJudge(t, text, source.DefaultLimits())
	if err != nil || len(in.Documents) != 1 {
		t.Fatal(in, err)
	}
	d := in.Documents[0]
	if d.Bytes != nil || d.Read == nil || len(d.Read.Pods) != 40_000 || d.Text.Size != len(text) || d.SHA256 != d.Text.SHA256 {
		t.Errorf("%d bytes, %+v", len(d.Bytes), d.Text)
	}
	if kept := d.Text.Kept(); kept > 4096 || !d.Text.Left["pods"] {
		t.Errorf("%d bytes are kept, without %v", kept, d.Text.Left)
	}
	limits := source.DefaultLimits()
	limits.TotalBytes = int64(len(text))
	if _, err := openToJudge(t, text, limits); err != nil {
		t.Error(err)
	}
	limits.TotalBytes--
	if _, err := openToJudge(t, text, limits); err == nil || !strings.Contains(err.Error(), "the files together are") {
		t.Errorf("a limit is passed, error %v", err)
	}
}

// TestBrokenLargeDocumentIsReadWhole: of it can be told what is wrong, and where, though
// nobody reads what is broken.
func TestBrokenLargeDocumentIsReadWhole(t *testing.T) {
	text := largeText(t)
	for name, change := range map[string][2]string{
		"another case": {`"shop/web-39999": {` + "\n   \"node\"", `"shop/web-39999": {` + "\n   \"Node\""},
		"a pod twice":  {`"shop/web-39999"`, `"shop/web-39998"`},
		"a secret":     {`"harbor.corp.example/shop/web:1.0"`, `"https://a:b@harbor.corp.example/shop/web:1.0"`},
		"a mark":       {"{\n", "\xef\xbb\xbf{\n"},
	} {
		broken := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		in, err := openToJudge(t, broken, source.DefaultLimits())
		if err != nil || len(in.Documents) != 1 || bytes.Equal(broken, text) {
			t.Fatal(name, in, err)
		}
		if d := in.Documents[0]; d.Read != nil || d.Text != nil || !bytes.Equal(d.Bytes, bytes.TrimPrefix(broken, []byte("\xef\xbb\xbf"))) {
			t.Errorf("%s: %d bytes of %d, text %+v", name, len(d.Bytes), len(broken), d.Text)
		}
	}
}
