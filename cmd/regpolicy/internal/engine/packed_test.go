package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// TestPacked: what is packed comes out as it was, and what others look at is not packed.
func TestPacked(t *testing.T) {
	p := &Policy{ID: "RT-XXX-001", Package: "regpolicy.x", Severity: "high", Title: "Pods pull", hasSubjects: true}
	doc := &evidence.Document{Pods: map[string]*evidence.Pod{}, Nodes: map[string]evidence.Node{}}
	var all found
	for i := range packing {
		subject := map[string]any{"kind": "pod", "namespace": fmt.Sprint(i % 7), "name": fmt.Sprint("\xff\x00ü", i)}
		key := fmt.Sprint(i%7, "/", subject["name"])
		switch i % 5 {
		case 0:
			all.findings = append(all.findings, finding{subject: toSubject(term(t, subject), nil), text: toSubject(term(t, subject), nil).String(), message: "no"})
		case 1:
			subject = map[string]any{"kind": "registry", "name": fmt.Sprint(i)}
		case 2:
			subject["name"], subject["n"] = fmt.Sprint("a,b=", i), i
		}
		if i%3 > 0 {
			doc.Pods[key] = &evidence.Pod{}
		}
		if i%3 > 1 {
			doc.PullFailures = map[string]evidence.PullFailure{"x": {}}
			doc.Views.FailuresByPod = map[string][]string{key: {"x"}}
		}
		all.subjects = append(all.subjects, term(t, subject))
	}
	gaps := needs{gaps: []relevantGap{{Gap: evidence.Gap{Subject: evidence.Subject{"kind": "pod", "namespace": "3", "name": "\xff\x00ü3"}, Reason: "timeout"}}}}
	settled := func(passes *packed, found found) []report.Result {
		found.subjects = slices.Clone(found.subjects)
		lists := resultLists{p.verdicts(doc, found, gaps, passes)}
		lists.settle(&Input{Document: &evidence.Document{}}, Options{})
		rep := &report.Report{Results: lists.join(nil)}
		if passes.len() > 0 {
			rep.Packed = append(rep.Packed, passes.passes)
		}
		rep.Expand()
		return rep.Results
	}
	// Subjects of one text have one result, whichever comes first.
	for i, name := range []any{"[1]", []any{1}, map[string]any{"a": 1}, "map[a:1]", 7, "7"} {
		all.subjects = slices.Insert(all.subjects, i*50, term(t, map[string]any{"kind": "pod", "name": name}))
	}
	all.subjects = append(all.subjects, term(t, map[string]any{"kind": "pod", "n": "x"}), term(t, map[string]any{"kind": "registry", "n": "y"}), term(t, map[string]any{"kind": "pod,n=x"}),
		term(t, map[string]any{"kind": "node", "n": 1}), term(t, map[string]any{"kind": "node", "n": "1"}))
	var passes, none packed
	want, got := settled(nil, all), settled(&passes, all)
	if passes.len() != packing*2/5-1 {
		t.Errorf("%d are packed", passes.len())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	all.subjects = all.subjects[:packing-1]
	if settled(&none, all); none.len() != 0 {
		t.Error("few results are packed")
	}
}

func term(t *testing.T, v any) *ast.Term {
	t.Helper()
	value, err := ast.InterfaceToValue(v)
	if err != nil {
		t.Fatal(err)
	}
	return ast.NewTerm(value)
}
