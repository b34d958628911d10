package report

import (
	"testing"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// A result stands in the first document of its cluster's name, or in the first of all.
func TestPlaces(t *testing.T) {
	r := &Report{Run: Run{Documents: []Document{{URI: "a.json", Cluster: "east"}, {URI: "./b.json, c.json", Cluster: "west"}, {URI: "east", Cluster: "west"}}}}
	for cluster, want := range map[string]string{"": "a.json", "east": "a.json", "west": "b.json", "a.json": "a.json", "nobody": "a.json"} {
		if file, line, _ := placesOf(r).of(&Result{Subject: evidence.Subject{"cluster": cluster}}); file != want || line != 1 {
			t.Errorf("%q stands in %q, line %d, want %q", cluster, file, line, want)
		}
	}
	if n := placesOf(&Report{}).document(&Result{}); n != -1 {
		t.Errorf("without documents it is %d", n)
	}
	if file, line, column := placesOf(r).of(&Result{Location: &Location{File: "pod.yaml"}}); file != "pod.yaml" || line != 1 || column != 0 {
		t.Errorf("its manifest is %s:%d:%d", file, line, column)
	}
}
