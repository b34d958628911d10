// Package podevents makes facts of pods, events and nodes: which images pods
// want, from which registries, and why a pull failed. It states what was seen
// and judges nothing.
//
// Pod status is the base, for events live an hour and may be lost. An event adds
// the cause where the status keeps silent about it, as kubelets before 1.33 do
// while they back off, and failures that no container's status shows: those of
// the sandbox's image and of vSphere Pods.
package podevents

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Collector gathers pods, events, nodes and workloads in any order, from any
// number of goroutines, and writes them to a document in Finish. Of a healthy
// pod it keeps its record in the document only.
type Collector struct {
	b *evidence.Builder

	mu        sync.Mutex
	once      bool
	words     map[string]string   // interned
	lists     map[string][]string // interned
	keys      map[string]string   // of images, normalised
	pods      map[string]*evidence.Pod
	waiting   map[string]*waitingPod   // pods that wait for an image or for anything before
	uids      map[string]uidDigest     // of pods, as their events name them
	events    map[string][]*podEvents  // by pod, one for each of that name
	images    map[string]*objectEvents // by the vSphere Image object, "namespace/name"
	seen      map[uidDigest]int        // by an event's uid, how often it was counted
	windows   map[string]window        // by namespace
	nodes     map[string]apiNode
	workloads map[string]workload // by "Kind/namespace/name"
}

// New starts a collector that writes to b.
func New(b *evidence.Builder) *Collector {
	return &Collector{
		b:         b,
		words:     map[string]string{},
		lists:     map[string][]string{},
		keys:      map[string]string{},
		pods:      map[string]*evidence.Pod{},
		waiting:   map[string]*waitingPod{},
		uids:      map[string]uidDigest{},
		events:    map[string][]*podEvents{},
		images:    map[string]*objectEvents{},
		seen:      map[uidDigest]int{},
		windows:   map[string]window{},
		nodes:     map[string]apiNode{},
		workloads: map[string]workload{},
	}
}

// PodsComeOnce promises that no pod is added twice, as none comes twice in a cluster's
// list. Then what events say of the images of a pod that has them all is not kept.
func (c *Collector) PodsComeOnce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.once = true
}

// settled tells that nobody will ask what events say of the images of a pod: of that
// very pod, for another of its name may come.
func (c *Collector) settled(key string, uid uidDigest) bool {
	return c.once && uid != 0 && c.uids[key] == uid && c.waiting[key] == nil
}

// uidDigest stands for a uid, which is five times as long; 0 for none.
type uidDigest uint64

func digestOf(uid types.UID) uidDigest {
	if uid == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(uid))
	return max(uidDigest(binary.BigEndian.Uint64(sum[:])), 1)
}

// workload is an object of a manifest that has a pod template.
type workload struct {
	images []string
	at     map[string]evidence.Position // by image
	prov   evidence.Provenance
}

// Place tells where in a file a workload, added as an object or a pod of a manifest,
// names its images.
func (c *Collector) Place(kind, namespace, name string, images map[string]evidence.Position) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := kind + "/" + namespaceOr(namespace) + "/" + name
	w, ok := c.workloads[key]
	if !ok || len(images) == 0 {
		return
	}
	w.at = make(map[string]evidence.Position, len(images))
	for image, at := range images {
		w.at[evidence.Scrub(image)] = at
	}
	c.workloads[key] = w
}

// AddWorkload adds the images of an object's pod template: a Deployment's, a
// Job's. It was not observed to run anything.
func (c *Collector) AddWorkload(kind, namespace, name string, spec *corev1.PodSpec, prov evidence.Provenance) {
	if spec == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.workloads[kind+"/"+namespaceOr(namespace)+"/"+name] = workload{images: c.list(imagesOf(spec)), prov: prov}
}

// namespaceOr is where an object without a namespace is applied to, unless
// kubectl is told otherwise.
func namespaceOr(namespace string) string {
	if namespace == "" {
		return corev1.NamespaceDefault
	}
	return namespace
}

// word returns the one copy of s that is kept: 150,000 pods share a few thousand
// node names, images and messages.
func (c *Collector) word(s string) string {
	if kept, ok := c.words[s]; ok {
		return kept
	}
	c.words[s] = s
	return s
}

// list returns the one copy of a list that is kept. It must not be changed.
func (c *Collector) list(of []string) []string {
	if len(of) == 0 {
		return nil
	}
	var key []byte
	for _, s := range of {
		key = append(append(key, s...), 0)
	}
	if kept, ok := c.lists[string(key)]; ok {
		return kept
	}
	for i := range of {
		of[i] = c.word(evidence.Scrub(of[i])) // an image reference may hold a password
	}
	c.lists[string(key)] = of
	return of
}
