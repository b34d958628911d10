package podevents

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/google/go-cmp/cmp"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

const (
	web       = "harbor.corp.example/apps/web:1.0"
	unknownCA = `failed to pull and unpack image "` + web + `": failed to resolve image: failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": tls: failed to verify certificate: x509: certificate signed by unknown authority`
	refused   = `failed to pull and unpack image "` + web + `": failed to resolve image: failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": dial tcp 10.0.0.5:443: connect: connection refused`
	denied    = `failed to pull and unpack image "` + web + `": failed to resolve image: pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`
	backOff   = `Back-off pulling image "` + web + `"`
)

// pod makes a pod of default/web, of containers written "name image state":
// state is "Running", "Terminated", "none" or a waiting reason, and what follows
// a colon in it is the message.
func pod(phase corev1.PodPhase, containers ...string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "web"}}
	p.Spec.NodeName = "wk-1"
	p.Status.Phase = phase
	for _, text := range containers {
		f := strings.SplitN(text, " ", 3)
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: f[0], Image: f[1]})
		if s, ok := containerStatus(f[0], f[2]); ok {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, s)
		}
	}
	return p
}

func containerStatus(name, state string) (corev1.ContainerStatus, bool) {
	s := corev1.ContainerStatus{Name: name}
	switch reason, message, _ := strings.Cut(state, ": "); reason {
	case "none":
		return s, false
	case "Running":
		s.State.Running = &corev1.ContainerStateRunning{}
	case "Terminated":
		s.State.Terminated = &corev1.ContainerStateTerminated{}
	default:
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
	return s, true
}

func sandboxReady(p *corev1.Pod) *corev1.Pod {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReadyToStartContainers, Status: corev1.ConditionTrue}}
	return p
}

// event makes an event of default/web, minutes before the collection.
func event(minutes int, reason, container, message string) *corev1.Event {
	at := metav1.NewTime(collectedAt.Add(-time.Duration(minutes) * time.Minute))
	e := &corev1.Event{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: "web"},
		Reason:         reason, Message: message, FirstTimestamp: at, LastTimestamp: at, Count: 1,
		Source: corev1.EventSource{Component: "kubelet", Host: "wk-1"},
	}
	if container != "" {
		e.InvolvedObject.FieldPath = "spec.containers{" + container + "}"
	}
	return e
}

func failedToPull(minutes int, cause string) *corev1.Event {
	return event(minutes, "Failed", "app", `Failed to pull image "`+web+`": `+cause)
}

func joined(t *testing.T, p *corev1.Pod, events ...*corev1.Event) *evidence.Document {
	t.Helper()
	return gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		askAll(b)
		if p != nil {
			c.AddPod(p, evidence.Provenance{})
		}
		for _, e := range events {
			c.AddEvent(e, evidence.Provenance{})
		}
	})
}

