package engine

import "testing"

// BenchmarkLoad is what every run pays before it reads any evidence.
func BenchmarkLoad(b *testing.B) {
	cfg := builtin(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(b.Context(), cfg); err != nil {
			b.Fatal(err)
		}
	}
}
