package nodecerts_test

import (
	"os"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/nodecerts"
)

// recordTree records a copied tree as node wk-1.
func recordTree(t testing.TB, root string) *evidence.Document {
	t.Helper()
	r, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	l, err := nodecerts.ReadTree(t.Context(), r.FS())
	if err != nil {
		t.Fatal(err)
	}
	return recordListing(t, l, nil)
}

// recordListing records a listing as node wk-1, after what prepare has put into
// the document.
func recordListing(t testing.TB, l *nodecerts.Listing, prepare func(d *evidence.Document)) *evidence.Document {
	t.Helper()
	b := evidence.NewBuilder(evidence.Tool{Name: "regpolicy", Version: "test"}, testTime)
	if prepare != nil {
		b.Record(prepare)
	}
	nodecerts.Record(b, "wk-1", l, evidence.Access{Method: "tree"}, evidence.Provenance{Source: "capture"}, nodecerts.Clock{})
	doc := b.Build("internal")
	if _, err := evidence.Encode(doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