func TestStatusAndEventsAreJoined(t *testing.T) {
	for _, c := range []struct {
		name   string
		pod    *corev1.Pod
		events []*corev1.Event
		want   []string
		gaps   int
	}{
		{
			"a status that tells the cause needs no event",
			pod("Pending", "app "+web+" ErrImagePull: "+unknownCA), nil,
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status"},
			0,
		},
		{
			"an old kubelet's back-off takes the event's cause",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff),
			[]*corev1.Event{failedToPull(3, unknownCA)},
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status+event"},
			0,
		},
		{
			"of several causes the newest event's counts",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff),
			[]*corev1.Event{failedToPull(2, refused), failedToPull(9, unknownCA), failedToPull(5, denied)},
			[]string{"web/app refused resolve harbor.corp.example:443 status+event"},
			0,
		},
		{
			"the status' cause goes before an older event's",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff+": ErrImagePull: "+refused),
			[]*corev1.Event{failedToPull(9, unknownCA)},
			[]string{"web/app refused resolve harbor.corp.example:443 status+event"},
			0,
		},
		{
			"back-off and no event that tells why is a gap",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff),
			[]*corev1.Event{event(1, "BackOff", "app", backOff)},
			[]string{"web/app unknown resolve  status+event"},
			1,
		},
		{
			"a message that nobody knows is no gap",
			pod("Pending", "app "+web+" ErrImagePull: words that nobody knows"), nil,
			[]string{"web/app unknown resolve  status"},
			0,
		},
		{
			"the kubelet's own rate limit hides the cause that an event tells",
			pod("Pending", "app "+web+" ErrImagePull: pull QPS exceeded"),
			[]*corev1.Event{failedToPull(1, "pull QPS exceeded"), failedToPull(4, unknownCA)},
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status+event"},
			0,
		},
		{
			"the rate limit alone",
			pod("Pending", "app "+web+" ErrImagePull: pull QPS exceeded"),
			[]*corev1.Event{failedToPull(1, "pull QPS exceeded")},
			[]string{"web/app rate_limited resolve  status+event"},
			0,
		},
		{
			"the rate limit, of a kubelet whose status keeps silent",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff),
			[]*corev1.Event{failedToPull(1, "pull QPS exceeded")},
			[]string{"web/app rate_limited resolve  status+event"},
			0,
		},
		{
			"a container that runs has its image",
			pod("Running", "app "+web+" Running"),
			[]*corev1.Event{failedToPull(3, unknownCA)},
			nil,
			0,
		},
		{
			"so has one that crashes, ended or lacks a config map",
			pod("Running", "a "+web+" CrashLoopBackOff: back-off 5m0s", "b "+web+" Terminated", "c "+web+" CreateContainerConfigError: configmap not found"),
			[]*corev1.Event{failedToPull(3, unknownCA)},
			nil,
			0,
		},
		{
			"an event is ahead of the status",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{failedToPull(0, unknownCA)},
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 event"},
			0,
		},
		{
			"a pull that succeeded since is history",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{failedToPull(3, unknownCA), event(1, "Pulled", "app", `Successfully pulled image "`+web+`" in 2s`)},
			nil,
			0,
		},
		{
			"the containers that want an image share its failure, with the one that runs left out",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff+": ErrImagePull: "+unknownCA, "aux "+web+" ErrImagePull: "+unknownCA, "old "+web+" Running"),
			nil,
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status"},
			0,
		},
		{
			"a pod that ended keeps what its status says, not what events say",
			pod("Failed", "app "+web+" ErrImagePull: "+unknownCA, "aux other:1 ContainerCreating"),
			[]*corev1.Event{event(3, "Failed", "aux", `Failed to pull image "other:1": EOF`)},
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status"},
			0,
		},
		{
			"the missing secret explains the missing credentials",
			pod("Pending", "app "+web+" ErrImagePull: "+denied),
			[]*corev1.Event{event(3, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets (harbor-pull, other); attempting to pull the image may not succeed.")},
			[]string{"web/app pull_secret_missing secret harbor.corp.example:443 status"},
			0,
		},
		{
			"an anonymous token that was forbidden, too",
			pod("Pending", "app "+web+` ErrImagePull: failed to pull and unpack image "`+web+`": failed to resolve image: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://auth.corp.example/token?service=x: 403 Forbidden`),
			[]*corev1.Event{event(3, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets (harbor-pull); attempting to pull the image may not succeed.")},
			[]string{"web/app pull_secret_missing secret auth.corp.example:443 status"},
			0,
		},
		{
			"but not an unknown authority",
			pod("Pending", "app "+web+" ErrImagePull: "+unknownCA),
			[]*corev1.Event{event(3, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets (harbor-pull); attempting to pull the image may not succeed.")},
			[]string{"web/app unknown_authority resolve harbor.corp.example:443 status"},
			0,
		},
		{
			"a pull secret that the kubelet cannot read, in the words of 1.33 and later",
			pod("Pending", "app "+web+" invalid character 'x' looking for beginning of value: invalid character 'x' looking for beginning of value"),
			[]*corev1.Event{event(1, "Failed", "app", "Error: invalid character 'x' looking for beginning of value")},
			[]string{"web/app pull_secret_invalid secret  status+event"},
			0,
		},
		{
			"errors of containers are not about images",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{event(1, "Failed", "app", `Error: secret "unauthorized" not found`), event(1, "Failed", "app", "Error: failed to start container: permission denied")},
			nil,
			0,
		},
		{
			"a reason without a message",
			pod("Pending", "app "+web+" ErrImageNeverPull", "b UPPER InvalidImageName", "c "+web+"c SignatureValidationFailed"), nil,
			[]string{"web/app never_pull resolve  status", "web/b invalid_image_name name  status", "web/c signature_rejected manifest  status"},
			0,
		},
		{
			"the sandbox's image",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{event(1, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "pause.corp.example/pause:3.9": failed to pull image "pause.corp.example/pause:3.9": failed to pull and unpack image "pause.corp.example/pause:3.9": failed to resolve reference "pause.corp.example/pause:3.9": failed to do request: Head "https://pause.corp.example/v2/pause/manifests/3.9": x509: certificate signed by unknown authority`)},
			[]string{"web/sandbox unknown_authority sandbox pause.corp.example:443 event"},
			0,
		},
		{
			"a sandbox that was made since is history",
			pod("Pending", "app "+web+" ErrImagePull: "+refused),
			[]*corev1.Event{event(5, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: failed to get sandbox image "p.example/pause:3.9": EOF`)},
			[]string{"web/app refused resolve harbor.corp.example:443 status"},
			0,
		},
		{
			"a sandbox without a network is another matter",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{event(5, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "0a": plugin type="calico" failed (add): Get "https://10.96.0.1:443/apis": x509: certificate signed by unknown authority`)},
			nil,
			0,
		},
		{
			"a failure before the last success tells nothing of the present one",
			pod("Pending", "app "+web+" ImagePullBackOff: "+backOff),
			[]*corev1.Event{failedToPull(30, unknownCA), event(20, "Pulled", "app", `Container image "`+web+`" already present on machine`)},
			[]string{"web/app unknown resolve  status"},
			1,
		},
		{
			"a sandbox that was made since, as its condition tells",
			sandboxReady(pod("Pending", "app "+web+" ContainerCreating")),
			[]*corev1.Event{event(5, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: failed to get sandbox image "p.example/pause:3.9": EOF`)},
			nil,
			0,
		},
		{
			"a sandbox that was made since, as a later event tells",
			pod("Pending", "app "+web+" ContainerCreating"),
			[]*corev1.Event{event(5, "FailedCreatePodSandBox", "", `Failed to create pod sandbox: failed to get sandbox image "p.example/pause:3.9": EOF`), event(4, "Pulling", "app", `Pulling image "`+web+`"`)},
			nil,
			0,
		},
		{
			"events of a pod that is no more",
			nil,
			[]*corev1.Event{failedToPull(1, unknownCA)},
			nil,
			0,
		},
		{
			"a runtime that cannot be reached",
			pod("Pending", "app "+web+` ImageInspectError: Failed to inspect image "": rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused"`),
			nil,
			[]string{"web/app unknown resolve  status"},
			0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := joined(t, c.pod, c.events...)
			if diff := cmp.Diff(sorted(c.want), failuresOf(d)); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if got := len(d.Coverage[evidence.Events].Gaps); got != c.gaps {
				t.Errorf("%d gaps, want %d: %v", got, c.gaps, d.Coverage[evidence.Events].Gaps)
			}
		})
	}
}

func TestARecordSaysAllThatIsKnown(t *testing.T) {
	p := pod("Pending", "app "+web+" ImagePullBackOff: "+backOff, "aux "+web+" ImagePullBackOff: "+backOff)
	p.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "b"}, {Name: "a"}}
	expired := `failed to pull and unpack image "` + web + `": failed to resolve image: failed to do request: Head "https://harbor.corp.example/v2/apps/web/manifests/1.0": x509: certificate has expired or is not yet valid: current time 2026-11-23T04:3%d:00Z is after 2026-10-19T04:18:24Z`
	d := joined(t, p, failedToPull(20, fmt.Sprintf(expired, 0)), failedToPull(10, fmt.Sprintf(expired, 5)), failedToPull(15, fmt.Sprintf(expired, 3)))
	at := func(minutes int) *evidence.Time {
		return evidence.MaybeAt(collectedAt.Add(-time.Duration(minutes) * time.Minute))
	}
	want := evidence.PullFailure{
		Namespace: "default", Pod: "web", Containers: []string{"app", "aux"}, Image: web, Registry: "harbor.corp.example:443",
		Origin: "kubelet", Runtime: "containerd", Cause: "expired", Stage: "resolve", Host: "harbor.corp.example:443", Node: "wk-1",
		NodeTime: evidence.MaybeAt(time.Date(2026, 11, 23, 4, 35, 0, 0, time.UTC)),
		Reason:   "ImagePullBackOff", Message: `Failed to pull image "` + web + `": ` + fmt.Sprintf(expired, 5),
		FirstSeen: at(20), LastSeen: at(10), Count: 3, From: "status+event",
	}
	if diff := cmp.Diff(want, d.PullFailures["default/web/app"]); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	wantPod := &evidence.Pod{Node: "wk-1", Phase: "Pending", Images: []string{web}, PullSecrets: []string{"a", "b"}, MissingPullSecrets: []string{}, Observed: true}
	if diff := cmp.Diff(wantPod, d.Pods["default/web"]); diff != "" {
		t.Errorf("pod (-want +got):\n%s", diff)
	}
}

func TestImageVolumesInitAndEphemeralContainersCount(t *testing.T) {
	p := pod("Pending", `app `+web+` ErrImagePull: failed to pull and unpack image "models.corp.example/llm:1": failed to resolve image: failed to do request: Head "https://models.corp.example/v2/llm/manifests/1": EOF`)
	p.Spec.Volumes = []corev1.Volume{{Name: "m", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: "models.corp.example/llm:1"}}}}
	p.Spec.InitContainers = []corev1.Container{{Name: "init", Image: "init.example/i:1"}}
	p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{Name: "debug", Image: "busybox"}}}
	init, _ := containerStatus("init", "Terminated")
	debug, _ := containerStatus("debug", `ImagePullBackOff: Back-off pulling image "busybox": ErrImagePull: failed to pull and unpack image "docker.io/library/busybox:latest": failed to resolve image: failed to do request: Head "https://registry-1.docker.io/v2/library/busybox/manifests/latest": dial tcp 3.4.5.6:443: i/o timeout`)
	p.Status.InitContainerStatuses = []corev1.ContainerStatus{init}
	p.Status.EphemeralContainerStatuses = []corev1.ContainerStatus{debug}
	d := joined(t, p)
	want := []string{
		"web/app reset resolve models.corp.example:443 status",
		"web/debug timeout resolve registry-1.docker.io:443 status",
	}
	if diff := cmp.Diff(want, failuresOf(d)); diff != "" {
		t.Error(diff)
	}
	if f := d.PullFailures["default/web/app"]; f.Image != "models.corp.example/llm:1" || f.Registry != "models.corp.example:443" {
		t.Errorf("the volume's image: %+v", f)
	}
	if diff := cmp.Diff([]string{"busybox", web, "init.example/i:1", "models.corp.example/llm:1"}, d.Pods["default/web"].Images); diff != "" {
		t.Error(diff)
	}
}

