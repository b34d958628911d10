package report_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// packing is a report in which passes of three policies are packed, and the results that
// it comes to.
func packing() (packed *report.Report, results []report.Result) {
	packed = &report.Report{Rules: []report.Rule{{ID: "A"}, {ID: "B"}, {ID: "C"}, {ID: "D"}}}
	for _, id := range []string{"A", "B", "D"} {
		like := report.Result{ID: id, Verdict: report.Pass, Title: "title of " + id, Missing: []report.Missing{}, Evidence: []report.Pointer{}}
		packs := report.Pack(like)
		for i := range 40 {
			name := fmt.Sprint("ü", (i*27)%40)
			if id == "A" {
				name = fmt.Sprintf("%02d", i)
			}
			r := like
			r.Subject, r.Evidence = evidence.Subject{"kind": "pod", "name": name, "empty": ""}, []report.Pointer{}
			if i%9 == 0 { // among the others
				r.Verdict, r.Message = report.Fail, "it cannot"
				r.Fingerprint = report.Fingerprint(id, r.Subject.String())
				packed.Results = append(packed.Results, r)
				results = append(results, r)
				continue
			}
			var pointers []string
			for n := range i % 3 {
				pointers = append(pointers, fmt.Sprint("/pods/\n,=", name, strings.Repeat("x", 5_000), n)) // they take several pieces
				r.Evidence = append(r.Evidence, report.Pointer{Pointer: pointers[n], Role: "supports"})
			}
			r.Fingerprint = report.Fingerprint(id, r.Subject.String())
			packs.Add(r.Subject.String(), pointers)
			results = append(results, r)
		}
		packed.Packed = append(packed.Packed, packs)
	}
	other := report.Result{ID: "C", Verdict: report.Skip, Subject: evidence.Subject{"kind": "document"}}
	last := report.Result{ID: "E", Verdict: report.Skip}
	packed.Results = append(packed.Results, other, last)
	results = append(results, other, last)
	for _, list := range [][]report.Result{packed.Results, results} {
		slices.SortStableFunc(list, func(a, b report.Result) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Subject.String(), b.Subject.String()))
		})
	}
	return packed, results
}

func TestExpand(t *testing.T) {
	r, want := packing()
	if n := r.Packed[0].Len(); n != 35 {
		t.Errorf("%d are packed", n)
	}
	r.Expand()
	if diff := gocmp.Diff(want, r.Results); diff != "" || r.Packed != nil {
		t.Error(diff, len(r.Packed))
	}
	r.Expand()
	if len(r.Results) != len(want) {
		t.Error("what was expanded is expanded once more")
	}
}

// TestJSONOfPacked: nobody sees from the report whether something was packed.
func TestJSONOfPacked(t *testing.T) {
	r, results := packing()
	expanded := *r
	expanded.Results, expanded.Packed = results, nil
	var got, want bytes.Buffer
	for range 2 { // writing it takes nothing away
		got.Reset()
		if err := report.JSON(&got, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := report.JSON(&want, &expanded); err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(want.String(), got.String()); diff != "" {
		t.Error(diff)
	}
	for room := 0; room < want.Len(); room += 512 {
		if err := report.JSON(&small{room: room}, r); !errors.Is(err, errFull) {
			t.Fatalf("with room for %d bytes: error %v", room, err)
		}
	}
}
