package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/largecluster"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestLargeDocument: a large file, which is read in parts and without the pods that none
// of a few policies reads, gives the report that its whole text does, and what is wrong
// with those pods is told with its place.
func TestLargeDocument(t *testing.T) {
	doc, err := largecluster.Make(t.Context(), largecluster.Of(500))
	if err != nil {
		t.Fatal(err)
	}
	text, err := evidence.Encode(doc)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--select", "RT-XEV-001,RT-NOD-014,RT-NOD-013,RT-NOD-003,RT-TLS-002", "-o", "json"}
	file := writeFile(t, "large.json", string(text))
	inParts := regpolicy(t, append([]string{"eval", file}, args...)...)
	whole := process{args: append([]string{"eval", "-"}, args...), stdin: string(text)}.run(t)
	if inParts.code != 1 || whole.code != 1 || inParts.stderr != whole.stderr {
		t.Errorf("exit codes %d and %d\n%s\n%s", inParts.code, whole.code, inParts.stderr, whole.stderr)
	}
	if want := strings.ReplaceAll(whole.stdout, `"uri": "-"`, `"uri": "`+file+`"`); inParts.stdout != want {
		t.Errorf("reports of %d and %d bytes differ", len(inParts.stdout), len(want))
	}
	last := bytes.LastIndex(text, []byte(`"observed"`))
	line := bytes.Count(text[:last], []byte("\n")) + 1
	broken := string(text[:last]) + `"Observed"` + string(text[last+len(`"observed"`):])
	file = writeFile(t, "broken.json", broken)
	got := regpolicy(t, append([]string{"eval", file}, args...)...)
	got.checkComplaint(t, exitUsage, file, `Observed", which no evidence document has`, "/pods/team-", fmt.Sprintf("line %d, column 4", line))
}
