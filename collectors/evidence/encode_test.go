package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	var pieces bytes.Buffer
	if err := Write(&pieces, d); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pieces.Bytes(), got) {
		t.Errorf("in pieces\n%s\nas a whole\n%s", pieces.Bytes(), got)
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

// pieces counts what is written to it and keeps nothing.
type pieces struct{ count, largest int }

func (p *pieces) Write(data []byte) (int, error) {
	p.count++
	p.largest = max(p.largest, len(data))
	return len(data), nil
}

func TestWritingPassesOnSmallPieces(t *testing.T) {
	d := manyPods(20_000)
	var p pieces
	if err := Write(&p, d); err != nil {
		t.Fatal(err)
	}
	if p.count < 8 || p.largest > 2*piece {
		t.Errorf("%d pieces of at most %d bytes", p.count, p.largest)
	}
}

// BenchmarkWrite writes 20,000 pods, and looks through all for secrets.
func BenchmarkWrite(b *testing.B) {
	d := manyPods(20_000)
	text, err := Encode(d)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := Write(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func TestWritingFindsTheSecretThatEncodingFinds(t *testing.T) {
	for _, at := range []int{0, 9_999, 19_999} {
		d := manyPods(20_000)
		d.Pods[podName(at)] = &Pod{Node: "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl"}
		_, want := Encode(d)
		err := Write(&pieces{}, d)
		if want == nil || err == nil || err.Error() != want.Error() {
			t.Errorf("pod %d: in pieces %v, as a whole %v", at, err, want)
		}
	}
	d := manyPods(1)
	d.TrustStores["auth"] = TrustStore{}
	if _, err := Encode(d); err != nil || Write(&pieces{}, d) != nil {
		t.Errorf("a store of that name is taken for a secret: %v, %v", err, Write(&pieces{}, d))
	}
}

func TestWritingEndsWithItsWriter(t *testing.T) {
	full := errors.New("no space left on device")
	if err := Write(failing{full}, manyPods(20_000)); !errors.Is(err, full) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func podName(i int) string { return fmt.Sprintf("apps/web-%06d", i) }

func manyPods(n int) *Document {
	d := NewBuilder(Tool{}, time.Unix(1, 0)).Build("internal")
	for i := range n {
		d.Pods[podName(i)] = &Pod{Node: "wk-1", Images: []string{"harbor.corp.example/apps/web:1.0"}}
	}
	return d
}
