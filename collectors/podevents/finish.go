package podevents

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Finish joins status and events and writes pods, pull failures, registries, the
// events' windows and the nodes' API facts. Nothing may be added afterwards.
func (c *Collector) Finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settlePlatforms()
	out := &output{failures: map[string]evidence.PullFailure{}}
	for _, key := range sortedKeys(c.waiting) {
		c.joinPod(key, out)
	}
	if !c.podsObserved() && !c.b.Requested(evidence.Pods) {
		for _, key := range sortedKeys(c.events) {
			c.joinEvents(key, out)
		}
	}
	registries := c.registries(out)
	c.b.Record(func(d *evidence.Document) {
		c.writeNodes(d)
		c.writeWindows(d)
		if len(d.Pods) == 0 {
			d.Pods = c.pods // a copy of 150,000 would need 30 MB more
		} else {
			maps.Copy(d.Pods, c.pods)
		}
		maps.Copy(d.PullFailures, out.failures)
		maps.Copy(d.Registries, registries)
	})
	for _, g := range out.gaps {
		c.b.Part(g.collector, g.gap)
	}
}

// podsObserved tells whether the source holds pods of a cluster: then events of
// other pods are history.
func (c *Collector) podsObserved() bool {
	for _, p := range c.pods {
		if p.Observed {
			return true
		}
	}
	return false
}

// output is what Finish writes.
type output struct {
	failures map[string]evidence.PullFailure
	gaps     []part
}

