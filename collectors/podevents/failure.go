package podevents

import (
	"net"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// failure is what status and events say of one image of one pod.
type failure struct {
	image      string
	containers []string
	sandbox    bool
	// reason and message are the status', empty where it does not say that the
	// pull failed; parsed is what the message tells.
	reason, message string
	parsed          Parsed
	// event is the newest event that says why, or else that the kubelet waits.
	event       *failureEvent
	failing     bool // no event of success is newer
	first, last *evidence.Time
	count       int
}

// status takes what one container's status says. The one that tells a cause
// counts; the others wait for the same image.
func (f *failure) status(w *wantedImage) {
	parsed := classifyWaiting(w.reason, w.message)
	if f.reason == "" || (f.parsed.weak && !parsed.weak) {
		f.reason, f.message, f.parsed = w.reason, w.message, parsed
	}
}

// reasonCauses are causes that the waiting reason alone tells.
var reasonCauses = map[string]verdict{
	"ErrImageNeverPull":         {cause: "never_pull", stage: "resolve"},
	"InvalidImageName":          {cause: "invalid_image_name", stage: "name"},
	"SignatureValidationFailed": {cause: "signature_rejected", stage: "manifest"},
}

func classifyWaiting(reason, message string) Parsed {
	p := Classify(message)
	if told := reasonCauses[reason]; p.Cause == causeUnknown && told.cause != "" {
		p.Cause, p.Stage, p.Host, p.weak = told.cause, told.stage, "", false
	}
	return p
}

// eventsOf takes what the events say; image is nil where they are not about one.
func (f *failure) eventsOf(image *imageEvents, o *objectEvents) {
	if o == nil {
		return
	}
	if f.event, f.failing = o.failure, o.failing(); f.event != nil && !f.failing && f.reason != "" {
		return
	}
	if f.event == nil && image != nil {
		f.event = image.backOff
		f.failing = f.event != nil && !o.success.After(f.event.at)
	}
	if f.event == nil {
		return
	}
	if s := o.span; s != nil {
		f.first, f.last, f.count = evidence.MaybeAt(s.first), evidence.MaybeAt(s.last), s.count
	}
	if f.last == nil {
		f.last = evidence.MaybeAt(f.event.at)
	}
}

// decide picks the message that tells the cause: the status' own or, where it
// keeps silent, the newest event's.
func (f *failure) decide() (parsed Parsed, reason, message, from string) {
	switch {
	case f.reason == "":
		return Classify(f.event.message), f.event.reason, f.event.message, "event"
	case f.event == nil, !f.failing: // none, or one of an earlier failure
		return f.parsed, f.reason, f.message, "status"
	}
	if f.parsed.weak {
		told := Classify(f.event.message)
		if !told.weak || f.message == "" || (f.parsed.Cause == causeUnknown && told.Cause != causeUnknown) {
			return told, f.reason, f.event.message, "status+event"
		}
	}
	return f.parsed, f.reason, f.message, "status+event"
}

// write makes the record of a failure, and a gap where its cause is not known
// because the event that told it is gone.
func (j *join) write(f failure) {
	parsed, reason, message, from := f.decide()
	origin := parsed.Origin
	if j.pod.Platform == evidence.PlatformVSpherePod {
		origin = evidence.OriginVSpherePod
	}
	sort.Strings(f.containers)
	registry := registryOfAny(f.image)
	if parsed.byRegistry && !f.sandbox {
		parsed.Host = registry
	}
	if f.sandbox {
		parsed.Stage = "sandbox"
	}
	if j.missedSecret(parsed) {
		parsed.Cause, parsed.Stage = "pull_secret_missing", "secret"
	}
	record := evidence.PullFailure{
		Namespace: j.waits.namespace, Pod: j.waits.name, Containers: f.containers,
		Image: evidence.Scrub(f.image), Registry: registry, Origin: origin, Runtime: j.runtime(origin, &f, parsed),
		Cause: parsed.Cause, Stage: parsed.Stage, Host: parsed.Host, Node: j.node(&f, parsed),
		Candidate: cutText(evidence.Scrub(parsed.Candidate), 256), Reason: reason, Message: clean(message),
		FirstSeen: f.first, LastSeen: f.last, Count: f.count, From: from,
	}
	if parsed.NodeTime != nil {
		record.NodeTime = evidence.MaybeAt(*parsed.NodeTime)
	}
	if record.Containers == nil {
		record.Containers = []string{}
	}
	j.out.failures[j.key(&f)] = record
	if parsed.Cause == causeUnknown && saysNothing(message) {
		j.gap()
	}
}

func (j *join) gap() {
	collector := evidence.Events
	if !j.c.b.Requested(evidence.Events) {
		collector = evidence.Pods
	}
	j.out.gaps = append(j.out.gaps, part{collector, evidence.Gap{
		Subject: podSubject(j.waits.namespace, j.waits.name), Field: "cause", Reason: "not_found",
		Detail: "it waits for an image, and neither its status nor an event says why the pull failed",
	}})
}

// saysNothing tells a message that only says that the kubelet waits.
func saysNothing(message string) bool {
	rest, ok := strings.CutPrefix(message, "Back-off pulling image ")
	return message == "" || (ok && !strings.Contains(rest, ": "))
}

// missedSecret tells that credentials were lacking because the kubelet could not
// retrieve the pull secret.
func (j *join) missedSecret(p Parsed) bool {
	if len(j.events.missingSecrets) == 0 {
		return false
	}
	return p.Cause == "unauthorized" || (p.Cause == "forbidden" && p.anonymous)
}

// key is the pod and its first container. Where no container is known, several
// images are counted.
func (j *join) key(f *failure) string {
	if f.sandbox {
		return evidence.PullFailureKey(j.waits.namespace, j.waits.name, "sandbox")
	}
	if len(f.containers) > 0 {
		return evidence.PullFailureKey(j.waits.namespace, j.waits.name, f.containers[0])
	}
	for n := 1; ; n++ {
		name := "image"
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		key := evidence.PullFailureKey(j.waits.namespace, j.waits.name, name)
		if _, taken := j.out.failures[key]; !taken {
			return key
		}
	}
}

func (j *join) runtime(origin string, f *failure, p Parsed) string {
	if origin == evidence.OriginVSpherePod { // the Supervisor's own image fetcher
		return runtimeUnknown
	}
	if known := j.c.runtimeOf(j.node(f, p)); known != runtimeUnknown {
		return known
	}
	return p.Runtime
}

func (j *join) node(f *failure, p Parsed) string {
	switch {
	case j.pod.Node != "":
		return j.pod.Node
	case p.Node != "":
		return p.Node
	case f.event != nil:
		return f.event.node
	default:
		return ""
	}
}

// maxStored bounds the message that is kept.
const maxStored = 4 << 10

// quotedSecrets are credentials within quoted text of a message, which the
// document's scrubber does not see for the escapes.
var quotedSecrets = []*regexp.Regexp{
	regexp.MustCompile(`(invalid decoded auth: )"(?:[^"\\]|\\.)*"?`),
	regexp.MustCompile(`(body start )"(?:[^"\\]|\\.)*"?`),
	regexp.MustCompile(`(?i)(\\"(?:auth|token|access_token|refresh_token|id_token|password|secret|identitytoken|registrytoken)\\"\s*:\s*)\\"[^"\\]*`),
}

// clean is a message as it is kept: without credentials, valid UTF-8, not longer
// than 4 KiB.
func clean(message string) string {
	message = message[:min(len(message), maxMessage)]
	for _, p := range quotedSecrets {
		message = p.ReplaceAllString(message, `${1}"[removed]"`)
	}
	return cutText(evidence.Scrub(message), maxStored)
}

func cutText(text string, limit int) string {
	return strings.ToValidUTF8(text[:min(len(text), limit)], "")
}

func splitHostPort(hostport string) (string, int) {
	host, text, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport, 0
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return hostport, 0
	}
	return host, port
}
