package farend

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What a real API server answered, with marks where objects differ.
var (
	//go:embed pod.json
	podText []byte
	//go:embed event.json
	eventText []byte
	//go:embed node.json
	nodeText []byte
)

// oneIn is how many pods and events there are to each that tells of a failed pull.
const oneIn = 100

// digits replaces a mark by a number of as many digits.
type digits struct {
	mark   string
	number func(i int) int
}

func marks(nodes int) []digits {
	same := func(i int) int { return i }
	return []digits{
		{"0000iii", same},
		{"0000n", func(i int) int { return i % max(nodes, 1) }},
		{"0000a", func(i int) int { return i / 30 }},
	}
}

// message is a Kubernetes API type.
type message interface{ Marshal() ([]byte, error) }

// form is one kind of object in one encoding, and where its marks are.
type form struct {
	text  []byte
	spots []spot
}

type spot struct {
	at, width int
	number    func(i int) int
}

func newForm(text []byte, of []digits) form {
	f := form{text: text}
	for _, d := range of {
		for from := 0; ; {
			at := bytes.Index(text[from:], []byte(d.mark))
			if at < 0 {
				break
			}
			f.spots = append(f.spots, spot{from + at, len(d.mark), d.number})
			from += at + len(d.mark)
		}
	}
	return f
}

// appendTo appends the i-th object.
func (f form) appendTo(out []byte, i int) []byte {
	start := len(out)
	out = append(out, f.text...)
	for _, s := range f.spots {
		n := s.number(i)
		for at := s.width - 1; at >= 0; at-- {
			out[start+s.at+at] = byte('0' + n%10)
			n /= 10
		}
	}
	return out
}

// kind is one list of objects.
type kind struct {
	list           string // "PodList"
	count          int
	binary, plain  form // objects as most are
	binary1, text1 form // the first of oneIn
}

func newKind(list string, count int, of []digits, usual, first message) (*kind, error) {
	k := &kind{list: list, count: count}
	for _, one := range []struct {
		message       message
		binary, plain *form
	}{{usual, &k.binary, &k.plain}, {first, &k.binary1, &k.text1}} {
		binary, err := one.message.Marshal()
		if err != nil {
			return nil, fmt.Errorf("encoding an object of a %s: %w", list, err)
		}
		plain, err := json.Marshal(one.message)
		if err != nil {
			return nil, fmt.Errorf("encoding an object of a %s: %w", list, err)
		}
		*one.binary, *one.plain = newForm(binary, of), newForm(plain, of)
	}
	return k, nil
}

func (k *kind) object(i int, binary bool) form {
	switch first := i%oneIn == 0; {
	case binary && first:
		return k.binary1
	case binary:
		return k.binary
	case first:
		return k.text1
	default:
		return k.plain
	}
}

// kinds makes the three lists that a collector of workloads reads.
func kinds(s Sizes) (map[string]*kind, error) {
	of := marks(s.Nodes)
	var pod, failing corev1.Pod
	var event, failed corev1.Event
	var node corev1.Node
	for _, o := range []struct {
		text []byte
		into any
	}{{podText, &pod}, {podText, &failing}, {eventText, &event}, {eventText, &failed}, {nodeText, &node}} {
		if err := json.Unmarshal(o.text, o.into); err != nil {
			return nil, fmt.Errorf("reading an object to serve: %w", err)
		}
	}
	spoil(&failing, &failed)
	pods, err := newKind("PodList", s.Pods, of, &pod, &failing)
	if err != nil {
		return nil, err
	}
	events, err := newKind("EventList", s.Events, of, &event, &failed)
	if err != nil {
		return nil, err
	}
	nodes, err := newKind("NodeList", s.Nodes, of, &node, &node)
	return map[string]*kind{"pods": pods, "events": events, "nodes": nodes}, err
}

// spoil makes the kubelet unable to pull a pod's first image.
func spoil(pod *corev1.Pod, event *corev1.Event) {
	image := pod.Spec.Containers[0].Image
	host, path, _ := strings.Cut(image, "/")
	name, tag, _ := strings.Cut(path, ":")
	cause := fmt.Sprintf(`failed to pull and unpack image "%s": failed to resolve image: failed to do request: Head "https://%s/v2/%s/manifests/%s": tls: failed to verify certificate: x509: certificate signed by unknown authority`, image, host, name, tag)
	pod.Status.Phase = corev1.PodPending
	status := &pod.Status.ContainerStatuses[0]
	status.ImageID, status.ContainerID, status.Ready, status.Started = "", "", false, new(bool)
	status.State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: "ImagePullBackOff", Message: fmt.Sprintf(`Back-off pulling image "%s": ErrImagePull: %s`, image, cause),
	}}
	event.Type, event.Reason = corev1.EventTypeWarning, "Failed"
	event.Message = fmt.Sprintf(`Failed to pull image "%s": %s`, image, cause)
}
