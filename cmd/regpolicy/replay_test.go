package main

import (
	"bytes"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/demo"
	"github.com/regpolicy/regpolicy/policies"
)

func stories(t *testing.T) []*demo.Story {
	t.Helper()
	list, err := demo.List(os.DirFS(fixturesDir))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestSameInputSameBytes collects and judges each story twice, on one core and
// on two.
func TestSameInputSameBytes(t *testing.T) {
	for _, s := range stories(t) {
		t.Run(s.Name, func(t *testing.T) {
			dir := filepath.Join(fixturesDir, s.Name)
			args := []string{filepath.Join(dir, "source")}
			for _, r := range s.Registries {
				host := net.JoinHostPort(r.Host, "443")
				args = append(args, "--registry", host, "--connect-to", host+":"+serve(t, filepath.Join(dir, r.File)))
			}
			var documents, reports, texts []string
			for i, cores := range []int{1, 2} {
				withCores(t, cores, func() {
					file := filepath.Join(t.TempDir(), "report.json")
					_, document, _ := command(t, s.At, append([]string{"collect"}, args...)...)
					_, text, _ := command(t, s.At, append([]string{"eval", "--show-passed", "-o", "text", "-o", "json=" + file}, args...)...)
					rep, err := os.ReadFile(file)
					if err != nil {
						t.Fatalf("run %d: %v", i, err)
					}
					documents, reports, texts = append(documents, document), append(reports, string(rep)), append(texts, text)
				})
			}
			for what, runs := range map[string][]string{"document": documents, "report": reports, "text": texts} {
				for _, other := range runs[1:] {
					if diff := cmp.Diff(runs[0], other); diff != "" {
						t.Errorf("the %s differs (-first +other):\n%.2000s", what, diff)
					}
				}
			}
			// A saved document is judged as what was collected on the spot.
			file := writeFile(t, "evidence.json", documents[0])
			_, replayed, _ := command(t, s.At, "eval", "-o", "json", file)
			if diff := cmp.Diff(readReport(t, reports[0]).Results, readReport(t, replayed).Results); diff != "" {
				t.Errorf("replayed from the saved document (-collected +replayed):\n%.2000s", diff)
			}
		})
	}
}

// TestDocumentsFitTheSchema checks what other tools rely on: every document that
// is committed, and one of each command, against the published schema.
func TestDocumentsFitTheSchema(t *testing.T) {
	source, err := policies.FS.ReadFile(policies.Schema)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("document.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("document.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, data []byte) {
		t.Helper()
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(document); err != nil {
			t.Errorf("%#v", err)
		}
	}
	for _, s := range stories(t) {
		t.Run(s.Name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join(fixturesDir, s.Name, "document.json"))
			if err != nil {
				t.Fatal(err)
			}
			check(t, data)
		})
	}
	t.Run("everything went wrong", func(t *testing.T) {
		c := newCanaries(t)
		got := regpolicy(t, "collect", c.capture(t), "--registry", "127.0.0.1:1")
		check(t, []byte(got.stdout))
	})
	t.Run("an empty one", func(t *testing.T) {
		got := regpolicy(t, "collect", "--registry", "127.0.0.1:1")
		check(t, []byte(got.stdout))
	})
	t.Run("it does refuse", func(t *testing.T) {
		var document map[string]any
		data, err := os.ReadFile(documentWith(t))
		if err == nil {
			err = json.Unmarshal(data, &document)
		}
		if err != nil {
			t.Fatal(err)
		}
		document["nodes"] = map[string]any{"wk-1": map[string]any{"trustfiles": 1}}
		if schema.Validate(document) == nil {
			t.Error("an unknown field passes")
		}
		delete(document, "nodes")
		if schema.Validate(document) == nil {
			t.Error("a document without nodes passes")
		}
	})
}

func withCores(t *testing.T, cores int, do func()) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	do()
}
