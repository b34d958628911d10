package engine

import (
	"os"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/engine/terms"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/largecluster"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// BenchmarkLoad is what every run pays before it reads any evidence.
func BenchmarkLoad(b *testing.B) {
	cfg := knowing(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(b.Context(), cfg); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPolicy is each policy over a cluster of 500 nodes and 15,000 pods.
func BenchmarkPolicy(b *testing.B) {
	l, err := Load(b.Context(), builtin(b))
	if err != nil {
		b.Fatal(err)
	}
	in := large(b, 500)
	value, err := in.convert(terms.NewTable(), in.Document.CollectedAt, nil, false)
	if err != nil {
		b.Fatal(err)
	}
	j := l.Begin(Options{})
	defer j.Close()
	for _, p := range l.Policies() {
		b.Run(p.ID, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.judge(b.Context(), in.Document, value, j.opt); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkJudge is a whole report of such a cluster, BenchmarkConvert what policies
// read made of the bytes.
func BenchmarkJudge(b *testing.B) {
	l, err := Load(b.Context(), knowing(b))
	if err != nil {
		b.Fatal(err)
	}
	in := large(b, 500)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Judge(b.Context(), []Input{in}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	in := large(b, 500)
	b.SetBytes(int64(len(in.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := in.convert(terms.NewTable(), in.Document.CollectedAt, nil, false); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	in := large(b, 500)
	b.SetBytes(int64(len(in.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := evidence.Decode(in.Bytes); err != nil {
			b.Fatal(err)
		}
	}
}

// made are the documents by the number of nodes: one takes longer to make than to judge.
var made = map[int]Input{}

func large(b *testing.B, nodes int) Input {
	b.Helper()
	if in, ok := made[nodes]; ok {
		return in
	}
	doc, err := largecluster.Make(b.Context(), largecluster.Of(nodes))
	if err != nil {
		b.Fatal(err)
	}
	text, err := evidence.Encode(doc)
	if err != nil {
		b.Fatal(err)
	}
	made[nodes] = Input{URI: "large.json", Bytes: text, Document: doc}
	return made[nodes]
}

// BenchmarkJudgeSmall is one of many small documents in one run.
func BenchmarkJudgeSmall(b *testing.B) {
	l, err := Load(b.Context(), knowing(b))
	if err != nil {
		b.Fatal(err)
	}
	text, err := os.ReadFile("../../../../fixtures/secret-encoded-once/document.json")
	if err != nil {
		b.Fatal(err)
	}
	doc, err := evidence.Decode(text)
	if err != nil {
		b.Fatal(err)
	}
	in := Input{URI: "small.json", Bytes: text, Document: doc}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Judge(b.Context(), []Input{in}, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
