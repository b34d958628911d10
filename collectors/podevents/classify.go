package podevents

import (
	"strings"
	"time"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// Parsed is what one message tells of a failed pull. Every field but Cause,
// Stage, Runtime and Origin may be empty.
type Parsed struct {
	Cause   string // one of evidence.Causes; "unknown" where the message tells none
	Stage   string // one of evidence.Stages
	Host    string // whose answer it was, host:port; a proxy whose name could not be looked up has no port
	Runtime string // "containerd", "crio", "docker" or "unknown", from the message's shape
	Origin  string // evidence.OriginKubelet or evidence.OriginVSpherePod
	// Image is the reference that the message says was being pulled.
	Image string
	// Sandbox tells that it was the pod sandbox's (pause) image.
	Sandbox bool
	// Node is the ESXi host that a vSphere Pod's message names.
	Node string
	// NodeTime is the node's clock, which expired and not_yet_valid tell.
	NodeTime *time.Time
	// Candidate is the CN of the authority that was tried and did not fit.
	Candidate string

	// byRegistry tells that it was the registry's answer, whose host the message
	// does not name.
	byRegistry bool
	// weak marks a cause that hides another one, such as the kubelet's own rate
	// limit: an event that tells more is to be preferred.
	weak bool
	// anonymous tells that a token was asked for without credentials.
	anonymous bool
}

// Values of Parsed.Runtime and evidence.PullFailure.Runtime.
const (
	runtimeContainerd = "containerd"
	runtimeCRIO       = "crio"
	runtimeDocker     = "docker"
	runtimeUnknown    = "unknown"
)

const causeUnknown = "unknown"

// Classify reads the message of a container's waiting state or of an event. It
// takes time in proportion to the message and never fails.
func Classify(text string) Parsed { return classify(text, 0) }

// maxNesting bounds messages quoted within messages.
const maxNesting = 2

func classify(text string, depth int) Parsed {
	text, mirrors := splitMirrors(text)
	c := newClassifier(text)
	v := c.walk()
	if v.cause == "" && depth < maxNesting {
		for _, inner := range append(c.quotedErrors(), mirrors...) {
			if p := classify(inner, depth+1); p.Cause != causeUnknown {
				return c.inherit(p)
			}
		}
	}
	if v.cause == "" {
		v = c.lastResort()
	}
	return c.settle(v)
}

// verdict is what a leaf of the error tree says.
type verdict struct {
	cause string
	// stage is where the cause alone decides that; else the request does.
	stage string
	// host is whose answer it was where that is not the last request's.
	host string
	// hostless: no host had a part in it.
	hostless bool
	weak     bool
}

// classifier walks over a message from the outermost wrapper to the cause. The
// first text that is a cause wins: what follows is detail, or a server's words.
type classifier struct {
	m      message
	p      Parsed
	around surroundings
}

func newClassifier(text string) *classifier {
	return &classifier{m: newMessage(text), p: Parsed{Origin: evidence.OriginKubelet}}
}

func (c *classifier) walk() verdict {
	for i, s := range c.m.segments {
		if v := c.leaf(s, i == len(c.m.segments)-1); v.cause != "" {
			c.quotedImage(s)
			if c.around.local && !v.hostless {
				return verdict{cause: causeUnknown, hostless: true}
			}
			return v
		}
		c.enter(s)
	}
	return verdict{}
}

// leaf looks a segment up among the causes.
func (c *classifier) leaf(s segment, last bool) verdict {
	rest := c.m.from(s)
	for _, r := range readers().of(rest) {
		if strings.HasPrefix(rest, r.prefix) {
			if v := r.read(c, s); v.cause != "" {
				return v
			}
		}
	}
	if v := findLeaf(rest); v.cause != "" {
		return v
	}
	if v := c.status(s); v.cause != "" {
		return v
	}
	return c.connectAnswer(s, last)
}

// lastResort is for wordings that nobody has seen yet: a known text in the
// middle of a segment, or what the wrappers said.
func (c *classifier) lastResort() verdict {
	if v := findAnywhere(c.m.text); v.cause != "" {
		return v
	}
	switch {
	case c.around.extracting:
		return verdict{cause: "corrupt_content"}
	case c.around.registryUnavailable:
		// CRI-O said this, and nothing more, of a refused connection.
		return verdict{cause: "refused"}
	case c.around.httpCode > 400:
		return c.answer(c.around.httpCode, "")
	}
	if cause := grpcCauses[c.m.grpc]; cause != "" && !c.around.local {
		return verdict{cause: cause}
	}
	return verdict{cause: causeUnknown}
}

var grpcCauses = map[string]string{
	"NotFound":         "not_found",
	"Unauthenticated":  "unauthorized",
	"PermissionDenied": "forbidden",
	"DeadlineExceeded": "timeout",
	"Canceled":         "stalled",
}

// settle joins the cause with what the wrappers told.
func (c *classifier) settle(v verdict) Parsed {
	p := c.p
	p.Cause, p.weak = v.cause, v.weak || v.cause == causeUnknown
	p.Stage = c.stageOf(v)
	p.Host = c.hostOf(v)
	p.byRegistry = p.Host == "" && !v.hostless && !c.around.token && v.cause != "proxy" && v.cause != causeUnknown
	if p.Image == "" {
		p.Image = c.around.request.image
	}
	if p.byRegistry {
		p.Host = registryOfAny(p.Image)
	}
	if p.Runtime == "" {
		p.Runtime = runtimeUnknown
	}
	return p
}

func (c *classifier) stageOf(v verdict) string {
	switch {
	case c.p.Sandbox:
		return "sandbox"
	case v.stage != "":
		return v.stage
	case c.around.token:
		return "token"
	case c.around.resolving:
		return "resolve"
	case c.around.request.stage != "":
		return c.around.request.stage
	case c.around.stage != "":
		return c.around.stage
	case v.cause == "corrupt_content", v.cause == "disk_full", v.cause == "stalled":
		return "blob"
	default:
		return "resolve"
	}
}

func (c *classifier) hostOf(v verdict) string {
	switch {
	case v.hostless:
		return ""
	case v.host != "":
		return v.host
	case v.cause == "proxy": // its answer, and the message does not name it
		return ""
	case c.around.request.host != "":
		return c.around.request.host
	case c.around.token: // the token service has a name of its own
		return ""
	default:
		return c.around.host
	}
}

// inherit keeps what the outer message told and the inner one does not.
func (c *classifier) inherit(p Parsed) Parsed {
	if p.Image == "" {
		p.Image = c.p.Image
	}
	if c.p.Sandbox {
		p.Sandbox, p.Stage = true, "sandbox"
	}
	if p.Runtime == runtimeUnknown && c.p.Runtime != "" {
		p.Runtime = c.p.Runtime
	}
	if c.p.Origin == evidence.OriginVSpherePod {
		p.Origin = c.p.Origin
	}
	return p
}

// quotedErrors are errors that the message quotes whole, as the kubelet does:
// `failed to "StartContainer" for "app" with ErrImagePull: "rpc error: ..."`.
func (c *classifier) quotedErrors() []string {
	var out []string
	for _, s := range c.m.segments {
		if c.m.words(s) != `""` {
			continue
		}
		if t := c.m.cutOut(s); len(t) == 1 && strings.Contains(t[0].text, ": ") {
			out = append(out, t[0].text)
		}
	}
	return out
}

// splitMirrors takes the mirrors' errors off a message of containers/image:
// "(Mirrors also failed: [REF: ERR]): REF: ERR". The last one is the registry's.
func splitMirrors(text string) (rest string, mirrors []string) {
	const open, end = "(Mirrors also failed: ", "]): "
	from := strings.Index(text, open)
	if from < 0 {
		return text, nil
	}
	to := strings.Index(text[from:], end)
	if to < 0 {
		return text[:from] + text[from+len(open):], nil
	}
	return text[:from] + text[from+to+len(end):], []string{text[from+len(open) : from+to]}
}
