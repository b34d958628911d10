package podevents

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// podEvents is what the events say of one pod.
type podEvents struct {
	namespace, name string
	uid             uidDigest
	objectEvents
	byImage imageList
	// sandbox is the newest failure to get the sandbox's image.
	sandbox *failureEvent
	// progress is when the newest event came that needs a sandbox.
	progress time.Time
	// missingSecrets are the pull secrets that the kubelet could not retrieve.
	missingSecrets []string
	// imageObjects are the vSphere Image objects that the pod waits for.
	imageObjects []string
	vsphere      bool
	newest       time.Time
}

// imageList is what the events say of a pod's images. Most pods have one or two, for
// which a map would be larger than what is in it.
type imageList struct {
	all   []*imageEvents
	index map[string]*imageEvents // of more than fewImages
}

const fewImages = 16

// of is the record of an image by its normalised reference, nil where there is none.
func (l *imageList) of(key string) *imageEvents {
	if l.index != nil {
		return l.index[key]
	}
	for _, o := range l.all {
		if o.key == key {
			return o
		}
	}
	return nil
}

func (l *imageList) add(o *imageEvents) {
	l.all = append(l.all, o)
	if l.index == nil && len(l.all) > fewImages {
		l.index = map[string]*imageEvents{}
		for _, o := range l.all {
			l.index[o.key] = o
		}
	}
	if l.index != nil {
		l.index[o.key] = o
	}
}

// imageEvents is what the events say of one image of a pod.
type imageEvents struct {
	key, image string
	containers []string
	objectEvents
	// backOff is the newest event that only says that the kubelet waits.
	backOff *failureEvent
}

// objectEvents is the newest failure and success of one object: a pod's image, a
// vSphere Pod, a vSphere Image.
type objectEvents struct {
	failure *failureEvent
	success time.Time
	span    *span // of its failures; few objects have any
}

// span is how long failures went on.
type span struct {
	first, last time.Time
	count       int
}

// failing tells that the newest event was no success.
func (o *objectEvents) failing() bool { return o.failure != nil && !o.success.After(o.failure.at) }

// failureEvent is one event that says why.
type failureEvent struct {
	at              time.Time
	reason, message string
	node            string
	known           bool // the message tells a cause
}

// newer tells whether an event replaces another: a cause goes before none, then
// the later one. Events of the same second are put in an order of their own, so
// that the order of the list does not matter.
func (e *failureEvent) newer(than *failureEvent) bool {
	switch {
	case than == nil:
		return true
	case e.known != than.known:
		return e.known
	case !e.at.Equal(than.at):
		return e.at.After(than.at)
	default:
		return e.message > than.message
	}
}