type part struct {
	collector string
	gap       evidence.Gap
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func podSubject(namespace, name string) evidence.Subject {
	return evidence.Subject{"kind": "pod", "namespace": namespace, "name": name}
}

// settlePlatforms marks vSphere Pods by what their events or their node say, and
// notes the pull secrets that the kubelet missed.
func (c *Collector) settlePlatforms() {
	for key, pod := range c.pods {
		vsphere, missing := c.saidOfPod(key)
		switch {
		case pod.Platform != "":
		case c.nodes[pod.Node].esxi, vsphere:
			pod.Platform = evidence.PlatformVSpherePod
		}
		if pod.Observed {
			pod.MissingPullSecrets = missing
		}
	}
}

// saidOfPod is what events say of a pod itself: those of its uid and those without one.
// Which of its images' events are kept makes no difference.
func (c *Collector) saidOfPod(key string) (vsphere bool, missing []string) {
	uid := c.uids[key]
	if uid == 0 {
		if p := c.eventsOf(key); p != nil {
			return p.vsphere, p.missingSecrets
		}
		return false, nil
	}
	for _, p := range c.events[key] {
		if p.uid == uid || p.uid == 0 {
			vsphere = vsphere || p.vsphere
			missing = sortedSet(slices.Concat(missing, p.missingSecrets))
		}
	}
	return vsphere, missing
}

// joinPod makes the failures of one pod that waits.
func (c *Collector) joinPod(key string, out *output) {
	w := c.waiting[key]
	j := &join{c: c, pod: c.pods[key], waits: w, events: c.eventsOf(key), out: out}
	if j.events == nil {
		j.events = &podEvents{}
	}
	found := false
	for _, image := range j.images() {
		found = j.image(image) || found
	}
	if !found {
		j.sandbox()
	}
}

// join is the work on one pod.
type join struct {
	c      *Collector
	pod    *evidence.Pod
	waits  *waitingPod
	events *podEvents
	out    *output
}

// images lists the images that containers wait for, those of image volumes too
// where a message says so.
func (j *join) images() []string {
	var images []string
	for i := range j.waits.wants {
		w := &j.waits.wants[i]
		w.image = j.pulledInstead(w)
		images = append(images, w.image)
	}
	return sortedSet(images)
}

// pulledInstead is the image that a container fails for: an image volume's where
// the message names that.
func (j *join) pulledInstead(w *wantedImage) string {
	if !w.failing || len(j.waits.volumeImages) == 0 {
		return w.image
	}
	named := Classify(w.message).Image
	for _, volume := range j.waits.volumeImages {
		if named != "" && sameImage(named, volume) && !sameImage(named, w.image) {
			return volume
		}
	}
	return w.image
}

// image makes the failure of one image, if it failed.
func (j *join) image(image string) bool {
	f := failure{image: image}
	for i := range j.waits.wants {
		w := &j.waits.wants[i]
		if w.image != image {
			continue
		}
		f.containers = append(f.containers, w.container)
		if w.failing {
			f.status(w)
		}
	}
	f.eventsOf(j.eventsFor(f, image))
	if f.reason == "" && (f.event == nil || !f.failing) {
		return false
	}
	j.write(f)
	return true
}

// eventsFor finds what the events say of an image: under its name, under its
// container's, of the vSphere Image object or, for a vSphere Pod, of the pod.
func (j *join) eventsFor(f failure, image string) (*imageEvents, *objectEvents) {
	byImage := j.events.byImage.of(normalised(image))
	if byImage != nil && (byImage.failure != nil || byImage.backOff != nil) {
		return byImage, &byImage.objectEvents
	}
	for _, container := range f.containers {
		if o := j.events.byImage.of(containerKey(container)); o != nil && o.failure != nil {
			return o, &o.objectEvents
		}
	}
	if o := j.ofWholePod(image); o != nil {
		return nil, o
	}
	if o := j.ofImageObject(f.containers, image); o != nil {
		return nil, o
	}
	if byImage != nil {
		return byImage, &byImage.objectEvents
	}
	return nil, nil
}

// ofWholePod is a vSphere Pod's "failed to get images: ..." where that is about
// this image or names none.
func (j *join) ofWholePod(image string) *objectEvents {
	o := &j.events.objectEvents
	if o.failure == nil {
		return nil
	}
	if named := Classify(o.failure.message).Image; named != "" && !sameImage(named, image) && j.waitsFor(named) {
		return nil
	}
	return o
}

func (j *join) waitsFor(image string) bool {
	return slices.ContainsFunc(j.waits.wants, func(w wantedImage) bool { return sameImage(w.image, image) })
}

// ofImageObject is what the events say of the vSphere Image object that stands
// for an image: the pod's annotation names it, or an event that it waits for it.
func (j *join) ofImageObject(containers []string, image string) *objectEvents {
	var candidates []string
	for _, container := range containers {
		if name := j.waits.imageObjects[container]; name != "" {
			candidates = append(candidates, j.waits.namespace+"/"+name)
		}
	}
	for _, object := range j.events.imageObjects {
		_, name, _ := strings.Cut(object, "/")
		if base := imageObjectBase(name); base != "" && base == baseName(image) {
			candidates = append(candidates, object)
		}
	}
	for _, object := range candidates {
		if o := j.c.images[object]; o != nil && o.failure != nil {
			return o
		}
	}
	return nil
}

// baseName is the last element of an image's repository.
func baseName(image string) string {
	image = image[strings.LastIndexByte(image, '/')+1:]
	if end := strings.IndexAny(image, ":@"); end >= 0 {
		image = image[:end]
	}
	return image
}

// sandbox makes the failure of the sandbox's image, of a pod that got no further.
func (j *join) sandbox() {
	e := j.events.sandbox
	if e == nil || j.waits.sandboxUp || j.events.progress.After(e.at) {
		return
	}
	f := failure{sandbox: true, image: Classify(e.message).Image, event: e, failing: true}
	f.first, f.last = evidence.MaybeAt(e.at), evidence.MaybeAt(e.at)
	j.write(f)
}

// joinEvents makes failures of events alone, for a source that holds no pods.
func (c *Collector) joinEvents(key string, out *output) {
	e := c.eventsOf(key)
	j := &join{c: c, pod: &evidence.Pod{}, events: e, out: out, waits: &waitingPod{namespace: e.namespace, name: e.name}}
	if e.vsphere {
		j.pod.Platform = evidence.PlatformVSpherePod
	}
	var failures []failure
	for _, o := range slices.SortedFunc(slices.Values(e.byImage.all), func(a, b *imageEvents) int { return strings.Compare(a.key, b.key) }) {
		f := failure{image: o.image, containers: o.containers}
		f.eventsOf(o, &o.objectEvents)
		if f.failing && f.event != nil {
			failures = append(failures, f)
		}
	}
	whole := []*objectEvents{&e.objectEvents}
	for _, object := range e.imageObjects {
		if o := c.images[object]; o != nil {
			whole = append(whole, o)
		}
	}
	for _, o := range whole {
		if o.failing() {
			f := failure{image: Classify(o.failure.message).Image}
			f.eventsOf(nil, o)
			failures = append(failures, f)
		}
	}
	if len(failures) == 0 && e.sandbox != nil && !e.progress.After(e.sandbox.at) {
		failures = append(failures, failure{sandbox: true, image: Classify(e.sandbox.message).Image, event: e.sandbox, failing: true})
	}
	if len(failures) > 0 && c.b.CollectedAt().Sub(e.newest) > time.Hour {
		out.gaps = append(out.gaps, part{evidence.Events, evidence.Gap{
			Subject: podSubject(e.namespace, e.name), Reason: "not_found",
			Detail: "its events are older than one hour",
		}})
		return
	}
	for _, f := range failures {
		j.write(f)
	}
}
