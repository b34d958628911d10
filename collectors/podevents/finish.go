package podevents

import (
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Finish joins status and events and writes pods, pull failures, registries and
// the nodes' API facts. Nothing may be added afterwards.
func (c *Collector) Finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settlePlatforms()
	out := &output{failures: map[string]evidence.PullFailure{}}
	for _, key := range sortedKeys(c.waiting) {
		c.joinPod(key, out)
	}
	if len(c.pods) == 0 && !c.b.Requested(evidence.Pods) {
		for _, key := range sortedKeys(c.events) {
			c.joinEvents(key, out)
		}
	}
	registries := c.registries(out)
	c.b.Record(func(d *evidence.Document) {
		c.writeNodes(d)
		maps.Copy(d.Pods, c.pods)
		maps.Copy(d.PullFailures, out.failures)
		maps.Copy(d.Registries, registries)
	})
	for _, g := range out.gaps {
		c.b.Part(g.collector, g.gap)
	}
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
		events := c.events[key]
		switch {
		case pod.Platform != "":
		case c.nodes[pod.Node].esxi, events != nil && events.vsphere:
			pod.Platform = evidence.PlatformVSpherePod
		}
		if events != nil && pod.Observed {
			pod.MissingPullSecrets = events.missingSecrets
		}
		c.pods[key] = pod
	}
}

// joinPod makes the failures of one pod that waits.
func (c *Collector) joinPod(key string, out *output) {
	w := c.waiting[key]
	j := &join{c: c, pod: c.pods[key], waits: w, events: c.events[key], out: out}
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
	pod    evidence.Pod
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
	byImage := j.events.byImage[normalised(image)]
	if byImage != nil && (byImage.failure != nil || byImage.backOff != nil) {
		return byImage, &byImage.objectEvents
	}
	for _, container := range f.containers {
		if o := j.events.byImage[containerKey(container)]; o != nil && o.failure != nil {
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
	e := c.events[key]
	j := &join{c: c, events: e, out: out, waits: &waitingPod{namespace: e.namespace, name: e.name}}
	if e.vsphere {
		j.pod.Platform = evidence.PlatformVSpherePod
	}
	var failures []failure
	for _, image := range sortedKeys(e.byImage) {
		o := e.byImage[image]
		f := failure{image: o.image, containers: o.containers}
		f.eventsOf(o, &o.objectEvents)
		if f.failing && f.event != nil {
			failures = append(failures, f)
		}
	}
	if e.failing() {
		f := failure{image: Classify(e.failure.message).Image}
		f.eventsOf(nil, &e.objectEvents)
		failures = append(failures, f)
	}
	if len(failures) == 0 && e.sandbox != nil && !e.progress.After(e.sandbox.at) {
		failures = append(failures, failure{sandbox: true, image: Classify(e.sandbox.message).Image, event: e.sandbox, failing: true})
	}
	if len(failures) > 0 && c.b.CollectedAt().Sub(e.newest) > time.Hour {
		out.gaps = append(out.gaps, part{evidence.Events, evidence.Gap{
			Subject: podSubject(e.namespace, e.name), Field: "events", Reason: "not_found",
			Detail: "its events are older than one hour",
		}})
		return
	}
	for _, f := range failures {
		j.write(f)
	}
}

// registries groups the images of pods, workloads and failures by registry.
func (c *Collector) registries(out *output) map[string]evidence.Registry {
	g := &grouping{byKey: map[string]*registryUse{}, known: map[string]string{}}
	for _, key := range sortedKeys(c.pods) {
		pod := c.pods[key]
		if !pod.Observed {
			continue
		}
		platform := evidence.OriginKubelet
		if pod.Platform == evidence.PlatformVSpherePod {
			platform = evidence.OriginVSpherePod
		}
		for _, image := range pod.Images {
			g.add(image, key, "", platform)
		}
	}
	for _, key := range sortedKeys(c.workloads) {
		for _, image := range c.workloads[key].images {
			if !g.add(image, "", key, "") && c.b.Requested(evidence.Images) {
				out.gaps = append(out.gaps, part{evidence.Images, evidence.Gap{
					Subject: workloadSubject(key, c.workloads[key].prov), Field: "image", Reason: "parse_error",
					Detail: "\"" + image + "\" is no image reference",
				}})
			}
		}
	}
	for _, f := range out.failures {
		if f.Image != "" {
			g.add(f.Image, "", "", f.Origin)
		}
	}
	return g.done()
}

func workloadSubject(key string, prov evidence.Provenance) evidence.Subject {
	if prov.Path != "" {
		return evidence.Subject{"kind": "file", "name": prov.Path}
	}
	kind, name, _ := strings.Cut(key, "/")
	namespace, name, _ := strings.Cut(name, "/")
	return evidence.Subject{"kind": strings.ToLower(kind), "namespace": namespace, "name": name}
}

// grouping is images by registry.
type grouping struct {
	byKey map[string]*registryUse
	known map[string]string // RegistryOf, by image; empty for what is no reference
}

type registryUse struct {
	images, workloads, platforms map[string]bool
	pods                         int
	lastPod                      string // pods come one after another
}

// add tells whether image is a reference.
func (g *grouping) add(image, pod, workload, platform string) bool {
	key, seen := g.known[image]
	if !seen {
		key, _ = RegistryOf(image)
		g.known[image] = key
	}
	if key == "" {
		return false
	}
	r := g.byKey[key]
	if r == nil {
		r = &registryUse{images: map[string]bool{}, workloads: map[string]bool{}, platforms: map[string]bool{}}
		g.byKey[key] = r
	}
	r.images[image] = true
	if pod != "" && pod != r.lastPod {
		r.pods++
		r.lastPod = pod
	}
	if workload != "" {
		r.workloads[workload] = true
	}
	if platform != "" {
		r.platforms[platform] = true
	}
	return true
}

func (g *grouping) done() map[string]evidence.Registry {
	out := make(map[string]evidence.Registry, len(g.byKey))
	for key, r := range g.byKey {
		host, port := splitHostPort(key)
		out[key] = evidence.Registry{
			Host: host, Port: port, Pods: r.pods,
			Images: setOf(r.images), Workloads: setOf(r.workloads), Platforms: setOf(r.platforms),
		}
	}
	return out
}

func setOf(m map[string]bool) []string {
	if len(m) == 0 {
		return nil
	}
	list := make([]string, 0, len(m))
	for s := range m {
		list = append(list, s)
	}
	sort.Strings(list)
	return list
}
