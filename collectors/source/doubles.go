package source

import (
	"encoding/base64"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// namedKey names an object among all kinds.
type namedKey struct{ group, kind, namespace, name string }

func namedKeyOf(o Object) namedKey {
	group, _, found := strings.Cut(o.APIVersion(), "/")
	if !found {
		group = ""
	}
	return namedKey{group, o.Kind(), o.Namespace(), o.Name()}
}

// placeOf puts an object among the others. One that stands there already is not
// put there again; of two versions of one object the newer stays, of two tellings of
// one Secret or ConfigMap the one that withholds less. False means
// that the object is not kept.
func (o *opener) placeOf(object Object) bool {
	id := namedKeyOf(object)
	if id.name == "" {
		o.in.Objects = append(o.in.Objects, object)
		return true
	}
	for _, i := range o.named[id] {
		kept, told := o.better(o.in.Objects[i], object)
		if !told {
			continue
		}
		o.again++
		o.in.Objects[i] = kept
		return kept.Provenance == object.Provenance
	}
	if len(o.named[id]) > 0 {
		o.unclear(o.in.Objects[o.named[id][0]], object)
	}
	o.named[id] = append(o.named[id], len(o.in.Objects))
	o.in.Objects = append(o.in.Objects, object)
	return true
}

// better is which of two objects of one name counts, where that can be told.
func (o *opener) better(first, second Object) (kept Object, told bool) {
	switch order := compare(first, second); {
	case order == older:
		o.notice(second, first)
		return second, true
	case order == newer:
		o.notice(first, second)
		return first, true
	case completes(first, second):
		o.noticeWithheld(first, second)
		return first, true
	case completes(second, first):
		o.noticeWithheld(second, first)
		return second, true
	default:
		return first, order == equal
	}
}

type order int

const (
	different order = iota // two objects, or nothing tells which is newer
	equal
	older // the first one is
	newer
)

func compare(a, b Object) order {
	if a.APIVersion() != b.APIVersion() {
		return different // one object in two versions of its API, or two
	}
	if reflect.DeepEqual(a.Map, b.Map) && reflect.DeepEqual(a.Withheld, b.Withheld) {
		return equal
	}
	uid := text(mapping(a.Map, "metadata"), "uid")
	if uid == "" || uid != text(mapping(b.Map, "metadata"), "uid") {
		return different
	}
	x, errX := strconv.ParseUint(a.Provenance.ResourceVersion, 10, 64)
	y, errY := strconv.ParseUint(b.Provenance.ResourceVersion, 10, 64)
	switch {
	case errX != nil || errY != nil:
		return different
	case x < y:
		return older
	case x > y:
		return newer
	}
	return equal // as two tools print it
}

// notice tells which of two versions counts. Events change all the time.
func (o *opener) notice(kept, dropped Object) {
	if kept.Kind() == "Event" {
		return
	}
	o.in.Notices = append(o.in.Notices, fmt.Sprintf("%s stands in %q and in %q: the newer one, of resource version %s, counts",
		title(kept), o.where(dropped), o.where(kept), kept.Provenance.ResourceVersion))
}

// noticeWithheld tells which of two sources tells more of an object.
func (o *opener) noticeWithheld(kept, dropped Object) {
	if len(valuesOf(kept)) == len(valuesOf(dropped)) {
		return
	}
	o.in.Notices = append(o.in.Notices, fmt.Sprintf("%s stands in %q and in %q: the second one has the values that the first keeps to itself, and counts",
		title(kept), o.whereIn(dropped), o.whereIn(kept)))
}

// whereIn is the file of an object with the source that it lies in.
func (o *opener) whereIn(object Object) string {
	return o.in.Sources[object.Provenance.Source].File(object.Provenance.Path)
}

// completes tells whether one object agrees with another one, of which something is
// withheld, and tells all that is told there.
func completes(whole, part Object) bool {
	if part.Withheld == nil || !isLookedUp(part.Kind()) {
		return false
	}
	if x, y := uidOf(whole), uidOf(part); x != "" && y != "" && x != y {
		return false
	}
	if whole.Withheld != nil && whole.Withheld.More && !part.Withheld.More {
		return false
	}
	told, all := valuesOf(part), valuesOf(whole)
	return agrees(told, all, part) && !slices.ContainsFunc(part.Withheld.Keys, func(key string) bool {
		_, ok := all[key]
		return !ok && !whole.Withholds(key)
	})
}

func uidOf(o Object) string { return text(mapping(o.Map, "metadata"), "uid") }

// agrees tells whether all values of an object hold what is told of a part of it, and
// nothing besides that the part does not withhold.
func agrees(told, all map[string]any, part Object) bool {
	for key, value := range told {
		if other, ok := all[key]; !ok || !reflect.DeepEqual(other, value) { // it may be no text
			return false
		}
	}
	for key := range all {
		if _, ok := told[key]; !ok && !part.Withholds(key) {
			return false // another object, or another version of it
		}
	}
	return true
}

// valuesOf are the values of a Secret or ConfigMap, a Secret's in wire form.
func valuesOf(o Object) map[string]any {
	out := map[string]any{}
	maps.Copy(out, mapping(o.Map, "data"))
	maps.Copy(out, mapping(o.Map, "binaryData"))
	for key, value := range mapping(o.Map, "stringData") {
		if s, ok := value.(string); ok {
			value = base64.StdEncoding.EncodeToString([]byte(s))
		}
		out[key] = value
	}
	return out
}

// unclear makes a Problem of an object that another one has the name of, where
// both cannot be right: what was gathered from a cluster, and what bears trust. A
// look-up of a Secret or ConfigMap tells by itself, for most are of no interest. Two
// workloads of one name are two variants in a folder of manifests, and both are
// read.
func (o *opener) unclear(first, second Object) {
	if second.APIVersion() == "v1" && isLookedUp(second.Kind()) {
		o.in.unclear[keyOf(second)] = fmt.Errorf("%w: %q and %q", ErrUnclear, o.where(first), o.where(second))
		return
	}
	gathered := o.in.FromCapture(first) && o.in.FromCapture(second)
	if !gathered && !bearsTrust(second) || second.Kind() == "Event" {
		return
	}
	if first.APIVersion() != second.APIVersion() {
		return // one object as two versions of its API
	}
	p := Problem{
		Source: second.Provenance.Source, Path: second.Provenance.Path, Line: second.Provenance.Line, Reason: "parse_error",
		Detail: evidence.Scrub(fmt.Sprintf("%s stands in %q, too, and is another one there", title(second), o.where(first))),
		Hint:   "leave one of them out; of several clusters, collect each into a document of its own, and name the documents together",
	}
	if second.Kind() == "Pod" {
		p.Collectors = lists["pods"]
	}
	o.in.Problems = append(o.in.Problems, p)
}

// where is the file of an object, as a person would look for it.
func (o *opener) where(object Object) string {
	if path, ok := o.in.File(object.Provenance); ok {
		return path
	}
	return object.Provenance.Path
}

func title(o Object) string {
	if o.Namespace() == "" {
		return fmt.Sprintf("%s %q", o.Kind(), o.Name())
	}
	return fmt.Sprintf("%s %q", o.Kind(), o.Namespace()+"/"+o.Name())
}
