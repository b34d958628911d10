package podevents

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// waitingPod is what is kept of a pod that has not all its images.
type waitingPod struct {
	namespace, name string
	wants           []wantedImage
	volumeImages    []string
	// sandboxUp tells that the pod's sandbox runs, so that its image is there.
	sandboxUp bool
	// imageObjects are the vSphere Image objects of its containers, by container.
	imageObjects map[string]string
}

// wantedImage is one container that waits.
type wantedImage struct {
	container, image string
	// failing: the kubelet says that the pull failed, with these words.
	failing         bool
	reason, message string
}

// pullReasons are the kubelet's waiting reasons for an image it has not got.
var pullReasons = map[string]bool{
	"ErrImagePull": true, "ImagePullBackOff": true, "ErrImageNeverPull": true, "ImageInspectError": true,
	"InvalidImageName": true, "RegistryUnavailable": true, "SignatureValidationFailed": true,
}

// unstartedReasons are those of a container whose image was not asked for yet,
// as far as the status tells.
var unstartedReasons = map[string]bool{"": true, "ContainerCreating": true, "PodInitializing": true}

// AddPod adds a pod, of a cluster or of a manifest: one with a status was
// observed. The later of two observations of a pod counts.
func (c *Collector) AddPod(p *corev1.Pod, prov evidence.Provenance) {
	record := &evidence.Pod{
		Phase:          string(p.Status.Phase),
		ServiceAccount: p.Spec.ServiceAccountName,
		Platform:       annotatedPlatform(p),
		AlwaysPulls:    alwaysPulls(&p.Spec),
		Observed:       observed(&p.Status),
	}
	waits := waitsOf(p)
	secrets := pullSecrets(&p.Spec)
	images := imagesOf(&p.Spec)

	c.mu.Lock()
	defer c.mu.Unlock()
	namespace := c.word(namespaceOr(p.Namespace))
	key := namespace + "/" + p.Name
	if !record.Observed {
		c.workloads["Pod/"+key] = workload{images: c.list(images), prov: prov}
		if _, known := c.pods[key]; known {
			return
		}
	}
	record.Node, record.Phase = c.word(p.Spec.NodeName), c.word(record.Phase)
	record.ServiceAccount = c.word(record.ServiceAccount)
	record.Images, record.PullSecrets = c.list(images), c.list(secrets)
	c.pods[key] = record
	if uid := uidInEvents(p); uid != 0 && record.Observed {
		c.uids[key] = uid
	}
	delete(c.waiting, key)
	if waits != nil && record.Observed {
		waits.namespace, waits.name = namespace, p.Name
		for i := range waits.wants {
			waits.wants[i].image = c.word(evidence.Scrub(waits.wants[i].image))
			waits.wants[i].message = c.word(waits.wants[i].message)
		}
		c.waiting[key] = waits
	}
	c.forgetEvents(key)
}

// observed tells a pod of a cluster from one that a manifest declares.
func observed(s *corev1.PodStatus) bool {
	return s.Phase != "" || len(s.Conditions) > 0 || len(s.ContainerStatuses) > 0 || len(s.InitContainerStatuses) > 0
}

// uidInEvents is the uid that events name a pod by. The kubelet knows a static
// pod by the digest of its file, the API by the uid of its mirror.
func uidInEvents(p *corev1.Pod) uidDigest {
	if digest := p.Annotations[corev1.MirrorPodAnnotationKey]; digest != "" {
		return digestOf(types.UID(digest))
	}
	return digestOf(p.UID)
}

// vmwareAnnotations mark vSphere Pods.
const (
	vmwareVM     = "vmware-system-vm-uuid"
	vmwareImages = "vmware-system-image-references" // JSON: Image objects by container
)

func annotatedPlatform(p *corev1.Pod) string {
	for _, annotation := range []string{vmwareVM, vmwareImages} {
		if _, ok := p.Annotations[annotation]; ok {
			return evidence.PlatformVSpherePod
		}
	}
	return ""
}

func imageObjects(p *corev1.Pod) map[string]string {
	var byContainer map[string]string
	if text := p.Annotations[vmwareImages]; text != "" && len(text) < maxMessage {
		// What is no such map tells nothing.
		_ = json.Unmarshal([]byte(text), &byContainer)
	}
	return byContainer
}

