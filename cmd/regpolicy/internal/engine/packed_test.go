package engine

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestPacked: what is packed comes out as it was, and what others look at is not packed.
func TestPacked(t *testing.T) {
	p := &Policy{ID: "RT-XXX-001", Package: "regpolicy.x", Severity: "high", Title: "Pods pull"}
	var results []report.Result
	for i := range packing {
		r := p.result(report.Pass, evidence.Subject{"kind": "pod", "namespace": fmt.Sprint(i % 7), "name": fmt.Sprint("\xff\x00ü", i)}, "")
		for range i % 3 {
			r.Evidence = append(r.Evidence, report.Pointer{Pointer: fmt.Sprint("/pods/a~1", i), Role: "supports"})
		}
		switch i % 5 {
		case 0:
			r.Verdict, r.Message = report.Fail, "no"
		case 1:
			r.Subject = evidence.Subject{"kind": "endpoint", "name": fmt.Sprint(i)}
		}
		results = append(results, r)
	}
	whole := resultLists{results}
	whole.settle(&Input{Document: &evidence.Document{}}, Options{})
	want := whole.join(nil)
	for i := range want {
		want[i].Location = nil
	}

	again := make([]report.Result, len(want))
	copy(again, want)
	rest, packed := pack(again)
	if packed.count == 0 || len(rest) != packing*2/5 {
		t.Fatalf("%d packed, %d not", packed.count, len(rest))
	}
	got := packed.unpack(rest)
	sortResults(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if few, none := pack(want[:packing-1]); none.count != 0 || len(few) != packing-1 {
		t.Error("few results are packed")
	}
}