func TestEventsAloneOfAnHourAgoAreAGap(t *testing.T) {
	run := func(minutes int) *evidence.Document {
		return gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
			b.Ask(evidence.Events, evidence.Section("events")).Answer()
			c.AddEvent(failedToPull(minutes, unknownCA), evidence.Provenance{})
		})
	}
	if got := failuresOf(run(59)); len(got) != 1 {
		t.Errorf("fresh events: %v", got)
	}
	d := run(61)
	want := []evidence.Gap{{
		Subject: evidence.Subject{"kind": "pod", "namespace": "default", "name": "web"},
		Reason:  "not_found", Detail: "its events are older than one hour",
	}}
	if diff := cmp.Diff(want, d.Coverage[evidence.Events].Gaps); diff != "" || len(d.PullFailures) > 0 {
		t.Errorf("old events: %v\n%s", failuresOf(d), diff)
	}
}

func TestEventsBesideAManifestsPodCount(t *testing.T) {
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Ask(evidence.Events, evidence.Section("events")).Answer()
		c.AddPod(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "other"}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: web}}}}, evidence.Provenance{})
		c.AddEvent(failedToPull(1, unknownCA), evidence.Provenance{})
	})
	if got := failuresOf(d); len(got) != 1 {
		t.Error(got)
	}
}

