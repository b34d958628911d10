package rulecache

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Entries are found again after the table has grown, and one hash may stand for several.
func TestTable(t *testing.T) {
	var table table
	first, second := &rule{}, &rule{}
	if table.get(1, first, nil) != nil {
		t.Error("an empty table holds something")
	}
	var all []*entry
	for i := range 1000 {
		all = append(all, &entry{hash: uint64(i % 300), rule: first, rest: []*ast.Term{ast.InternedTerm(i)}})
		table.put(all[i])
	}
	for i, e := range all {
		if got := table.get(e.hash, first, ast.Ref(e.rest)); got != e {
			t.Fatalf("entry %d is %v", i, got)
		}
		if got := table.get(e.hash, second, ast.Ref(e.rest)); got != nil {
			t.Fatalf("entry %d is that of another rule", i)
		}
		if got := table.get(e.hash, first, nil); got != nil {
			t.Fatalf("entry %d is that of another call", i)
		}
	}
}
