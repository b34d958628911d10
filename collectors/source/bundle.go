package source

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// bundle reads what another tool gathered from a cluster.
func (w *walker) bundle(ctx context.Context) error {
	switch w.layout {
	case troubleshoot:
		return w.troubleshoot(ctx)
	case mustGather:
		return w.mustGather(ctx)
	case clusterDump:
		return w.clusterDump(ctx)
	default:
		return w.crashd(ctx)
	}
}

// lists are the resources that bundles hold by namespace and that are read here,
// with the evidence that a missing list takes away.
var lists = map[string][]string{
	"pods":   {evidence.Pods, evidence.Images},
	"events": {evidence.Events},
}

// lacks makes a Problem of the namespaces of which a bundle has no list of a
// resource. told is what the bundle itself says of the reason.
func (w *walker) lacks(name, resource string, namespaces []string, told string) {
	if len(namespaces) == 0 && told == "" {
		return
	}
	const shown = 5
	p := Problem{
		Path: name, Reason: "not_in_source", Collectors: lists[resource],
		Detail: fmt.Sprintf("the bundle lacks some %s", resource),
		Hint:   "collect the bundle with a role that may list them in all namespaces",
	}
	if len(namespaces) > 0 {
		more := ""
		if len(namespaces) > shown {
			more = fmt.Sprintf(" and %d more", len(namespaces)-shown)
		}
		p.Detail = fmt.Sprintf("the bundle lacks the %s of %s%s", resource, oneLine(strings.Join(namespaces[:min(len(namespaces), shown)], ", ")), more)
	}
	if told != "" {
		p.Detail += ": " + oneLine(told)
	}
	if strings.Contains(told, "forbidden") {
		p.Reason = "forbidden"
	}
	w.problem(p)
}

// isList tells the files of a bundle that hold a list that is read here.
func isList(name string) bool {
	base := path.Base(name)
	_, byName := lists[strings.TrimSuffix(base, path.Ext(base))]
	_, byFolder := lists[path.Base(path.Dir(name))]
	return byName || byFolder
}

// namespacesOf are the namespaces that the source's own objects tell of, sorted.
func (w *walker) namespacesOf() []string {
	var out []string
	for _, o := range w.o.in.Objects[w.first:] {
		if o.Kind() == "Namespace" && o.APIVersion() == "v1" {
			out = append(out, o.Name())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// gatheredIn marks the kinds of a list as gathered in one namespace.
func (w *walker) gatheredIn(namespace string, kinds []string) {
	held := w.o.in.captures[w.o.register(w.from)]
	for _, kind := range kinds {
		held.in[kindIn{kind, namespace}] = true
	}
}

const timestampFile = "timestamp"

// stamp records when the bundle was made, as it says itself, or else by the newest
// of the files that were read.
func (w *walker) stamp(said time.Time) {
	if said.IsZero() {
		at, from := madeAt(w.o.in.Objects[w.first:], w.newest)
		w.o.collected(w.from, at, from)
		return
	}
	w.o.collected(w.from, said, evidence.TimeFromContent)
}

// stampName records when the bundle was made, as a name tells it: in the time zone
// of who made it, which is not known. File times that agree with it but for a time
// zone are the better ones.
func (w *walker) stampName(named time.Time) {
	const zones = 15 * time.Hour
	switch apart := w.newest.Sub(named).Abs(); {
	case named.IsZero():
		w.stamp(named)
	case w.newest.IsZero() || apart > zones:
		w.o.collected(w.from, named, evidence.TimeFromName)
	default:
		w.o.collected(w.from, w.newest, evidence.TimeFromContent)
	}
}

func (o *opener) collected(source origin, at time.Time, from string) {
	if at.IsZero() {
		return
	}
	id := o.register(source)
	s := o.in.Sources[id]
	s.CollectedAt, s.CollectedAtFrom = evidence.MaybeAt(at), from
	o.in.Sources[id] = s
}

// madeAt is when objects were gathered, by the time of their file. A file that was
// copied since has another time; a cluster has always some heartbeat or event of
// the last minutes.
func madeAt(objects []Object, file time.Time) (at time.Time, from string) {
	var told time.Time
	for _, o := range objects {
		for _, at := range toldTimes(o) {
			if at.After(told) {
				told = at
			}
		}
	}
	if apart := file.Sub(told); told.IsZero() || !file.IsZero() && apart >= 0 && apart < time.Hour {
		return file, evidence.TimeFromFiles
	}
	return told, evidence.TimeFromObjects
}

// toldTimes are the times at which an event was seen last, or a node told that it
// is there.
func toldTimes(o Object) []time.Time {
	var texts []string
	switch o.Kind() {
	case "Event":
		texts = []string{
			text(o.Map, "lastTimestamp"), text(o.Map, "deprecatedLastTimestamp"), text(o.Map, "eventTime"),
			text(mapping(o.Map, "series"), "lastObservedTime"),
		}
	case "Node":
		conditions, _ := mapping(o.Map, "status")["conditions"].([]any)
		for _, c := range conditions {
			m, _ := c.(map[string]any)
			texts = append(texts, text(m, "lastHeartbeatTime"))
		}
	}
	var out []time.Time
	for _, s := range texts {
		if at, err := time.Parse(time.RFC3339, s); err == nil {
			out = append(out, at)
		}
	}
	return out
}

// see remembers how new the files are.
func (w *walker) see(info fs.FileInfo) {
	if at := info.ModTime(); at.After(w.newest) && at.Unix() > 0 {
		w.newest = at
	}
}

// files calls fn with each file below a folder, at most so many folders deep.
// Links are left out.
func (w *walker) files(ctx context.Context, dir string, depth int, fn func(name string) error) error {
	entries, err := w.t.ReadDir(dir)
	if err != nil {
		w.problem(fileProblem(dir, err))
		return nil
	}
	for _, e := range entries {
		if err := w.count(ctx); err != nil {
			return err
		}
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && depth > 1:
			err = w.files(ctx, name, depth-1, fn)
		case e.Type().IsRegular():
			err = fn(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
