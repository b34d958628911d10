package largecluster

import (
	"bytes"
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func encode(t *testing.T, nodes int) (*evidence.Document, []byte) {
	t.Helper()
	doc, err := Make(t.Context(), Of(nodes))
	if err != nil {
		t.Fatal(err)
	}
	text, err := evidence.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	return doc, text
}

func TestEqualSizesGiveEqualBytes(t *testing.T) {
	t.Parallel()
	doc, text := encode(t, 200)
	if _, again := encode(t, 200); !bytes.Equal(text, again) {
		t.Error("made twice, the documents differ")
	}
	if len(doc.Nodes) != 200 || len(doc.Pods) != 6000 || len(doc.Registries) != 40 || len(doc.Endpoints) != 40 {
		t.Errorf("%d nodes, %d pods, %d registries, %d endpoints", len(doc.Nodes), len(doc.Pods), len(doc.Registries), len(doc.Endpoints))
	}
	// Two nodes of a hundred are broken, each with thirty pods that cannot pull.
	if got := len(doc.PullFailures); got != 4*30 {
		t.Errorf("%d pull failures", got)
	}
	if _, err := evidence.Decode(text); err != nil {
		t.Error(err)
	}
}

// What nodes share stands once: three times the nodes are no more stores, and the
// large cluster's document stays far below 60 MB.
func TestANodeMoreCostsItsOwnFactsOnly(t *testing.T) {
	t.Parallel()
	small, smallText := encode(t, 200)
	large, largeText := encode(t, 600)
	if len(small.TrustStores) != len(large.TrustStores) || len(small.Certificates) != len(large.Certificates) {
		t.Errorf("%d and %d stores, %d and %d certificates", len(small.TrustStores), len(large.TrustStores), len(small.Certificates), len(large.Certificates))
	}
	perNode := (len(largeText) - len(smallText)) / 400
	if whole := len(smallText) + perNode*(Large().Nodes-200); whole > 60<<20 {
		t.Errorf("%d bytes a node with its pods, %d MB for the large cluster", perNode, whole>>20)
	}
}
