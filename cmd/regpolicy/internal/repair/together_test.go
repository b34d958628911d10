package repair

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// entries are a list of so many objects, and a change of each.
func entries(t *testing.T, n int) ([]byte, []change) {
	t.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: v1\nkind: SecretList\nitems:\n")
	for i := range n {
		fmt.Fprintf(&text, "- metadata: {name: s%d} # of %d\n  data:\n    a: b\n", i, i)
	}
	m := Open(nil, nil, nil)
	m.after["x"] = []byte(text.String())
	objects, err := m.objectsOf("x")
	if err != nil || len(objects) != n {
		t.Fatalf("%d objects, %v", len(objects), err)
	}
	var changes []change
	for i, o := range objects {
		changes = append(changes, change{&Object{o, "x", i}, []Edit{
			SetScalar{Path{"data", "a"}, fmt.Sprintf("c%d", i)},
			RenameKey{Path{"data"}, "a", "a-2"},
		}})
	}
	return m.after["x"], changes
}

// Changes of many objects come to what they come to one by one, and each is not the
// whole file read again.
func TestChangesOfAFileAreMadeTogether(t *testing.T) {
	cost := func(n int) float64 {
		data, changes := entries(t, n)
		one := data
		for _, c := range changes {
			var err error
			if one, err = edit(one, c.object.index, c.edits); err != nil {
				t.Fatal(err)
			}
		}
		var all []byte
		allocations := testing.AllocsPerRun(1, func() {
			var err error
			if all, err = editFile(t.Context(), data, changes); err != nil {
				t.Fatal(err)
			}
		})
		if string(all) != string(one) || !strings.Contains(string(all), fmt.Sprintf("# of %d\n  data:\n    a-2: c%d\n", n-1, n-1)) {
			t.Errorf("together:\n%.300s\none by one:\n%.300s", all, one)
		}
		return allocations
	}
	if few, many := cost(25), cost(100); many > 6*few {
		t.Errorf("25 changes take %.0f allocations, 100 take %.0f", few, many)
	}
}

// A change that cannot be made is named, whatever others of the file could.
func TestAChangeThatCannotBeMadeIsNamed(t *testing.T) {
	t.Parallel()
	data, changes := entries(t, 3)
	changes[1].edits = []Edit{RenameKey{Path{"data"}, "z", "a"}}
	changes[1].object.kind = "Secret"
	_, err := editFile(t.Context(), data, changes)
	const want = `editing Secret "s1" in "x": `
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Who interrupts is not kept waiting for the rest of a plan or of its changes.
func TestRepairsAreInterrupted(t *testing.T) {
	t.Parallel()
	why := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	data, changes := entries(t, 3)
	changes[0].edits = []Edit{RenameKey{Path{"data"}, "z", "a"}} // not together
	if _, err := editFile(ctx, data, changes); !errors.Is(err, why) {
		t.Errorf("changes: got %v", err)
	}
	state := State{Manifests: Open(nil, nil, nil), Document: &evidence.Document{}, Report: &report.Report{Results: []report.Result{
		{ID: "RT-CFG-001", Verdict: report.Fail, Evidence: []report.Pointer{{Pointer: "/trust/x"}}},
	}}}
	if _, err := prove(ctx, state, state, nil); !errors.Is(err, why) {
		t.Errorf("proof: got %v", err)
	}
	if _, _, err := Plan(ctx, state, Options{}); !errors.Is(err, why) {
		t.Errorf("plan: got %v", err)
	}
}
