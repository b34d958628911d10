package source

import (
	"fmt"

	"github.com/regpolicy/regpolicy/collectors/evidence"
	"github.com/regpolicy/regpolicy/collectors/source/internal/manifest"
)

// add takes up the objects of one file.
func (o *opener) add(from origin, name string, content manifest.Content) {
	if len(content.Objects)+len(content.Lists) == 0 {
		return
	}
	source := o.register(from)
	held := o.in.captures[source]
	o.lists += len(content.Lists)
	for _, kind := range content.Lists {
		if held != nil {
			held.kinds[kind] = true
		}
	}
	for i, m := range content.Objects {
		if _, _, failed := apiFailure(m.Map); failed {
			continue
		}
		object := Object{Map: m.Map, Provenance: evidence.Provenance{
			Source: source, Method: "file", Path: name, Line: m.Line,
			ResourceVersion: text(mapping(m.Map, "metadata"), "resourceVersion"),
		}}
		if len(content.Objects) > 1 {
			object.Provenance.Path = fmt.Sprintf("%s#%d", name, i+1)
		}
		if from.format != "" {
			object.Withheld = withhold(object)
		}
		if o.keep(from, object) {
			o.in.places.keep(object, o.in.Sources[source].File(name), m.Text)
			o.checkTemplate(object)
		}
	}
}

// keep takes up an object. False means that it is there already.
func (o *opener) keep(from origin, object Object) bool {
	if held := o.in.captures[o.register(from)]; held != nil {
		held.kinds[object.Kind()] = true
		if o.isDouble(object) {
			return false
		}
	}
	return o.placeOf(object)
}

// apiFailure reads the object that the API server answers with in place of what
// was asked for. kubectl get --raw and curl save it like any other.
func apiFailure(object map[string]any) (reason, message string, failed bool) {
	if text(object, "kind") != "Status" || text(object, "apiVersion") != "v1" || text(object, "status") != "Failure" {
		return "", "", false
	}
	reason = "not_in_source"
	if r := text(object, "reason"); r == "Forbidden" || r == "Unauthorized" {
		reason = "forbidden"
	}
	return reason, oneLine(text(object, "message")), true
}

// isDouble tells an object of a capture that is already there in the same
// version: bundles hold pods by namespace and each by itself.
func (o *opener) isDouble(object Object) bool {
	uid := text(mapping(object.Map, "metadata"), "uid")
	if uid == "" || object.Provenance.ResourceVersion == "" {
		return false
	}
	key := object.Provenance.Source + " " + uid + " " + object.Provenance.ResourceVersion
	double := o.seen[key]
	o.seen[key] = true
	return double
}

// checkTemplate makes a Problem of a pod template with fields of a wrong type:
// its images might be missed. Pods are decoded as a whole by who reads them.
func (o *opener) checkTemplate(object Object) {
	if object.Kind() == "Pod" {
		return
	}
	if _, err := podSpec(object); err != nil {
		o.in.Problems = append(o.in.Problems, Problem{
			Source: object.Provenance.Source, Path: object.Provenance.Path, Line: object.Provenance.Line, Reason: "parse_error",
			Detail: evidence.Scrub(fmt.Sprintf("the pod template of %s %q: %v", object.Kind(), object.Name(), err)),
			Hint:   "correct the manifest; kubectl apply refuses it, too",
		})
	}
}