func TestTheSameEventTwiceCountsOnce(t *testing.T) {
	once := failedToPull(3, unknownCA)
	once.UID, once.Count = "u-1", 4
	later := once.DeepCopy()
	later.Count = 6
	d := joined(t, pod("Pending", "app "+web+" ImagePullBackOff: "+backOff), once, once, later, once)
	if got := d.PullFailures["default/web/app"].Count; got != 6 {
		t.Errorf("count %d, want 6", got)
	}
}

func TestEventsOfAnEarlierPodOfThatNameDoNotCount(t *testing.T) {
	of := func(uid string, e *corev1.Event) *corev1.Event {
		e.InvolvedObject.UID = types.UID(uid)
		return e
	}
	secret := event(20, "FailedToRetrieveImagePullSecret", "", "Unable to retrieve some image pull secrets (a); attempting to pull the image may not succeed.")
	p := pod("Pending", "app "+web+" ImagePullBackOff: "+backOff)
	p.UID = "new"
	d := joined(t, p, of("old", failedToPull(20, unknownCA)), of("old", secret), of("new", failedToPull(30, refused)))
	want := []string{"web/app refused resolve harbor.corp.example:443 status+event"}
	if diff := cmp.Diff(want, failuresOf(d)); diff != "" || len(d.Pods["default/web"].MissingPullSecrets) > 0 {
		t.Errorf("%s %v", diff, d.Pods["default/web"].MissingPullSecrets)
	}
	static := pod("Pending", "app "+web+" ImagePullBackOff: "+backOff)
	static.UID, static.Annotations = "mirror", map[string]string{corev1.MirrorPodAnnotationKey: "digest"}
	if got := failuresOf(joined(t, static, of("digest", failedToPull(1, refused)))); len(got) != 1 || got[0] != want[0] {
		t.Errorf("a static pod: %v", got)
	}
	alone := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Ask(evidence.Events, evidence.Section("events")).Answer()
		c.AddEvent(of("old", failedToPull(20, unknownCA)), evidence.Provenance{})
		c.AddEvent(of("new", failedToPull(2, refused)), evidence.Provenance{})
	})
	if got := failuresOf(alone); len(got) != 1 || !strings.Contains(got[0], " refused ") {
		t.Errorf("events alone: %v", got)
	}
}

