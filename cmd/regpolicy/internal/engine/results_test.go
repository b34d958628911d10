package engine

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestSortResults: results stand by policy, subject and message, and what is equal in
// these keeps its order.
func TestSortResults(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for size := range 60 {
		results := make([]report.Result, size)
		for i := range results {
			results[i] = report.Result{
				ID: fmt.Sprint("P-", random.IntN(3)), Message: fmt.Sprint(random.IntN(3)), Title: fmt.Sprint(i),
				Subject: evidence.Subject{"kind": "pod", "name": fmt.Sprint(random.IntN(6))},
			}
		}
		want := slices.Clone(results)
		slices.SortStableFunc(want, func(a, b report.Result) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Subject.String(), b.Subject.String()), cmp.Compare(a.Message, b.Message))
		})
		for range 2 { // what is sorted stays
			sortResults(results)
			for i := range want {
				if want[i].Title != results[i].Title {
					t.Fatalf("%d results: at %d stands %s, want %s", size, i, results[i].Title, want[i].Title)
				}
			}
		}
	}
}

// TestSubjectsOnce: subjects of one text are one in memory.
func TestSubjectsOnce(t *testing.T) {
	pod := func() evidence.Subject { return evidence.Subject{"kind": "pod", "name": "a"} }
	in := &Input{Document: &evidence.Document{}}
	lists := resultLists{{{ID: "B", Subject: pod()}}, {{ID: "A", Subject: pod()}}}
	lists.settle(in, Options{})
	results := lists.join(nil)
	if results[0].ID != "A" {
		t.Error("the results are not sorted")
	}
	results[0].Subject["name"] = "changed"
	if results[1].Subject["name"] != "changed" {
		t.Error("two policies' results have a subject each")
	}
	if results[0].Fingerprint == results[1].Fingerprint {
		t.Error("two policies' results have one fingerprint")
	}
}
