package source_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"gopkg.in/yaml.v3"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/source"
)

const benchPods = 10_000

// benchList is a List of a real pod as kubectl prints it, as YAML or JSON.
func benchList(b *testing.B, format string) string {
	b.Helper()
	var object map[string]any
	if err := json.Unmarshal(readSample(b, "pod.json"), &object); err != nil {
		b.Fatal(err)
	}
	metadata, _ := object["metadata"].(map[string]any)
	metadata["name"], metadata["uid"] = "BENCHPOD", "BENCHPOD"
	var out bytes.Buffer
	var item []byte
	var err error
	if format == "yaml" {
		item, err = yaml.Marshal([]any{object})
		out.WriteString("apiVersion: v1\nitems:\n")
	} else {
		item, err = json.MarshalIndent(object, "        ", "    ")
		out.WriteString(`{"apiVersion":"v1","items":[`)
	}
	if err != nil {
		b.Fatal(err)
	}
	for i := range benchPods {
		if format == "json" && i > 0 {
			out.WriteString(",\n")
		}
		// Each has a name and uid of its own.
		out.Write(bytes.ReplaceAll(item, []byte("BENCHPOD"), fmt.Appendf(nil, "pod-%d", i)))
	}
	if format == "yaml" {
		out.WriteString("kind: List\n")
	} else {
		out.WriteString(`],"kind":"List"}`)
	}
	name := filepath.Join(b.TempDir(), "pods."+format)
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(out.Len()))
	return name
}

func BenchmarkOpenListOf10000Pods(b *testing.B) {
	for _, format := range []string{"json", "yaml"} {
		b.Run(format, func(b *testing.B) {
			name := benchList(b, format)
			b.ReportAllocs()
			for b.Loop() {
				in, err := source.Open(b.Context(), []string{name}, nil, source.DefaultLimits())
				if err != nil || len(in.Objects) != benchPods {
					b.Fatalf("err %v", err)
				}
			}
		})
	}
}

func BenchmarkDecodePod(b *testing.B) {
	in := open(b, save(b, "pod.json", readSample(b, "pod.json")))
	for b.Loop() {
		if _, err := source.Decode[corev1.Pod](in.Objects[0]); err != nil {
			b.Fatal(err)
		}
	}
}
