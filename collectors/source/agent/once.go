package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

const (
	// patience is how long the deletion of a pod may take, after everything else
	// was interrupted.
	patience = 10 * time.Second
	// firstLook and slowestLook are how often a pod is looked at while it starts.
	firstLook   = 250 * time.Millisecond
	slowestLook = 2 * time.Second
)

// Once is how a node is read by a pod that is made for it and deleted afterwards.
type Once struct {
	Options
	// Image is what the pod on a node runs; an error is that node's result.
	Image func(node string) (string, error)
	// Pull is the pod's imagePullPolicy.
	Pull corev1.PullPolicy
	// Command runs in the image, its own entry point when empty; Args follow it.
	Command []string
	Args    func(node string) []string
	// Raw: the log is a listing as the script writes it, and no frame.
	Raw bool
	// Run tells the pods of one run from those of others.
	Run string
}

// Read makes a pod on each node, reads its log when it has ended, and deletes it,
// also when ctx ends meanwhile. each is called for one node at a time.
func (o *Once) Read(ctx context.Context, c *kube.Cluster, nodes []string, each func(Result)) {
	each = oneAtATime(each)
	spread(o.Jobs, nodes, func(node string) {
		result := Result{Node: node}
		if ctx.Err() != nil {
			result.Err = fault("cancelled", "the run ended before this node's turn")
			each(result)
			return
		}
		pod, err := o.pod(node)
		if err != nil {
			result.Err = fault("image_unavailable", "%v", err)
			each(result)
			return
		}
		result.Pod = pod.Namespace + "/" + pod.Name
		o.read(ctx, c, pod, &result)
		each(result)
	})
}

func (o *Once) read(ctx context.Context, c *kube.Cluster, pod *corev1.Pod, result *Result) {
	limited, cancel := context.WithTimeout(ctx, orDefault(o.Timeout, DefaultTimeout))
	defer cancel()
	if err := c.CreatePod(limited, pod); err != nil {
		if !refused(err) { // it may have been created all the same
			o.remove(ctx, c, pod)
		}
		result.Err = refusal(err, pod.Namespace)
		return
	}
	defer o.remove(ctx, c, pod)
	if result.Err = o.await(limited, c, pod, result); result.Err == nil {
		result.Frame, result.Err = o.log(limited, c, pod)
	}
	if result.Err != nil && errors.Is(ctx.Err(), context.Canceled) {
		result.Err = fault("cancelled", "the run was interrupted while the pod ran")
	}
}

// log is what a pod that has ended well wrote.
func (o *Once) log(ctx context.Context, c *kube.Cluster, pod *corev1.Pod) (*Frame, *Error) {
	log, err := c.PodLog(ctx, pod.Namespace, pod.Name, containerName, 0, maxLog)
	if err != nil {
		return nil, logFault(err)
	}
	if o.Raw {
		return &Frame{Node: pod.Spec.NodeName, Listing: log}, nil
	}
	f, err := Read(log)
	if err != nil {
		return nil, logFault(err)
	}
	if f.Node != pod.Spec.NodeName {
		return nil, fault("parse_error", "the frame says that it is of node %q", clip(f.Node))
	}
	return f, nil
}

// await waits until a pod has ended well. In result it leaves when the pod was last
// seen not to have begun, and when it was seen to have ended.
func (o *Once) await(ctx context.Context, c *kube.Cluster, pod *corev1.Pod, result *Result) *Error {
	result.Before = o.now()
	last := fault("timeout_exec", "the pod %q was never seen", pod.Name)
	for wait := firstLook; ; wait = min(wait*3/2, slowestLook) {
		if o.Sleep(ctx, wait) != nil {
			return last
		}
		asked := o.now()
		now, err := c.Pod(ctx, pod.Namespace, pod.Name)
		if err != nil {
			if ctx.Err() != nil {
				return last
			}
			return faultOf(err)
		}
		switch now.Status.Phase {
		case corev1.PodSucceeded:
			result.After = o.now()
			return nil
		case corev1.PodPending:
			result.Before = asked
		}
		if err := hopeless(now); err != nil {
			return err
		}
		last = fault("timeout_exec", "the pod %q is still %s", pod.Name, strings.ToLower(string(now.Status.Phase)))
		if now.Status.StartTime == nil {
			last = fault("unreachable", "the kubelet of the node has not taken up the pod %q", pod.Name)
		}
	}
}

func (o *Once) now() time.Time {
	if o.Now == nil {
		return time.Time{}
	}
	return o.Now()
}

// remove deletes a pod, whatever has become of the run.
func (o *Once) remove(ctx context.Context, c *kube.Cluster, pod *corev1.Pod) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := c.DeletePod(ctx, pod.Namespace, pod.Name); err != nil {
		_, detail := kube.Reason(err)
		o.Warn("a pod is left behind: "+detail, fmt.Sprintf("kubectl -n %s delete pod %s", pod.Namespace, pod.Name))
	}
}

