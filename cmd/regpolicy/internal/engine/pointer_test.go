package engine

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// A document of others' making may have several entries of one label in one source. A
// pass points to all of them, in each run alike.
func TestRecordsOfOneSubject(t *testing.T) {
	entry := evidence.TrustEntry{Label: "corp", Object: evidence.ObjectRef{Kind: "Cluster", Namespace: "ns", Name: "c"}}
	other := entry
	other.Label = "other"
	doc := &evidence.Document{Trust: map[string]evidence.TrustEntry{"c": other, "b": entry, "a/1": entry, "d": entry}}
	subject := evidence.Subject{"kind": "trust_entry", "name": "corp", "namespace": "ns", "source": "Cluster/c"}
	for range 20 {
		if diff := cmp.Diff([]string{"/trust/a~11", "/trust/b", "/trust/d"}, recordsOf(doc, subject)); diff != "" {
			t.Fatal(diff)
		}
	}
}
