package podevents

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// notice is what one event says.
type notice struct {
	kind            noticeKind
	at, first       time.Time
	count           int
	reason, message string
	image           string
	key             string // of what the notice is about, within its pod
	container       string
	node            string
	secrets         []string
	imageObject     string // "namespace/name" of a vSphere Image
	vsphere         bool
	known           bool
}

type noticeKind int

const (
	irrelevant noticeKind = iota
	platformOnly
	pulling
	pulled
	pullFailed
	backingOff
	sandboxFailed
	secretMissing
)

// readEvent decides by reason, component and the beginning of the message, which
// is cheap: of a cluster's events few are about images.
func readEvent(e *corev1.Event) notice {
	n := notice{reason: e.Reason, message: e.Message[:min(len(e.Message), maxMessage)], container: containerOf(e.InvolvedObject.FieldPath), node: e.Source.Host}
	n.vsphere = isVSphere(e)
	n.kind = kindOf(e)
	if n.kind == irrelevant && n.vsphere {
		n.kind = platformOnly
	}
	if n.kind == irrelevant {
		return n
	}
	n.first, n.at, n.count = eventTimes(e)
	switch n.kind {
	case pullFailed, backingOff:
		parsed := Classify(e.Message)
		n.image, n.known = parsed.Image, !parsed.weak
		if n.vsphere && parsed.Node != "" {
			n.node = parsed.Node
		}
		if n.kind == pullFailed && e.Reason == "Failed" && strings.HasPrefix(e.Message, "Error: ") && parsed.Cause != "pull_secret_invalid" {
			n.kind = irrelevant // a container that could not be made
		}
	case sandboxFailed:
		parsed := Classify(e.Message)
		n.image, n.known = parsed.Image, !parsed.weak
		if parsed.Image == "" {
			n.kind = irrelevant // the network, a volume, a security module
		}
	case pulling, pulled:
		n.image = firstQuoted(e.Message)
		n.imageObject = imageObjectOf(e)
	case secretMissing:
		n.secrets = namedSecrets(e.Message)
	}
	return n
}

// reasonKinds are the reasons that mean one thing.
var reasonKinds = map[string]noticeKind{
	"Pulled": pulled, "Pulling": pulling, "InspectFailed": pullFailed, "ErrImageNeverPull": pullFailed,
	"FailedCreatePodSandBox": sandboxFailed, "FailedToRetrieveImagePullSecret": secretMissing,
}

func kindOf(e *corev1.Event) noticeKind {
	m := e.Message
	if kind, ok := reasonKinds[e.Reason]; ok {
		return kind
	}
	switch e.Reason {
	case "BackOff": // of a container that crashes, too
		if strings.HasPrefix(m, "Back-off pulling image") {
			return backingOff
		}
	case "FailedSync": // of kubelets before 1.10
		if strings.Contains(m, "ErrImagePull") || strings.Contains(m, "ImagePullBackOff") {
			return pullFailed
		}
	case "Failed":
		return kindOfFailed(m)
	}
	return kindOfVSphere(e)
}

func kindOfVSphere(e *corev1.Event) noticeKind {
	m := e.Message
	switch {
	case strings.HasPrefix(m, "failed to get images"), strings.HasPrefix(m, "Failed to resolve on node "),
		strings.Contains(m, ": Failed to resolve image: "), strings.Contains(m, "Http request failed. Code"):
		return pullFailed
	case e.InvolvedObject.Kind == "Image" && (strings.HasSuffix(m, " Ready") || strings.Contains(m, "Image resolved to ")):
		return pulled
	default:
		return irrelevant
	}
}

// kindOfFailed reads reason Failed, which the kubelet uses for whatever failed.
func kindOfFailed(m string) noticeKind {
	switch {
	case strings.HasPrefix(m, "Failed to pull image"), strings.HasPrefix(m, "failed to get images"),
		strings.HasPrefix(m, "Failed to get images"), strings.HasPrefix(m, "image pull failed for "),
		strings.HasPrefix(m, "Failed to resolve on node "), strings.Contains(m, "Http request failed. Code"):
		return pullFailed
	case strings.HasPrefix(m, "Error: ErrImage"), strings.HasPrefix(m, "Error: ImagePullBackOff"), strings.HasPrefix(m, "Error: InvalidImageName"):
		return irrelevant // it says no more than the waiting reason
	case strings.HasPrefix(m, "Error: "):
		return pullFailed // readEvent looks closer
	default:
		return irrelevant
	}
}

// vsphereReasons and components are the Supervisor's own.
var vsphereReasons = map[string]bool{"Image": true, "Resolve": true, "Bind": true, "SuccessfulRealizeNSXResource": true, "FailedRealizeNSXResource": true}

func isVSphere(e *corev1.Event) bool {
	for _, component := range []string{e.Source.Component, e.ReportingController} {
		if strings.HasPrefix(component, "image-controller") || strings.HasPrefix(component, "nsx-container-ncp") {
			return true
		}
	}
	m := e.Message
	return e.InvolvedObject.Kind == "Image" || vsphereReasons[e.Reason] ||
		strings.HasPrefix(m, "failed to get images:") || strings.HasPrefix(m, "Waiting for Image ") ||
		strings.Contains(m, "Http request failed. Code") || strings.Contains(m, "Failed to resolve on node") ||
		waitingObject(m) != ""
}

// imageObjectOf is the vSphere Image that a pod waits for.
func imageObjectOf(e *corev1.Event) string {
	if e.InvolvedObject.Kind != "Pod" {
		return ""
	}
	return waitingObject(e.Message)
}

// waitingObject reads "Waiting [for Image ]NAMESPACE/NAME-<40 hex>-v<n>".
func waitingObject(m string) string {
	rest, ok := strings.CutPrefix(m, "Waiting ")
	if !ok {
		return ""
	}
	object := firstWord(strings.TrimPrefix(rest, "for Image "))
	namespace, name, found := strings.Cut(object, "/")
	if !found || namespace == "" || imageObjectBase(name) == "" {
		return ""
	}
	return object
}

// imageObjectBase is the NAME of "NAME-<40 hex>-v<n>": the last element of the
// image's repository. Empty for what is no such name.
func imageObjectBase(object string) string {
	at := strings.LastIndex(object, "-v")
	if at < 41 || strings.Trim(object[at+2:], "0123456789") != "" || object[at+2:] == "" {
		return ""
	}
	digest, rest := object[at-40:at], object[:at-40]
	if strings.Trim(digest, "0123456789abcdef") != "" {
		return ""
	}
	return strings.TrimSuffix(rest, "-")
}

// firstQuoted is the image of `Pulling image "REF"`.
func firstQuoted(m string) string {
	_, rest, found := strings.Cut(m, `"`)
	if !found {
		return ""
	}
	text, _, found := strings.Cut(rest, `"`)
	if !found || len(text) > maxReference {
		return ""
	}
	return text
}

// namedSecrets reads "Unable to retrieve some image pull secrets (a, b); ...".
func namedSecrets(m string) []string {
	_, rest, _ := strings.Cut(m, "(")
	list, _, found := strings.Cut(rest, ")")
	if !found {
		return nil
	}
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" && len(name) <= 253 {
			names = append(names, name)
		}
	}
	return names
}
