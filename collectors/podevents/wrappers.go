package podevents

import (
	"strconv"
	"strings"
	"sync"

	"github.com/regpolicy/regpolicy/collectors/evidence"
)

// surroundings are what the wrappers around a cause told.
type surroundings struct {
	request    request // the last request that was made
	afterURL   bool    // the segment before was a request: its transport's error follows
	announced  bool    // the segment before announced an HTTP status
	stage      string  // what a wrapper says was being fetched
	host       string  // a host that a wrapper names
	ping       bool    // CRI-O: asked for /v2/
	token      bool    // a token was being fetched
	resolving  bool    // containerd was resolving a reference, by whatever request
	pulling    bool    // a runtime was at it: errors are not the kubelet's own
	extracting bool    // a layer was being unpacked
	httpCode   int     // an HTTP code that a wrapper names

	registryUnavailable bool
	local               bool // what fails is the runtime itself or its storage, not a registry
}

// wrapper is a text that a segment begins with and that is no cause.
type wrapper struct {
	prefix  string
	stage   string
	runtime string
	note    func(c *classifier, s segment)
}

var wrapperList = []wrapper{
	// The kubelet.
	{prefix: `Failed to create pod sandbox`, note: sandbox},
	{prefix: `Failed create pod sandbox`, note: sandbox},
	{prefix: `failed to get sandbox image`, runtime: runtimeContainerd, note: sandbox},
	{prefix: `creating pod sandbox with name`, runtime: runtimeCRIO, note: sandbox},
	{prefix: `image pull failed for `, note: func(c *classifier, s segment) {
		words := c.m.words(s)
		c.around.registryUnavailable = strings.Contains(words, " because the registry is unavailable")
		c.image(firstWord(strings.TrimPrefix(words, "image pull failed for ")))
	}},
	{prefix: `Failed to inspect image`, note: local},
	{prefix: `error reading from server`, note: local},

	// containerd.
	{prefix: `failed to pull and unpack image`, runtime: runtimeContainerd, note: runtimePulls},
	{prefix: `failed to resolve reference`, runtime: runtimeContainerd, stage: "resolve", note: resolving},
	{prefix: `failed to resolve image`, runtime: runtimeContainerd, stage: "resolve", note: resolving},
	{prefix: `failed to do request`, runtime: runtimeContainerd, note: runtimePulls},
	{prefix: `no available registry endpoint`, runtime: runtimeContainerd, note: runtimePulls},
	{prefix: `failed to unpack image on snapshotter`, runtime: runtimeContainerd, note: runtimePulls},
	{prefix: `get image config descriptor`, runtime: runtimeContainerd, stage: "manifest", note: runtimePulls},
	{prefix: `children`, stage: "manifest"},
	{prefix: `unpack`, stage: "blob"},
	{prefix: `unmarshal image config`, stage: "blob", note: extracting},
	{prefix: `failed to copy`, stage: "blob", note: runtimePulls},
	{prefix: `httpReadSeeker`, runtime: runtimeContainerd, stage: "blob", note: runtimePulls},
	{prefix: `failed to extract layer`, runtime: runtimeContainerd, stage: "blob", note: extracting},
	{prefix: `failed commit on ref`, runtime: runtimeContainerd, note: committing},
	{prefix: `failed to prepare extraction snapshot`, runtime: runtimeContainerd, stage: "blob", note: local},
	{prefix: `unable to prepare extraction snapshot`, runtime: runtimeContainerd, stage: "blob", note: local},
	{prefix: `failed to authorize`, note: tokenService},
	{prefix: `failed to fetch anonymous token`, note: anonymousToken},
	{prefix: `failed to fetch oauth token`, note: tokenService},
	{prefix: `pulling from host `, runtime: runtimeContainerd, stage: "resolve", note: pullingFromHost},

	// docker.
	{prefix: `Error response from daemon`, runtime: runtimeDocker, note: runtimePulls},
	{prefix: `error pulling image configuration`, runtime: runtimeDocker, stage: "blob"},
	{prefix: `error pulling image config`, runtime: runtimeDocker, stage: "blob"},
	{prefix: `failed to register layer`, runtime: runtimeDocker, stage: "blob", note: extracting},
	{prefix: `ApplyLayer`, stage: "blob", note: extracting},
	{prefix: `Error processing tar file`, stage: "blob", note: extracting},

	// CRI-O and podman: containers/image.
	{prefix: `initializing source `, runtime: runtimeCRIO, stage: "resolve", note: sourceImage},
	{prefix: `Error initializing source `, runtime: runtimeCRIO, stage: "resolve", note: sourceImage},
	{prefix: `error initializing source `, runtime: runtimeCRIO, stage: "resolve", note: sourceImage},
	{prefix: `unable to pull image`, runtime: runtimeCRIO, note: runtimePulls},
	{prefix: `pull image err`, runtime: runtimeCRIO, note: runtimePulls},
	{prefix: `pinging container registry `, runtime: runtimeCRIO, stage: "resolve", note: ping},
	{prefix: `pinging docker registry `, runtime: runtimeCRIO, stage: "resolve", note: ping},
	{prefix: `error pinging docker registry `, runtime: runtimeCRIO, stage: "resolve", note: ping},
	{prefix: `Error pinging docker registry `, runtime: runtimeCRIO, stage: "resolve", note: ping},
	{prefix: `Requesting bearer token`, runtime: runtimeCRIO, note: tokenService},
	{prefix: `Requesting bear token`, runtime: runtimeCRIO, note: tokenService}, // as older ones spelt it
	{prefix: `unable to retrieve auth token`, runtime: runtimeCRIO, note: tokenService},
	{prefix: `reading manifest `, runtime: runtimeCRIO, stage: "manifest", note: repository},
	{prefix: `Error reading manifest `, runtime: runtimeCRIO, stage: "manifest", note: repository},
	{prefix: `determining manifest MIME type`, runtime: runtimeCRIO, stage: "manifest", note: sourceImage},
	{prefix: `parsing primary manifest as list`, runtime: runtimeCRIO, stage: "manifest"},
	{prefix: `choosing an image from manifest list`, runtime: runtimeCRIO, stage: "manifest"},
	{prefix: `choosing image instance`, runtime: runtimeCRIO, stage: "manifest"},
	{prefix: `copying system image from manifest list`, runtime: runtimeCRIO, stage: "blob", note: runtimePulls},
	{prefix: `parsing image configuration`, runtime: runtimeCRIO, stage: "blob", note: runtimePulls},
	{prefix: `copying config`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `reading config blob`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `copying layer`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `reading blob`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `fetching blob`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `writing blob`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `storing blob`, runtime: runtimeCRIO, stage: "blob"},
	{prefix: `committing the finished image`, runtime: runtimeCRIO, stage: "blob", note: extracting},

	// vSphere Pods.
	{prefix: `failed to get images`, note: vspherePod},
	{prefix: `Failed to get images`, note: vspherePod},
	{prefix: `Waiting for Image `, note: vspherePod},
	{prefix: `Failed to resolve image`, note: vsphereResolve},
	{prefix: `Failed to resolve on node `, note: vsphereNode},
	{prefix: `Http request failed. Code`, note: vsphereCode},
	{prefix: `ErrorType(`, note: runtimePulls},

	{prefix: `remote error`, note: runtimePulls},
}