// AddEvent adds an event. Of those that have nothing to do with images only the
// time is kept.
func (c *Collector) AddEvent(e *corev1.Event, _ evidence.Provenance) {
	c.widen(e)
	kind := e.InvolvedObject.Kind
	if (kind != "Pod" && kind != "Image") || e.InvolvedObject.Name == "" {
		return
	}
	n := readEvent(e)
	if n.kind == irrelevant {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	count := c.counted(e, n.count)
	key := c.word(namespaceOr(e.InvolvedObject.Namespace)) + "/" + e.InvolvedObject.Name
	if kind == "Image" {
		c.addImageObject(key, n, count)
		return
	}
	if !n.tellsOfPod() && c.settled(key, digestOf(e.InvolvedObject.UID)) {
		return
	}
	c.intern(&n)
	c.recordOf(key, e).add(n, count)
}

// tellsOfPod: it says something of the pod itself, not only of its images.
func (n notice) tellsOfPod() bool { return n.vsphere || n.kind == secretMissing }

// forgetEvents lets go of what events said before a pod came that has its images: of
// 60,000 events most are about such pods.
func (c *Collector) forgetEvents(key string) {
	kept := slices.DeleteFunc(c.events[key], func(p *podEvents) bool {
		return !p.vsphere && len(p.missingSecrets) == 0 && c.settled(key, p.uid)
	})
	if len(kept) > 0 {
		c.events[key] = kept
	} else {
		delete(c.events, key)
	}
}

// intern replaces an event's words by those that are kept already, and finds the key
// of its image: 60,000 events name a few thousand images.
func (c *Collector) intern(n *notice) {
	n.message, n.container, n.image = c.word(n.message), c.word(n.container), c.word(n.image)
	if n.image == "" {
		n.key = c.word(containerKey(n.container))
		return
	}
	key, known := c.keys[n.image]
	if !known {
		key = c.word(normalised(n.image))
		c.keys[n.image] = key
	}
	n.key = key
}

// recordOf is the record of the pod that an event is about: a StatefulSet's pod
// has had others of its name before.
func (c *Collector) recordOf(key string, e *corev1.Event) *podEvents {
	uid := digestOf(e.InvolvedObject.UID)
	for _, p := range c.events[key] {
		if p.uid == uid {
			return p
		}
	}
	p := &podEvents{namespace: c.word(namespaceOr(e.InvolvedObject.Namespace)), name: key[len(key)-len(e.InvolvedObject.Name):], uid: uid}
	c.events[key] = append(c.events[key], p)
	return p
}

// eventsOf is what the events say of a pod. Where the pod's uid or the events'
// is not known, those of the newest pod of that name count.
func (c *Collector) eventsOf(key string) *podEvents {
	uid := c.uids[key]
	var newest *podEvents
	for _, p := range c.events[key] {
		switch {
		case uid != 0 && p.uid == uid:
			return p
		case uid != 0 && p.uid != 0:
		case newest == nil || p.newest.After(newest.newest) || (p.newest.Equal(newest.newest) && p.uid < newest.uid):
			newest = p
		}
	}
	return newest
}

// counted returns how often an event newly counts: captures hold events twice,
// as core/v1 and as events.k8s.io/v1, or of two moments.
func (c *Collector) counted(e *corev1.Event, count int) int {
	if e.UID == "" {
		return count
	}
	uid := digestOf(e.UID)
	before := c.seen[uid]
	c.seen[uid] = max(count, before)
	return max(0, count-before)
}

func (c *Collector) addImageObject(key string, n notice, count int) {
	o := c.images[key]
	if o == nil {
		o = &objectEvents{}
		c.images[key] = o
	}
	switch n.kind {
	case pullFailed:
		o.fail(n, count)
	case pulled:
		o.succeed(n)
	}
}

func (p *podEvents) add(n notice, count int) {
	p.vsphere = p.vsphere || n.vsphere
	if n.kind == platformOnly {
		return
	}
	if n.at.After(p.newest) {
		p.newest = n.at
	}
	switch n.kind {
	case pullFailed:
		p.addFailure(n, count)
	case backingOff:
		if o := p.image(n); o != nil {
			if e := n.event(); e.newer(o.backOff) {
				o.backOff = e
			}
		}
	case pulling:
		p.advance(n)
		p.waitFor(n.imageObject)
	case pulled:
		p.advance(n)
		if o := p.image(n); o != nil {
			o.succeed(n)
		} else {
			p.succeed(n)
		}
	case sandboxFailed:
		if e := n.event(); e.newer(p.sandbox) {
			p.sandbox = e
		}
	case secretMissing:
		p.missingSecrets = sortedSet(append(p.missingSecrets, n.secrets...))
	}
}

func (p *podEvents) addFailure(n notice, count int) {
	if o := p.image(n); o != nil {
		o.fail(n, count)
		return
	}
	p.fail(n, count)
}

// image is the record of the image that a notice names or, where it names none,
// of the container's that it is about. Nil for what concerns the pod as a whole.
func (p *podEvents) image(n notice) *imageEvents {
	if n.image == "" && n.container == "" {
		return nil
	}
	o := p.byImage.of(n.key)
	if o == nil {
		o = &imageEvents{key: n.key, image: n.image}
		p.byImage.add(o)
	}
	if n.container != "" && !slices.Contains(o.containers, n.container) {
		o.containers = sortedSet(append(o.containers, n.container))
	}
	return o
}

// containerKey keeps apart what is known of a container alone. No reference
// begins so.
func containerKey(container string) string { return "{" + container + "}" }

func (p *podEvents) advance(n notice) {
	if n.at.After(p.progress) {
		p.progress = n.at
	}
}

func (p *podEvents) waitFor(object string) {
	if object != "" {
		p.imageObjects = sortedSet(append(p.imageObjects, object))
	}
}

func (o *objectEvents) fail(n notice, count int) {
	if e := n.event(); e.newer(o.failure) {
		o.failure = e
	}
	if o.span == nil {
		o.span = &span{}
	}
	o.span.count += count
	if o.span.first.IsZero() || (!n.first.IsZero() && n.first.Before(o.span.first)) {
		o.span.first = n.first
	}
	if n.at.After(o.span.last) {
		o.span.last = n.at
	}
}

func (o *objectEvents) succeed(n notice) {
	if n.at.After(o.success) {
		o.success = n.at
	}
}

func (n notice) event() *failureEvent {
	return &failureEvent{at: n.at, reason: n.reason, message: n.message, node: n.node, known: n.known}
}

// eventTimes are when an event was first and last seen, and how often.
func eventTimes(e *corev1.Event) (first, last time.Time, count int) {
	last = e.LastTimestamp.Time
	count = int(e.Count)
	if e.Series != nil {
		count = max(count, int(e.Series.Count))
		if t := e.Series.LastObservedTime.Time; t.After(last) {
			last = t
		}
	}
	first = e.FirstTimestamp.Time
	for _, t := range []time.Time{e.EventTime.Time, e.CreationTimestamp.Time} {
		if first.IsZero() {
			first = t
		}
	}
	if last.IsZero() {
		last = first
	}
	return first, last, max(count, 1)
}

// containerOf reads "spec.containers{app}".
func containerOf(fieldPath string) string {
	_, name, _ := strings.Cut(strings.TrimSuffix(fieldPath, "}"), "{")
	return name
}