func TestASeriesCountsAsManyTimesAsItWasSeen(t *testing.T) {
	e := failedToPull(30, unknownCA)
	e.FirstTimestamp, e.LastTimestamp, e.Count = metav1.Time{}, metav1.Time{}, 0
	e.EventTime = metav1.NewMicroTime(collectedAt.Add(-30 * time.Minute))
	e.Series = &corev1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(collectedAt.Add(-2 * time.Minute))}
	f := joined(t, pod("Pending", "app "+web+" ImagePullBackOff: "+backOff), e).PullFailures["default/web/app"]
	if f.Count != 7 || !f.FirstSeen.Equal(collectedAt.Add(-30*time.Minute)) || !f.LastSeen.Equal(collectedAt.Add(-2*time.Minute)) {
		t.Errorf("%+v", f)
	}
}

func TestEventsOfTheEventsGroup(t *testing.T) {
	object := map[string]any{
		"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": map[string]any{"namespace": "default", "name": "web.1", "uid": "u-9"},
		"regarding": map[string]any{"kind": "Pod", "namespace": "default", "name": "web", "fieldPath": "spec.containers{app}"},
		"reason":    "Failed", "type": "Warning", "note": `Failed to pull image "` + web + `": ` + unknownCA,
		"eventTime": nil, "reportingController": "kubelet", "deprecatedFirstTimestamp": "2026-11-23T04:30:00Z",
		"deprecatedLastTimestamp": "2026-11-23T04:45:00Z", "deprecatedCount": int64(5), "deprecatedSource": map[string]any{"component": "kubelet", "host": "wk-7"},
	}
	d := gather(t, collectedAt, func(b *evidence.Builder, c *Collector) {
		b.Ask(evidence.Events, evidence.Section("events")).Answer()
		if err := c.AddEventObject(object, evidence.Provenance{}); err != nil {
			t.Fatal(err)
		}
		if err := c.AddEventObject(map[string]any{"regarding": "nonsense"}, evidence.Provenance{}); err == nil {
			t.Error("an event of another shape is taken")
		}
		if err := c.AddEventObject(map[string]any{"involvedObject": map[string]any{"kind": "Node", "name": "n"}, "message": "x"}, evidence.Provenance{}); err != nil {
			t.Error(err)
		}
	})
	f := d.PullFailures["default/web/app"]
	if f.Cause != "unknown_authority" || f.Count != 5 || f.Node != "wk-7" || f.LastSeen == nil {
		t.Errorf("%+v", f)
	}
}

func TestCredentialsInMessagesAreNotKept(t *testing.T) {
	for _, message := range []string{
		`failed to pull and unpack image "` + web + `": failed to resolve image: failed to get credentials for "h": invalid decoded auth: "s3cret-value"`,
		`decoding bearer token (last URL "https://h/t", body start "{\"token\":\"s3cret-value..."): unexpected end of JSON input`,
		`Get "https://robot:s3cret-value@harbor.corp.example/v2/": EOF`,
		`error parsing HTTP 401 response body: x: "{\"password\": \"s3cret-value\"}"`,
		`Get "https://h/v2/?token=s3cret-value": EOF`,
		`unexpected header: Authorization: Bearer s3cret-value-0123456789`,
	} {
		d := joined(t, pod("Pending", "app "+web+" ErrImagePull: "+message))
		if f := d.PullFailures["default/web/app"]; strings.Contains(f.Message, "s3cret") || f.Message == "" {
			t.Errorf("kept: %q", f.Message)
		}
	}
	long := joined(t, pod("Pending", "app "+web+" ErrImagePull: "+strings.Repeat("ä", 5000)))
	if got := len(long.PullFailures["default/web/app"].Message); got > maxStored {
		t.Errorf("message of %d bytes", got)
	}
}
