package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/regpolicy/regpolicy/collectors/source/kube"
)

// Where the agent of deploy/agent is, and the container that writes the frame.
const (
	DefaultNamespace = "regpolicy-agent"
	DefaultSelector  = "app.kubernetes.io/name=regpolicy-agent,app.kubernetes.io/component=node"
	containerName    = "agent"
)

const (
	// maxLog is the most of a log that is read: two frames of the largest kind.
	maxLog = 4 * MaxPayload
	// maxFoundTries is how often a log is read that has no frame yet.
	maxFoundTries = 4
	defaultJobs   = 32
	// DefaultTimeout bounds one node.
	DefaultTimeout = time.Minute
)

// Result is what came of one node: a frame, or why there is none.
type Result struct {
	Node string
	// Pod is the pod's "namespace/name", empty where there is none.
	Pod   string
	Frame *Frame
	Err   *Error
	// Before and After are this program's clock, as close to when the node was read
	// as is known; zero where that is not known well.
	Before, After time.Time
}

// Error says why a node gave no frame.
type Error struct {
	// Reason is one of evidence.Reasons.
	Reason string
	Detail string
	// Hint is what to do about it, where that is known.
	Hint string
}

func (e *Error) Error() string { return e.Detail }

func fault(reason, format string, args ...any) *Error {
	return &Error{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// faultOf takes reason and detail from an error of the API's.
func faultOf(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	reason, detail := kube.Reason(err)
	return &Error{Reason: reason, Detail: detail}
}

// Options say which pods, and how many at once.
type Options struct {
	Namespace string
	// Selector chooses the pods of an agent that is deployed already.
	Selector string
	// Jobs is how many nodes are read at once, 32 when zero; Timeout bounds one,
	// DefaultTimeout when zero.
	Jobs    int
	Timeout time.Duration
	// Now is the clock; without it no node's is compared.
	Now func() time.Time
	// Sleep waits for d or until ctx ends.
	Sleep func(ctx context.Context, d time.Duration) error
	// Warn is told what must be known of besides the results: pods that stayed.
	Warn func(text, hint string)
}

// Find reads the logs of agents that are deployed already, one of each node. With
// no nodes named it reads all that have an agent. An error says that the pods could
// not be listed; what befell a node is in its Result, and each is called for one
// node at a time.
func Find(ctx context.Context, c *kube.Cluster, nodes []string, opt Options, each func(Result)) *Error {
	pods, err := c.PodsWith(ctx, opt.Namespace, opt.Selector)
	if err != nil {
		return faultOf(err)
	}
	newest := map[string]*corev1.Pod{}
	for i := range pods {
		p := &pods[i]
		if best := newest[p.Spec.NodeName]; best == nil || fitter(p, best) {
			newest[p.Spec.NodeName] = p
		}
	}
	waiting := newest[""] // one that no node was found for
	delete(newest, "")
	if len(nodes) == 0 {
		for name := range newest {
			nodes = append(nodes, name)
		}
		slices.Sort(nodes)
	}
	each = oneAtATime(each)
	spread(opt.Jobs, nodes, func(node string) {
		limited, cancel := context.WithTimeout(ctx, orDefault(opt.Timeout, DefaultTimeout))
		defer cancel()
		result := Result{Node: node}
		pod := newest[node]
		if pod == nil {
			pod = meantFor(pods, node)
		}
		switch {
		case ctx.Err() != nil:
			result.Err = fault("cancelled", "the run ended before this node's turn")
		case pod != nil:
			result.Pod = pod.Namespace + "/" + pod.Name
			result.Frame, result.Err = readFound(limited, c, pod, opt.Sleep)
		case waiting != nil && unscheduled(waiting) != "":
			result.Err = fault("unschedulable", "no agent runs on it, and the pod %q waits: %s", waiting.Namespace+"/"+waiting.Name, unscheduled(waiting))
		default:
			result.Err = fault("not_found", "no pod in namespace %q with labels %q is on this node", opt.Namespace, opt.Selector)
		}
		each(result)
	})
	return nil
}

// fitter tells whether a pod is more likely to have a frame: one that runs, and of
// such the newer.
func fitter(a, b *corev1.Pod) bool {
	running := func(p *corev1.Pod) bool { return p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil }
	if running(a) != running(b) {
		return running(a)
	}
	return b.CreationTimestamp.Before(&a.CreationTimestamp)
}

// meantFor is a DaemonSet's pod that waits for a node: its affinity names it.
func meantFor(pods []corev1.Pod, node string) *corev1.Pod {
	for i := range pods {
		p := &pods[i]
		if p.Spec.NodeName != "" || p.Spec.Affinity == nil || p.Spec.Affinity.NodeAffinity == nil {
			continue
		}
		required := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
		if required == nil {
			continue
		}
		for _, term := range required.NodeSelectorTerms {
			for _, field := range term.MatchFields {
				if field.Key == "metadata.name" && slices.Contains(field.Values, node) {
					return p
				}
			}
		}
	}
	return nil
}

// readFound reads the newest frame of a pod that has been running for a while.
func readFound(ctx context.Context, c *kube.Cluster, pod *corev1.Pod, sleep func(context.Context, time.Duration) error) (*Frame, *Error) {
	if err := notRunning(pod); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		f, err := readTail(ctx, c, pod)
		if err == nil {
			return f, nil
		}
		young := errors.Is(err, ErrNoFrame) || errors.Is(err, ErrTruncated)
		if !young || try == maxFoundTries || sleep(ctx, time.Duration(try)*time.Second) != nil {
			return nil, logFault(err)
		}
	}
}

// readTail reads the end of a log as far back as the newest frame begins.
func readTail(ctx context.Context, c *kube.Cluster, pod *corev1.Pod) (*Frame, error) {
	last, err := c.PodLog(ctx, pod.Namespace, pod.Name, containerName, 1, maxLog)
	if err != nil {
		return nil, err
	}
	tail := 0 // all of it: something else was written last
	if n, ok := Lines(last); ok {
		tail = 2 * n // another frame may begin meanwhile
	}
	log, err := c.PodLog(ctx, pod.Namespace, pod.Name, containerName, tail, maxLog)
	if err != nil {
		return nil, err
	}
	f, err := Read(log)
	if err != nil {
		return nil, err
	}
	if f.Node != pod.Spec.NodeName {
		return nil, fmt.Errorf("the frame says that it is of node %q, and its pod is on %q", clip(f.Node), pod.Spec.NodeName)
	}
	return f, nil
}

func clip(text string) string { return text[:min(len(text), 80)] }

// logFault is for a log that could not be read, or holds no frame.
func logFault(err error) *Error {
	switch {
	case errors.Is(err, ErrNoFrame):
		return fault("not_found", "%v: does the agent run as docs/agent.md says?", err)
	case errors.Is(err, ErrTruncated):
		return fault("truncated", "%v", err)
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		e := faultOf(err)
		if status.Status().Code == 500 { // what the API server says when it cannot reach a kubelet
			e.Reason = "unreachable"
		}
		return e
	}
	if e := faultOf(err); e.Reason != "internal" {
		return e
	}
	return fault("parse_error", "%v", err)
}

// spread does work for each item, jobs at a time, and returns when all is done.
func spread(jobs int, items []string, work func(string)) {
	var workers errgroup.Group
	workers.SetLimit(orDefault(jobs, defaultJobs))
	for _, item := range items {
		workers.Go(func() error {
			work(item)
			return nil
		})
	}
	_ = workers.Wait() // none returns an error
}

func oneAtATime(each func(Result)) func(Result) {
	var mu sync.Mutex
	return func(r Result) {
		mu.Lock()
		defer mu.Unlock()
		each(r)
	}
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}