var wrappers = sync.OnceValue(func() *table[wrapper] { return newTable(wrapperList) })

// enter notes what a wrapper tells.
func (c *classifier) enter(s segment) {
	words := c.m.words(s)
	c.around.afterURL, c.around.announced = false, false
	for _, w := range wrappers().of(words) {
		if !startsWords(words, w.prefix) {
			continue
		}
		if w.stage != "" {
			c.around.stage = w.stage
		}
		if c.p.Runtime == "" {
			c.p.Runtime = w.runtime
		}
		if w.note != nil {
			w.note(c, s)
		}
		break
	}
	c.quotedImage(s)
	c.enterRequest(s)
}

func sandbox(c *classifier, _ segment)      { c.p.Sandbox = true }
func runtimePulls(c *classifier, _ segment) { c.around.pulling = true }
func local(c *classifier, _ segment)        { c.around.local = true }
func resolving(c *classifier, _ segment)    { c.around.pulling, c.around.resolving = true, true }
func extracting(c *classifier, _ segment)   { c.around.pulling, c.around.extracting = true, true }

// tokenService forgets the registry's request: another host answers from here on.
func tokenService(c *classifier, _ segment) {
	c.around.pulling, c.around.token = true, true
	c.around.request = request{}
}

func anonymousToken(c *classifier, s segment) {
	tokenService(c, s)
	c.p.anonymous = true
}