// refused tells of an error that leaves no doubt that nothing was created.
func refused(err error) bool {
	status := apierrors.APIStatus(nil)
	return errors.As(err, &status) && status.Status().Code >= 400 && status.Status().Code < 500
}

// refusal says why a pod may not be created, with the cure where it is known.
func refusal(err error, namespace string) *Error {
	e := faultOf(err)
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return e
	}
	switch code, text := status.Status().Code, status.Status().Message; {
	case strings.Contains(text, "violates PodSecurity"):
		e.Reason = "forbidden"
		e.Hint = fmt.Sprintf("the agent needs the node's files: kubectl label namespace %s pod-security.kubernetes.io/enforce=privileged", namespace)
	case code == http.StatusForbidden:
		e.Hint = fmt.Sprintf("the rights that it takes are in deploy/agent/once: create, get and delete pods and get pods/log in namespace %s", namespace)
	case code == http.StatusNotFound:
		e.Hint = fmt.Sprintf("make the namespace: kubectl apply -k deploy/agent/once, or name another with --agent-namespace than %s", namespace)
	}
	return e
}

// pod is what runs on a node: it sees the node's files as an unprivileged login
// would, and has nothing else.
func (o *Once) pod(node string) (*corev1.Pod, error) {
	image, err := o.Image(node)
	if err != nil {
		return nil, err
	}
	const user = 65532
	sum := sha256.Sum256([]byte(o.Run + "\x00" + node))
	var args []string
	if o.Args != nil {
		args = o.Args(node)
	}
	directory := corev1.HostPathDirectory
	return &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Name: "regpolicy-once-" + hex.EncodeToString(sum[:8]), Namespace: o.Namespace,
			Labels: map[string]string{
				"app.kubernetes.io/name": "regpolicy-agent", "app.kubernetes.io/component": "once", "app.kubernetes.io/managed-by": "regpolicy",
			},
		},
		Spec: corev1.PodSpec{
			NodeName: node, RestartPolicy: corev1.RestartPolicyNever,
			HostNetwork: true, DNSPolicy: corev1.DNSDefault,
			AutomountServiceAccountToken: new(false), EnableServiceLinks: new(false),
			TerminationGracePeriodSeconds: new(int64(1)),
			// It ends by itself where nobody is left to delete it.
			ActiveDeadlineSeconds: new(int64(orDefault(o.Timeout, DefaultTimeout)/time.Second) + 60),
			Tolerations:           []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), RunAsUser: new(int64(user)), RunAsGroup: new(int64(user)),
				SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{{
				Name: containerName, Image: image, ImagePullPolicy: o.Pull, Command: literal(o.Command), Args: literal(args),
				Env: []corev1.EnvVar{{Name: "NODE_NAME", ValueFrom: &corev1.EnvVarSource{
					FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: "spec.nodeName"},
				}}},
				SecurityContext: &corev1.SecurityContext{
					AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true),
					Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
				},
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m"), corev1.ResourceMemory: resource.MustParse("32Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
				},
				VolumeMounts: []corev1.VolumeMount{{Name: "host", MountPath: "/host", ReadOnly: true}},
			}},
			Volumes: []corev1.Volume{{Name: "host", VolumeSource: corev1.VolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: "/", Type: &directory},
			}}},
		},
	}, nil
}

// literal has the kubelet pass a command on as it is: $(NAME) and $$ mean something
// to it.
func literal(words []string) []string {
	var out []string
	for _, word := range words {
		out = append(out, strings.ReplaceAll(word, "$", "$$"))
	}
	return out
}

// PickImage finds, among the images that a node says it has, the smallest whose
// name fits a pattern; "*" stands for anything. A pattern without it is the image
// itself: a node does not name all that it has.
func PickImage(pattern string, images []corev1.ContainerImage) (string, error) {
	if !strings.Contains(pattern, "*") {
		return pattern, nil
	}
	best, size := "", int64(0)
	for _, image := range images {
		for _, name := range image.Names {
			if fits(pattern, name) && (best == "" || image.SizeBytes < size) {
				best, size = name, image.SizeBytes
			}
		}
	}
	if best == "" {
		return "", fmt.Errorf("none of the %d images that the node says it has fits %q", len(images), pattern)
	}
	return best, nil
}

// fits tells whether a name fits a pattern whose only special sign is "*".
func fits(pattern, name string) bool {
	pieces := strings.Split(pattern, "*")
	name, ok := strings.CutPrefix(name, pieces[0])
	for _, piece := range pieces[1 : len(pieces)-1] {
		if !ok {
			return false
		}
		_, name, ok = strings.Cut(name, piece)
	}
	return ok && strings.HasSuffix(name, pieces[len(pieces)-1])
}
