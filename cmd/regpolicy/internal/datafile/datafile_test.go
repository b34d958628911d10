package datafile

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/flood"
)

func TestRead(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string // those named first come first
		paths []string
		want  string // JSON, or a part of the error
	}{
		"a file's top level":               {files: map[string]string{"a.yaml": "x: {z: [1, text]}\n"}, paths: []string{"a.yaml"}, want: `{"x":{"z":[1,"text"]}}`},
		"a day stays text":                 {files: map[string]string{"a.yml": "until: 2027-01-31\n"}, paths: []string{"a.yml"}, want: `{"until":"2027-01-31"}`},
		"numbers keep their digits":        {files: map[string]string{"a.json": `{"n": 12345678901234567890, "f": 0.10}`}, paths: []string{"a.json"}, want: `{"f":0.10,"n":12345678901234567890}`},
		"letters that JSON escapes":        {files: map[string]string{"a.json": `{"n": "\ud83d\ude00\/"}`}, paths: []string{"a.json"}, want: `{"n":"😀/"}`},
		"files that complement each other": {files: map[string]string{"a.yaml": "x: {a: 1}\n", "b.json": `{"x": {"b": 2}, "y": 3}`}, paths: []string{"a.yaml", "b.json"}, want: `{"x":{"a":1,"b":2},"y":3}`},
		"a folder, and one within it": {
			files: map[string]string{"d/a.yaml": "x: 1\n", "d/more/deep/b.json": `{"y": 2}`, "d/note.txt": "no data", "d/p.rego": "package a", "d/.git/c.yaml": "z: 1\n"},
			paths: []string{"d"}, want: `{"more":{"deep":{"y":2}},"x":1}`,
		},
		"a key in two files":         {files: map[string]string{"a.yaml": "x: {a: 1}\n", "b.yaml": "x: {a: 1}\n"}, paths: []string{"a.yaml", "b.yaml"}, want: `reading data "b.yaml": data.x.a stands in "a.yaml", too`},
		"a mapping over a value":     {files: map[string]string{"a.yaml": "x: 1\n", "b.yaml": "x: {a: 1}\n"}, paths: []string{"a.yaml", "b.yaml"}, want: `data.x stands in "a.yaml", too`},
		"a key below one of another": {files: map[string]string{"a.yaml": "x: {a: {b: 1}}\n", "b.yaml": "x: {a: {c: 1}}\n", "c.yaml": "x: {a: {c: 2}}\n"}, paths: []string{"a.yaml", "b.yaml", "c.yaml"}, want: `reading data "c.yaml": data.x.a.c stands in "b.yaml", too`},
		"a file that is given twice": {files: map[string]string{"a.yaml": "x: 1\n"}, paths: []string{"a.yaml", "a.yaml"}, want: `data.x stands in "a.yaml", too`},
		"a key twice in YAML":        {files: map[string]string{"a.yaml": "x: 1\nx: 2\n"}, paths: []string{"a.yaml"}, want: `reading data "a.yaml": line 2: key "x" stands twice`},
		"a key twice in JSON":        {files: map[string]string{"a.json": `{"x": {"y": [{"z": 1, "z": 2}]}}`}, paths: []string{"a.json"}, want: `reading data "a.json": key "z" stands twice`},
		"two documents in YAML":      {files: map[string]string{"a.yaml": "x: 1\n---\ny: 1\n"}, paths: []string{"a.yaml"}, want: "it holds more than one document"},
		"two documents in JSON":      {files: map[string]string{"a.json": "{}{}"}, paths: []string{"a.json"}, want: "it holds more than one document"},
		"a list":                     {files: map[string]string{"a.yaml": "- x\n"}, paths: []string{"a.yaml"}, want: "its top level is no mapping"},
		"nothing":                    {files: map[string]string{"a.yaml": "# later\n"}, paths: []string{"a.yaml"}, want: "its top level is no mapping"},
		"no YAML":                    {files: map[string]string{"a.yaml": "x: [1\n"}, paths: []string{"a.yaml"}, want: `reading data "a.yaml": `},
		"no JSON":                    {files: map[string]string{"a.json": "{\"x\": 1,\n}"}, paths: []string{"a.json"}, want: `reading data "a.json": `},
		"what is no number in JSON":  {files: map[string]string{"a.yaml": "x: .nan\n"}, paths: []string{"a.yaml"}, want: `reading data "a.yaml": `},
		"an alias bomb":              {files: map[string]string{"a.yaml": aliasBomb()}, paths: []string{"a.yaml"}, want: "excessive aliasing"},
		"YAML nested too deep":       {files: map[string]string{"a.yaml": "x: " + strings.Repeat("[", 100_000)}, paths: []string{"a.yaml"}, want: `reading data "a.yaml": `},
		"JSON nested too deep":       {files: map[string]string{"a.json": `{"x":` + strings.Repeat("[", 500_000)}, paths: []string{"a.json"}, want: `reading data "a.json": `},
		"a name of parameters":       {files: map[string]string{"a.yaml": "params: {}\n"}, paths: []string{"a.yaml"}, want: `reading data "a.yaml": data.params is taken`},
		"a name of the library":      {files: map[string]string{"d/regpolicy/a.yaml": "lib: {}\n"}, paths: []string{"d"}, want: `reading data "d/regpolicy/a.yaml": data.regpolicy is taken`},
		"a file of another kind":     {files: map[string]string{"a.txt": "x"}, paths: []string{"a.txt"}, want: `reading data "a.txt": it holds no .json, .yaml or .yml file`},
		"a folder without data":      {files: map[string]string{"d/a.txt": "x"}, paths: []string{"d"}, want: `reading data "d": it holds no`},
		"a file that does not exist": {paths: []string{"a.yaml"}, want: `reading data "a.yaml": no such file or directory`},
		"a file that is too long":    {files: map[string]string{"a.yaml": strings.Repeat("#", 2<<20)}, paths: []string{"a.yaml"}, want: `reading "a.yaml": it has more than 1 MiB`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for file, text := range tc.files {
				if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			data, err := Read(t.Context(), tc.paths)
			if !strings.HasPrefix(tc.want, "{") {
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want one line that holds %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDataThatIsTooMuchTogether(t *testing.T) {
	dir := t.TempDir()
	for i := range 17 {
		name := filepath.Join(dir, fmt.Sprintf("%02d.yaml", i))
		if err := os.WriteFile(name, fmt.Appendf(nil, "k%d: %s\n", i, strings.Repeat("x", 1<<20-10)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Read(t.Context(), []string{dir}); err == nil || !strings.Contains(err.Error(), "more than 16 MiB") {
		t.Errorf("error %v, want one that names the limit", err)
	}
}

// FuzzData: whatever a data file holds is one mapping that can be written as JSON, or
// one line of error.
func FuzzData(f *testing.F) {
	for _, text := range []string{"x: {y: [1, 2027-01-31, ~]}\n", `{"a": {"b": "\ud83d", "c": 1e999}}`, "a: &a [*a]\n", "? {x: 1}\n: 2\n", "%YAML 1.1\n---\n<<: {a: 1}\n"} {
		f.Add(text, true)
		f.Add(text, false)
	}
	f.Fuzz(func(t *testing.T, text string, isJSON bool) {
		form := ".yaml"
		if isJSON {
			form = ".json"
		}
		data, err := parse(form, []byte(text))
		if err != nil {
			if data != nil {
				t.Errorf("data besides error %v", err)
			}
			return
		}
		if _, err := json.Marshal(data); err != nil || data == nil {
			t.Errorf("data %v, error %v", data, err)
		}
	})
}

// aliasBomb is the billion laughs: nine levels of nine aliases each.
func aliasBomb() string {
	var out strings.Builder
	out.WriteString("apiVersion: v1\nkind: Pod\na: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n")
	for c := 'b'; c <= 'k'; c++ {
		out.WriteString(string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n")
	}
	return out.String()
}

func TestDataTakesLinearTime(t *testing.T) {
	for _, form := range []string{".yaml", ".json"} {
		t.Run(form, func(t *testing.T) { flood.Linear(t, func(text []byte) { _, _ = parse(form, text) }) })
	}
}