// committing reads what was committed off the reference: "layer-sha256:...".
func committing(c *classifier, s segment) {
	c.around.pulling, c.around.stage = true, "blob"
	for _, t := range c.m.cutOut(s) {
		if strings.HasPrefix(t.text, "manifest-") || strings.HasPrefix(t.text, "index-") {
			c.around.stage = "manifest"
		}
	}
}

// pullingFromHost reads "pulling from host H failed with status code [manifests T]".
func pullingFromHost(c *classifier, s segment) {
	c.around.pulling, c.around.announced = true, true
	c.namedHost(strings.TrimPrefix(c.m.words(s), "pulling from host "))
}

func ping(c *classifier, s segment) {
	c.around.pulling, c.around.ping = true, true
	_, host, _ := strings.Cut(c.m.words(s), " registry ")
	c.namedHost(host)
}

// repository reads "reading manifest T in H/R".
func repository(c *classifier, s segment) {
	c.around.pulling, c.around.ping = true, false
	if _, name, found := strings.Cut(c.m.words(s), " in "); found {
		c.around.host = registryOfAny(firstWord(name))
	}
}

func sourceImage(c *classifier, s segment) {
	c.around.pulling = true
	if _, ref, found := strings.Cut(c.m.words(s), "docker://"); found {
		c.image(firstWord(ref))
	}
}

func (c *classifier) namedHost(text string) {
	if host, ok := hostPort(firstWord(text), "443"); ok {
		c.around.host = host
	}
}

func vspherePod(c *classifier, _ segment) {
	c.around.pulling = true
	c.p.Origin = evidence.OriginVSpherePod
}

// vsphereResolve reads "esxi02: Failed to resolve image: ...". containerd's own
// wrapper begins with a small letter.
func vsphereResolve(c *classifier, s segment) {
	vspherePod(c, s)
	c.around.stage = "resolve"
	if i := c.index(s); i == 1 {
		c.p.Node = nodeName(c.m.words(c.m.segments[0]))
	}
}

func vsphereNode(c *classifier, s segment) {
	vspherePod(c, s)
	c.around.stage = "resolve"
	c.p.Node = nodeName(firstWord(strings.TrimPrefix(c.m.words(s), "Failed to resolve on node ")))
}

// vsphereCode keeps the code of "Http request failed. Code 400": it is 400 also
// where no server ever answered, so it counts only when nothing else tells.
func vsphereCode(c *classifier, s segment) {
	vspherePod(c, s)
	c.around.httpCode, _ = strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(c.m.words(s), "Http request failed. Code")))
}

func nodeName(text string) string {
	text = strings.TrimRight(text, ".,;")
	if text == "" || len(text) > 253 || strings.ContainsAny(text, " \"/<>") {
		return ""
	}
	return text
}

func (c *classifier) index(s segment) int {
	for i, other := range c.m.segments[:min(len(c.m.segments), 4)] {
		if other == s {
			return i
		}
	}
	return -1
}

// quotedImage takes the image off `... image "REF"` and `... reference "REF"`.
func (c *classifier) quotedImage(s segment) {
	words := c.m.words(s)
	if c.p.Image != "" || (!strings.Contains(words, `image ""`) && !strings.Contains(words, `reference ""`) &&
		!strings.Contains(words, `image name ""`) && !strings.Contains(words, `image tag ""`)) {
		return
	}
	if t := c.m.cutOut(s); len(t) > 0 {
		c.image(t[0].text)
	}
}

// image notes the first image named: the outermost wrapper is the kubelet's.
func (c *classifier) image(ref string) {
	if c.p.Image == "" && len(ref) <= maxReference {
		c.p.Image = ref
	}
}

func firstWord(s string) string {
	s = strings.TrimLeft(s, " ")
	if end := strings.IndexAny(s, " ,;)"); end >= 0 {
		return s[:end]
	}
	return s
}
