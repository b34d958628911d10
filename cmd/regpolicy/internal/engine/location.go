package engine

import (
	"strings"

	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/jsonpointer"
	"github.com/regpolicy/regpolicy/cmd/regpolicy/internal/report"
	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// locate finds the place in a file that a result is about: the first position that
// its evidence leads to, else the first record that came from a file. A result
// without evidence is about its subject's record. What came from a live cluster has
// no place.
func locate(doc *evidence.Document, r *report.Result) *report.Location {
	if r.Verdict == report.Pass || r.Verdict == report.Skip {
		return nil
	}
	pointers := make([]string, 0, len(r.Evidence))
	for _, e := range r.Evidence {
		pointers = append(pointers, e.Pointer)
	}
	// What an endpoint presents is no fault of the manifest that names it.
	if len(pointers) == 0 && r.Subject["kind"] != "endpoint" {
		pointers = recordsOf(doc, r.Subject)
	}
	var record *report.Location
	for _, pointer := range pointers {
		at := locationOf(doc, pointer)
		switch {
		case at == nil:
		case at.Column > 0:
			return at
		case record == nil:
			record = at
		}
	}
	return record
}

// locationOf is the place of the record that a pointer leads to or into.
func locationOf(doc *evidence.Document, pointer string) *report.Location {
	section, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	key, field, _ := strings.Cut(rest, "/")
	at, from := placeOf(doc, section, jsonpointer.Unescape(key), field)
	if at != nil {
		return &report.Location{File: at.Path, Line: at.Line, Column: at.Column}
	}
	source, ok := doc.Sources[from.Source]
	if !ok || !source.IsFiles() || from.Line == 0 {
		return nil
	}
	return &report.Location{File: source.File(from.Path), Line: from.Line}
}

// placeOf is where a record, or a field of it, stands, and where the record comes
// from.
func placeOf(doc *evidence.Document, section, key, field string) (*evidence.Position, evidence.Provenance) {
	switch section {
	case "trust":
		e := doc.Trust[key]
		if e.ValueAt != nil && isOfValue(field) {
			return e.ValueAt, e.Provenance
		}
		return e.EntryAt, e.Provenance
	case "clusters":
		c := doc.Clusters[key]
		if field == "misplaced_trust" {
			return first(c.MisplacedAt), c.Provenance
		}
		if c.Proxy != "" && field == "proxy" {
			return doc.Proxies[c.Proxy].At, c.Provenance
		}
		return nil, c.Provenance
	case "proxies":
		return doc.Proxies[key].At, doc.Proxies[key].Provenance
	case "verification":
		return doc.Verification[key].At, doc.Verification[key].Provenance
	case "registries":
		return first(doc.Registries[key].WorkloadsAt), evidence.Provenance{}
	case "secrets":
		return nil, doc.Secrets[key].Provenance
	case "machines":
		return nil, doc.Machines[key].Provenance
	}
	return nil, evidence.Provenance{}
}

// isOfValue tells the fields of a trust entry that are about its value; its name and
// what it refers to stand in the entry.
func isOfValue(field string) bool {
	field, _, _ = strings.Cut(field, "/")
	switch field {
	case "name", "label", "secret", "field", "object", "domain", "elsewhere", "reason":
		return false
	}
	return true
}

// first is the first of some positions in the order of files and lines.
func first(of map[string]evidence.Position) *evidence.Position {
	var found *evidence.Position
	for _, at := range of {
		if found == nil || at.Before(*found) {
			found = &at
		}
	}
	return found
}
