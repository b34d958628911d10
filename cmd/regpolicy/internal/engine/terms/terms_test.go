package terms

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// FuzzRead: what is read is what OPA makes of the text, errors included.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		``, `null`, `{`, `{}`, `[]`, `{} {}`, `{}x`, `[1,1.0,1e0,-0,0,123456789012345678901234567890,1e400]`, `[1e999999999999]`, `{"a":{"x":1},"a":{"y":[]}}`,
		`{"at":7,"b":[true,true,false,null],"c":{"b":[true,true,false,null]}}`, `["\ud800","\u0000","\ud83e\udd8a","` + "\xff\xed\xa0\x80\xe2\x82" + `"]`,
		`[[1,2],[1,2],{"a":1,"b":2},{"b":2,"a":1}]`, `"text"`, `{"` + "\xff" + `":1,"` + "\xfe" + `":2}`, ` [1 , 2 ] `, `[01]`, `["` + "\n" + `"]`, `[true false]`, `{"a" 1}`,
		`[` + strings.Repeat(`[1],`, 40) + `[1]]`, strings.Repeat(`[`, 20) + strings.Repeat(`]`, 20),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { same(t, text) })
}

func same(t *testing.T, text []byte) {
	t.Helper()
	with := map[string]string{"at": "2027-01-31T00:00:00Z"}
	got, err := NewTable().Read(text, with, nil)
	want, wantErr := plainly(text, with)
	if fmt.Sprint(err) != fmt.Sprint(wantErr) {
		t.Fatalf("error %q, want %q", err, wantErr)
	}
	if err != nil {
		return
	}
	// Numbers are compared as they are written: OPA takes long to compare 1e9999999.
	if got.Hash() != want.Hash() || got.String() != want.String() || got.IsGround() != want.IsGround() {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadDeep(t *testing.T) {
	for _, depth := range []int{9_998, 9_999, 10_000, 10_001, 100_000} {
		same(t, []byte(strings.Repeat(`[`, depth)+strings.Repeat(`]`, depth)))
		same(t, []byte(strings.Repeat(`{"a":`, depth)+`1`+strings.Repeat(`}`, depth)))
	}
}

func TestReadDocuments(t *testing.T) {
	files, err := filepath.Glob("../../../../../fixtures/*/document.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d documents, error %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		same(t, text)
	}
}

// TestReadShares: equal parts stand in memory once.
func TestReadShares(t *testing.T) {
	value, err := NewTable().Read([]byte(`{"a":{"images":["x","y"]},"b":{"images":["x","y"]},"c":"x"}`), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	top, ok := value.(ast.Object)
	if !ok {
		t.Fatalf("got %T", value)
	}
	if a, b := top.Get(ast.StringTerm("a")), top.Get(ast.StringTerm("b")); a != b {
		t.Error("equal objects stand there twice")
	}
}

// What is left out holds an empty object; below, and in keys of that name elsewhere, all stays.
func TestReadLeft(t *testing.T) {
	got, err := NewTable().Read([]byte(`{"a":{"b":[1]},"b":{"a":1},"c":2}`), nil, map[string]bool{"a": true, "c": true})
	if err != nil || got.String() != `{"a": {}, "b": {"a": 1}, "c": {}}` {
		t.Errorf("%v, error %v", got, err)
	}
}

// TestTable: what one text has, another has from it, and is what it would be without.
func TestTable(t *testing.T) {
	table := NewTable()
	var read []ast.Value
	for i, text := range []string{`{"kind":"pod","images":["x",1]}`, `{"kind":"node","images":["x",1]}`, `{"kind":"pod","images":["x",1],"at":"later"}`, `[`} {
		with := map[string]string{"at": fmt.Sprint(i)}
		got, err := table.Read([]byte(text), with, nil)
		want, wantErr := plainly([]byte(text), with)
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Fatalf("%s: error %q, want %q", text, err, wantErr)
		}
		if err == nil && got.Compare(want) != 0 {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		read = append(read, got)
	}
	images := ast.StringTerm("images")
	if read[0].(ast.Object).Get(images) != read[1].(ast.Object).Get(images) {
		t.Error("the list of images stands in memory twice")
	}
}
