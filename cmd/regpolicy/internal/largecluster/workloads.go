package largecluster

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

func nodeName(i int) string { return fmt.Sprintf("large-workers-%05d", i) }

// addNodes adds what the API says of the nodes.
func (c *cluster) addNodes() {
	for i := range c.Nodes {
		c.pods.AddNode(&corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: nodeName(i), Annotations: map[string]string{
				"cluster.x-k8s.io/cluster-name": name, "cluster.x-k8s.io/cluster-namespace": namespace,
			}},
			Status: corev1.NodeStatus{
				Addresses: []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.%d.%d.%d", 200+i/62500, i/250%250, 1+i%250)}},
				NodeInfo: corev1.NodeSystemInfo{
					OSImage: "VMware Photon OS/Linux", ContainerRuntimeVersion: "containerd://1.7.22", KubeletVersion: "v1.31.4+vmware.1-fips",
					OperatingSystem: "linux", Architecture: "amd64",
				},
			},
		}, evidence.Provenance{Source: sourceName, Method: "list"})
	}
}

// images is how many repositories each registry has.
const images = 50

func imageOf(i int, registries int) string {
	return fmt.Sprintf("%s/team-%02d/app:1.%d", host(i%registries), i/registries%images, i%3)
}

// addPods adds the pods and their events. What broken nodes pull fails, three events
// for each such pod; all other events tell that an image was pulled.
func (c *cluster) addPods() {
	events := 0
	event := func(p *corev1.Pod, kind, reason, message string) {
		if events == c.Events {
			return
		}
		events++
		c.pods.AddEvent(&corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: p.Namespace, Name: fmt.Sprintf("%s.%x", p.Name, events), UID: types.UID(fmt.Sprintf("e-%d", events))},
			InvolvedObject: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: p.Namespace, Name: p.Name, UID: p.UID},
			Type:           kind, Reason: reason, Message: message, Count: 3,
			Source:         corev1.EventSource{Component: "kubelet", Host: p.Spec.NodeName},
			FirstTimestamp: metav1.NewTime(c.at.Add(-4 * time.Minute)), LastTimestamp: metav1.NewTime(c.at.Add(-time.Minute)),
		}, evidence.Provenance{Source: sourceName, Method: "list"})
	}
	var running []*corev1.Pod
	for i := range c.Pods {
		p := c.pod(i)
		if image := p.Spec.Containers[0].Image; p.Status.Phase == corev1.PodPending {
			event(p, "Normal", "Pulling", fmt.Sprintf("Pulling image %q", image))
			event(p, "Warning", "Failed", fmt.Sprintf("Failed to pull image %q: %s", image, refusal(image)))
			event(p, "Warning", "Failed", "Error: ErrImagePull")
		} else if len(running) < c.Events {
			running = append(running, p)
		}
		c.pods.AddPod(p, evidence.Provenance{Source: sourceName, Method: "list"})
	}
	for _, p := range running {
		event(p, "Normal", "Pulled", fmt.Sprintf("Successfully pulled image %q in 1.2s", p.Spec.Containers[0].Image))
	}
}

func (c *cluster) pod(i int) *corev1.Pod {
	node := i % c.Nodes
	image := imageOf(i, c.Registries)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: fmt.Sprintf("team-%03d", i%200), Name: fmt.Sprintf("app-%d-%x", i/1000, i), UID: types.UID(fmt.Sprintf("p-%d", i)),
			CreationTimestamp: metav1.NewTime(c.at.Add(-5 * time.Minute)),
		},
		Spec: corev1.PodSpec{
			NodeName: nodeName(node), ServiceAccountName: "default",
			Containers: []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullIfNotPresent}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
	state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(c.at.Add(-4 * time.Minute))}}
	if faultOf(node) != healthy {
		p.Status.Phase = corev1.PodPending
		state = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: refusal(image)}}
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "app", Image: image, State: state, Ready: state.Running != nil}}
	return p
}

func refusal(image string) string {
	return fmt.Sprintf("failed to pull and unpack image %[1]q: failed to resolve reference %[1]q: failed to do request: Head \"https://%[2]s/v2/app/manifests/1.0\": "+
		"tls: failed to verify certificate: x509: certificate signed by unknown authority", image, image[:len(host(0))])
}
