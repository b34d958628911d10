package evidence

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecodeFrom: what is read in parts, of whatever size, is what is read as a whole, and
// holds no secret; the text that is kept lacks what is left out, and nothing else.
func FuzzDecodeFrom(f *testing.F) {
	head := `{"schema_version":"` + SchemaVersion + `","collected_at":"2026-11-23T08:00:00Z"`
	for _, text := range []string{
		"", "null", `["schema_version","` + SchemaVersion + `"]`, head + "}", head + "}{}", head + "} ", head + `,"Pods":{}}`, `{"schema_version":"x"}`,
		head + `,"pods":{"a/b":{"node":"x"},"a/b":{"phase":"y"}},"pods":{"c/d":null}}`, head + `,"pods":{"` + "\xff" + `":{"node":"\ud800"}}}`,
		head + `,"pods":null,"nodes":{"n":{"read":true,"clock":null,"trust_files":{"/a":{"status":"ok","certificates":["x"]}}}}}`,
		head + `,` + "\n" + `"pods": {"a/b":{"node":"https://a,` + `\"b:c@d"}},` + "\n" + `"tool":{"name":"auth\":\"abcdef","version":"{url:'https://h',mail:'a@b'}"}}`,
		head + `,"pods":{"a/b":{"images":["https://a:b,","c@d"]}},"tool":{"name":"x","version":"\"auth\":[\"ok\",\"no\"]"}}`,
		head + `,"pods":{"auth":{"node":"x"}},"event_windows":{"auth":null,` + "\r\n\t" + `"a":{"count":1}}}`,
	} {
		f.Add([]byte(text), uint8(7))
	}
	f.Fuzz(func(t *testing.T, data []byte, size uint8) { sameParts(t, data, int(size)) })
}

func sameParts(t *testing.T, data []byte, size int) bool {
	t.Helper()
	left := map[string]bool{"pods": true, "event_windows": true}
	got, text, err := decodeParts(bytes.NewReader(data), left, size)
	if err != nil {
		return false
	}
	want, err := Decode(data)
	if err == nil {
		err = Scan(data)
	}
	if err != nil {
		t.Fatalf("it is read in parts, and as a whole: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	sum := sha256.Sum256(data)
	if text.Size != len(data) || text.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("%d bytes, SHA-256 %s", text.Size, text.SHA256)
	}
	all := plainSections(t, bytes.NewReader(data))
	for name := range left {
		if _, ok := all[name]; ok {
			all[name] = map[string]any{}
		}
	}
	if diff := cmp.Diff(all, plainSections(t, text.Reader())); diff != "" {
		t.Error(diff)
	}
	return true
}

func plainSections(t *testing.T, from io.Reader) map[string]any {
	t.Helper()
	var out map[string]any
	dec := json.NewDecoder(from)
	dec.UseNumber()
	if err := dec.Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDecodeFrom(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/*/document.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, error %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var dense bytes.Buffer
		if err := json.Compact(&dense, data); err != nil {
			t.Fatal(err)
		}
		for _, data := range [][]byte{data, dense.Bytes()} {
			for _, size := range []int{piece, 1 << 12} {
				if !sameParts(t, data, size) {
					t.Errorf("%s is not read in parts of %d", file, size)
				}
			}
		}
	}
}

// TestDecodeFromIsStrict: what is passed over is read as strictly as all else.
func TestDecodeFromIsStrict(t *testing.T) {
	const head = `{"schema_version": "` + SchemaVersion + `", "collected_at": "2026-11-23T08:00:00Z", "coverage": {}`
	left := map[string]bool{"pods": true}
	if _, _, err := DecodeFrom(strings.NewReader(head+`, "pods": {"a/b": {"node": "n", "images": [], "observed": true}}}`), left); err != nil {
		t.Error(err)
	}
	for name, pods := range map[string]string{
		"a pod twice":          `{"a/b": {}, "a/b": {}}`,
		"a field twice":        `{"a/b": {"node": "x", "node": "x"}}`,
		"another case":         `{"a/b": {"Node": "x"}}`,
		"an unknown field":     `{"a/b": {"extra": 1}}`,
		"another type":         `{"a/b": {"images": "x"}}`,
		"a list":               `[]`,
		"text that is no text": `{"a/b": {"node": "` + "\xff" + `"}}`,
		"a section twice":      `{}, "pods": {}`,
		"no JSON":              `{"a/b": {"node": x}}`,
		"a null":               `{"a/b": null}`,
		"a secret":             `{"a/b": {"node": "https://a:b@c/"}}`,
		"a long text":          `{"a/b": {"node": "` + strings.Repeat("a", 2*longest*piece) + `"}}`,
		"too little":           `{"a/b": {`,
		"too much":             `{}}{}`,
	} {
		text := head + `, "pods": ` + pods + `}`
		if d, kept, err := DecodeFrom(strings.NewReader(text), left); err == nil || d != nil || kept != nil {
			t.Errorf("%s is read: %.300s", name, text)
		}
	}
}

// TestDecodeFromKeepsNoPods: of a large document that is read in parts little is held at
// any time, and a pod is no more than its name where another is like it.
func TestDecodeFromKeepsNoPods(t *testing.T) {
	const pods = 20_000
	text, largest := podsText(t, pods), 0
	d, kept, err := DecodeFrom(readerFunc(func(into []byte) (int, error) {
		largest = max(largest, len(into))
		return text.Read(into)
	}), map[string]bool{"pods": true})
	if err != nil {
		t.Fatal(err)
	}
	distinct := map[*Pod]bool{}
	for _, p := range d.Pods {
		distinct[p] = true
	}
	if len(d.Pods) != pods || len(distinct) != 100 {
		t.Errorf("%d pods, %d of them distinct", len(d.Pods), len(distinct))
	}
	held := 0
	for _, p := range kept.pieces {
		held += cap(p)
	}
	if held > piece || largest > 64<<10 || kept.Size < 100*pods {
		t.Errorf("of %d bytes %d are held, and %d read at once", kept.Size, held, largest)
	}
	rest, err := io.ReadAll(kept.Take())
	if err != nil || !strings.Contains(string(rest), `"pods":{}`) || kept.pieces != nil {
		t.Errorf("%s, error %v", rest, err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(into []byte) (int, error) { return f(into) }
