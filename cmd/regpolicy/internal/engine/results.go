package engine

import (
	"cmp"
	"hash/maphash"
	"iter"
	"maps"
	"slices"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// resultLists are the results of each policy by itself: a cluster of thousands of nodes
// has hundreds of thousands, and they become one list only when the document is gone.
type resultLists [][]report.Result

func (lists resultLists) all() iter.Seq[*report.Result] {
	return func(yield func(*report.Result) bool) {
		for _, list := range lists {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
	}
}

// join adds lists that are in the order of a report to one, in that order, and empties
// them as it goes.
func (lists resultLists) join(results []report.Result) []report.Result {
	n := 0
	for _, list := range lists {
		n += len(list)
	}
	lists = slices.DeleteFunc(lists, func(list []report.Result) bool { return len(list) == 0 })
	slices.SortFunc(lists, func(a, b []report.Result) int { return cmp.Compare(a[0].ID, b[0].ID) })
	results = slices.Grow(results, n)
	for i, list := range lists {
		results = append(results, list...)
		lists[i] = nil
	}
	return results
}

// settle fills in what results tell beside the verdict, and puts each policy's in the
// order of a report. Subjects that several policies judge stand in memory once.
func (lists resultLists) settle(in *Input, opt Options) {
	subjects := newSubjectTable()
	for _, list := range lists {
		words := make([]string, len(list))
		for i := range list {
			r := &list[i]
			if opt.Many {
				r.Subject["cluster"] = clusterOf(in)
			}
			words[i] = r.Subject.String()
			r.Subject = subjects.one(r.Subject, words[i])
			r.Fingerprint = report.Fingerprint(r.ID, words[i])
			r.Location = locate(in.Document, r)
		}
		sortByWords(list, words)
	}
}

// subjectTable has each subject once, by the hash of its text.
type subjectTable struct {
	seed  maphash.Seed
	known map[uint64]evidence.Subject
}

func newSubjectTable() *subjectTable {
	return &subjectTable{seed: maphash.MakeSeed(), known: map[uint64]evidence.Subject{}}
}

func (t *subjectTable) one(s evidence.Subject, text string) evidence.Subject {
	hash := maphash.String(t.seed, text)
	known, ok := t.known[hash]
	if !ok {
		t.known[hash] = s
		return s
	}
	if maps.Equal(known, s) {
		return known
	}
	return s
}

// sortResults sorts by policy, subject and message. The subjects are put into words
// for one policy at a time, and only where they are not in their order already.
func sortResults(results []report.Result) {
	byID := func(a, b report.Result) int { return cmp.Compare(a.ID, b.ID) }
	if !slices.IsSortedFunc(results, byID) {
		slices.SortStableFunc(results, byID)
	}
	for from := 0; from < len(results); {
		to := from + 1
		for to < len(results) && results[to].ID == results[from].ID {
			to++
		}
		sortSubjects(results[from:to])
		from = to
	}
}

// sortSubjects sorts the results of one policy.
func sortSubjects(results []report.Result) {
	words := make([]string, len(results))
	for i := range results {
		words[i] = results[i].Subject.String()
	}
	sortByWords(results, words)
}

// sortByWords sorts the results of one policy by their subjects' words.
func sortByWords(results []report.Result, words []string) {
	order := make([]int, len(results))
	sorted := true
	compare := func(i, j int) int {
		return cmp.Or(cmp.Compare(words[i], words[j]), cmp.Compare(results[i].Message, results[j].Message))
	}
	for i := range results {
		order[i] = i
		sorted = sorted && (i == 0 || compare(i-1, i) <= 0)
	}
	if sorted {
		return
	}
	slices.SortStableFunc(order, compare)
	permute(results, order)
}

// permute puts results[order[i]] at i.
func permute(results []report.Result, order []int) {
	for start := range order {
		first := results[start]
		at := start
		for order[at] != at {
			next := order[at]
			order[at] = at
			if next == start {
				results[at] = first
				break
			}
			results[at] = results[next]
			at = next
		}
	}
}
