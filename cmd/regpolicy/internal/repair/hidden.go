package repair

import (
	"errors"
	"slices"

	"gopkg.in/yaml.v3"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// errBeside is why a change cannot be shown.
var errBeside = errors.New("the change stands in one line with other values of the secret, which are never printed")

// hidden tells which lines of a text (0-based) are never printed: the values of
// secrets and config maps other than those that are repaired, annotations, other
// variables of a cluster, and what looks like a credential. keys are the repaired
// ones, by the object's place in the text.
func hidden(t *text, keys map[int][]string) map[int]bool {
	out := map[int]bool{}
	for i, o := range t.objects() {
		if meta := child(o.node, "metadata"); meta != nil {
			t.hideValues(out, meta, "name", "namespace")
		}
		switch o.kind {
		case "Secret", "ConfigMap":
			t.hideValues(out, o.node, "apiVersion", "kind", "metadata", "type", "data", "stringData")
			for _, section := range []string{"data", "stringData", "binaryData"} {
				t.hideValues(out, child(o.node, section), keys[i]...)
			}
		case "Cluster":
			variables := child(child(child(o.node, "spec"), "topology"), "variables")
			if variables != nil {
				for _, v := range variables.Content {
					if name := word(v, "name"); name != "trust" && name != "osConfiguration" {
						t.hide(out, v, v)
					}
				}
			}
		}
	}
	for i, start := range t.starts {
		line := string(t.data[start:t.lineEnd(start)])
		if hasSecret(line) {
			out[i] = true
		}
	}
	return out
}

// hideValues hides the lines of a mapping's values but for some keys.
func (t *text) hideValues(out map[int]bool, mapping *yaml.Node, but ...string) {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if !slices.Contains(but, mapping.Content[i].Value) {
			t.hide(out, mapping.Content[i], mapping.Content[i+1])
		}
	}
}

// hide hides the lines from one node to the end of another.
func (t *text) hide(out map[int]bool, from, to *yaml.Node) {
	end, err := t.end(to)
	last := len(t.starts) - 1 // where the end is not known, all that follows
	if err == nil {
		last = t.line(end)
	}
	for i := from.Line - 1; i <= last; i++ {
		out[i] = true
	}
}

// repairedKeys are the keys of a file's secrets and config maps that differ, by the
// object's place: as they were, and as they are.
func repairedKeys(before, after *text) (was, is map[int][]string) {
	was, is = map[int][]string{}, map[int][]string{}
	olds, news := before.objects(), after.objects()
	for i := range min(len(olds), len(news)) {
		for _, section := range []string{"data", "stringData"} {
			a, b := child(olds[i].node, section), child(news[i].node, section)
			was[i] = append(was[i], differing(a, b)...)
			is[i] = append(is[i], differing(b, a)...)
		}
	}
	return was, is
}

// differing are the keys of a mapping that another one does not hold alike.
func differing(a, b *yaml.Node) []string {
	var out []string
	if a == nil {
		return nil
	}
	for i := 0; i+1 < len(a.Content); i += 2 {
		key := a.Content[i].Value
		if other := child(b, key); other == nil || !equal(a.Content[i+1], other) {
			out = append(out, key)
		}
	}
	return out
}

// hasSecret tells a line that looks like a credential.
func hasSecret(line string) bool {
	return evidence.Scrub(line) != line || evidence.Scan([]byte(line)) != nil
}
