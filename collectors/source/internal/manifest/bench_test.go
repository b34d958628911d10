package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"gopkg.in/yaml.v3"
)

const benchPods = 10_000

// podList is a List of a real pod, as kubectl prints it.
func podList(b *testing.B, asYAML bool) []byte {
	b.Helper()
	var pod map[string]any
	if err := json.Unmarshal(readTestdata(b, "pod.json"), &pod); err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	if !asYAML {
		text, err := json.MarshalIndent(pod, "        ", "    ")
		if err != nil {
			b.Fatal(err)
		}
		out.WriteString("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        ")
		out.Write(bytes.Join(slicesRepeat(text, benchPods), []byte(",\n        ")))
		out.WriteString("\n    ],\n    \"kind\": \"List\"\n}\n")
		return out.Bytes()
	}
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := enc.Encode([]any{pod}); err != nil {
		b.Fatal(err)
	}
	out.WriteString("apiVersion: v1\nitems:\n")
	for range benchPods {
		out.Write(text.Bytes())
	}
	out.WriteString("kind: List\nmetadata:\n  resourceVersion: \"\"\n")
	return out.Bytes()
}

func slicesRepeat(text []byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = text
	}
	return all
}

func BenchmarkDecodePodList(b *testing.B) {
	for _, format := range []string{"json", "yaml"} {
		b.Run(fmt.Sprintf("%s/%d pods", format, benchPods), func(b *testing.B) {
			data := podList(b, format == "yaml")
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				d := NewDecoder(Limits{Depth: 500, Values: 64_000_000, Nodes: 4_000_000})
				content, err := d.Decode(b.Context(), "pods."+format, data)
				if err != nil || len(content.Objects) != benchPods {
					b.Fatalf("%d objects, err %v", len(content.Objects), err)
				}
			}
		})
	}
}