// each calls fn for every container, the init and the ephemeral ones too, with
// its status where there is one.
func each(spec *corev1.PodSpec, status *corev1.PodStatus, fn func(name, image string, policy corev1.PullPolicy, s *corev1.ContainerStatus)) {
	find := func(list []corev1.ContainerStatus, name string) *corev1.ContainerStatus {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
		return nil
	}
	for i := range spec.InitContainers {
		k := &spec.InitContainers[i]
		fn(k.Name, k.Image, k.ImagePullPolicy, find(status.InitContainerStatuses, k.Name))
	}
	for i := range spec.Containers {
		k := &spec.Containers[i]
		fn(k.Name, k.Image, k.ImagePullPolicy, find(status.ContainerStatuses, k.Name))
	}
	for i := range spec.EphemeralContainers {
		k := &spec.EphemeralContainers[i]
		fn(k.Name, k.Image, k.ImagePullPolicy, find(status.EphemeralContainerStatuses, k.Name))
	}
}

// imagesOf lists the references of a pod's containers and image volumes.
func imagesOf(spec *corev1.PodSpec) []string {
	images := volumeImages(spec)
	each(spec, &corev1.PodStatus{}, func(_, image string, _ corev1.PullPolicy, _ *corev1.ContainerStatus) {
		images = append(images, image)
	})
	return sortedSet(images)
}

func volumeImages(spec *corev1.PodSpec) []string {
	var images []string
	for i := range spec.Volumes {
		if v := spec.Volumes[i].Image; v != nil {
			images = append(images, v.Reference)
		}
	}
	return images
}

func alwaysPulls(spec *corev1.PodSpec) bool {
	always := len(spec.Containers) > 0
	each(spec, &corev1.PodStatus{}, func(_, _ string, policy corev1.PullPolicy, _ *corev1.ContainerStatus) {
		always = always && policy == corev1.PullAlways
	})
	return always
}

func pullSecrets(spec *corev1.PodSpec) []string {
	var names []string
	for _, s := range spec.ImagePullSecrets {
		names = append(names, s.Name)
	}
	return sortedSet(names)
}

// waitsOf is nil for a pod that has all its images, or will ask for none.
func waitsOf(p *corev1.Pod) *waitingPod {
	done := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	w := &waitingPod{}
	each(&p.Spec, &p.Status, func(name, image string, _ corev1.PullPolicy, s *corev1.ContainerStatus) {
		if want, waits := wants(s); waits && (want.failing || !done) {
			want.container, want.image = name, image
			w.wants = append(w.wants, want)
		}
	})
	failing := slices.ContainsFunc(w.wants, func(want wantedImage) bool { return want.failing })
	if len(w.wants) == 0 || (p.Spec.NodeName == "" && !failing) {
		return nil
	}
	w.volumeImages = volumeImages(&p.Spec)
	w.imageObjects = imageObjects(p)
	w.sandboxUp = sandboxUp(&p.Status)
	return w
}

// wants tells what a container waits for. One that ran, or failed after its
// image had come, waits for no image.
func wants(s *corev1.ContainerStatus) (wantedImage, bool) {
	if s == nil {
		return wantedImage{}, true
	}
	waiting := s.State.Waiting
	if waiting == nil {
		return wantedImage{}, s.State.Running == nil && s.State.Terminated == nil
	}
	switch {
	case pullReasons[waiting.Reason]:
		return wantedImage{failing: true, reason: waiting.Reason, message: waiting.Message}, true
	case unstartedReasons[waiting.Reason]:
		return wantedImage{}, true
	case strings.Contains(waiting.Reason, " "):
		// The kubelet (1.33 and later) gives the error itself for a reason where
		// it cannot read a pull secret.
		if Classify(waiting.Message).Cause == "pull_secret_invalid" {
			return wantedImage{failing: true, reason: "ErrImagePull", message: waiting.Message}, true
		}
	}
	return wantedImage{}, false
}

// sandboxUp tells that the sandbox was made: any container that got as far as
// its image proves that too.
func sandboxUp(s *corev1.PodStatus) bool {
	for _, condition := range s.Conditions {
		if condition.Type == corev1.PodReadyToStartContainers {
			return condition.Status == corev1.ConditionTrue
		}
	}
	for _, list := range [][]corev1.ContainerStatus{s.InitContainerStatuses, s.ContainerStatuses} {
		for i := range list {
			state := list[i].State
			if state.Running != nil || state.Terminated != nil || state.Waiting != nil && !unstartedReasons[state.Waiting.Reason] {
				return true
			}
		}
	}
	return false
}

func sortedSet(list []string) []string {
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	slices.Sort(list)
	return slices.Compact(list)
}
