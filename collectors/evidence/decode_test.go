package evidence

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDecodeInPlace: what is read without a copy is what encoding/json reads, and what
// it refuses is refused; so are names in another case and names that are there twice.
func FuzzDecodeInPlace(f *testing.F) {
	head := `{"schema_version":"` + SchemaVersion + `"`
	for _, text := range []string{
		"", "null", "[]", head + "}", head + "}{}", head + "} ", head + `,"collected_at":"2026-11-23T08:00:00Z"}`, head + `,"Pods":{"a/b":{"NODE":"x"}}}`,
		head + `,"pods":{"a/b":{"node":"x"},"a/b":{"phase":"y"}},"pods":{"c/d":null}}`, head + `,"pods":{"` + "\xff" + `":{"node":"\ud800"}}}`,
		head + `,"pods":null,"nodes":{"n":{"read":true,"clock":null,"trust_files":{"/a":{"status":"ok","certificates":["x"]}}}}}`,
		head + `,"coverage":{"pods":{"asked":1.0}}}`, head + `,"coverage":{"pods":{"asked":1e2,"gaps":[{"subject":{"kind":"a","kind":"b"}}]}}}`,
		head + `,"x":1}`, head + `,"collected_at":null,"at":null,"tool":[]}`, head + `,"domains":{"a":{"entries":[null]}}}`, `{"schema_version":"x"}`, `{"SCHEMA_VERSION":"` + SchemaVersion + `"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) { sameDecoded(t, data) })
}

func TestDecodeInPlace(t *testing.T) {
	files, err := filepath.Glob("../../fixtures/*/document.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, error %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		sameDecoded(t, data)
	}
	sameDecoded(t, []byte(strings.Repeat(`{"nodes":`, 20_000)))
}

// stricter is what encoding/json would read.
var stricter = regexp.MustCompile(`is there twice$|, which no evidence document has$|invalid (UTF-8|surrogate pair)`)

func sameDecoded(t *testing.T, data []byte) {
	t.Helper()
	got, err := decode(data)
	var want Document
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	wantErr := dec.Decode(&want)
	if _, more := dec.Token(); wantErr == nil && !errors.Is(more, io.EOF) {
		wantErr = errors.New("there is more")
	}
	switch {
	case err == nil && wantErr != nil:
		t.Fatalf("it is read, encoding/json's error %v", wantErr)
	case err == nil:
		fillEmpty(&want)
		fillEmpty(got)
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Error(diff)
		}
	case wantErr == nil && !stricter.MatchString(err.Error()) && want.SchemaVersion == SchemaVersion:
		t.Errorf("it is refused, and not by encoding/json: %v", err)
	}
}
