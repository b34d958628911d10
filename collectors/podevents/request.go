package podevents

import (
	"net/url"
	"strings"
)

// request is an HTTP request that an error message names.
type request struct {
	host   string // host:port
	stage  string // what was asked for, empty where the path does not tell
	scheme string
	image  string // the reference that a manifest's path spells
}

// announcements are the segments that name a request whose answer follows.
var announcements = []string{
	"unexpected status", "unexpected HEAD status code", "received unexpected HTTP status", "unexpected http code",
	"error fetching external blob from", "content at <>",
}

// enterRequest reads `Head "https://..."`, `Get https://...` and
// `unexpected status from GET request to https://...`.
func (c *classifier) enterRequest(s segment) {
	words := c.m.words(s)
	method, isRequest := requestMethod(words)
	if isRequest {
		c.around.afterURL = true
	} else {
		for _, text := range announcements {
			if strings.HasPrefix(words, text) {
				c.around.announced = true
			}
		}
		if !c.around.announced {
			return
		}
		if strings.Contains(words, " from HEAD request") || strings.HasPrefix(words, "unexpected HEAD") {
			method = "HEAD"
		}
	}
	c.around.pulling = true
	for _, t := range c.m.cutOut(s) {
		if r, ok := parseRequest(method, t.text); ok {
			c.around.request, c.around.ping = r, false
			if r.stage == "token" {
				c.around.token = true
			}
		}
	}
	if c.p.Runtime == "" && method == "HEAD" {
		c.p.Runtime = runtimeContainerd
	}
}

// requestMethod tells a segment that is nothing but a method and a URL, as
// net/url.Error writes it.
func requestMethod(words string) (method string, ok bool) {
	method, target, found := strings.Cut(words, " ")
	if !found || (target != `""` && target != "<>") {
		return "", false
	}
	switch method = strings.ToUpper(method); method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method, true
	default:
		return "", false
	}
}

func parseRequest(method, text string) (request, bool) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return request{}, false
	}
	port := "443"
	if u.Scheme == "http" {
		port = "80"
	}
	host, ok := hostPort(u.Host, port)
	return request{host: host, stage: stageOfPath(method, u), scheme: u.Scheme, image: imageOfPath(u)}, ok
}

// imageOfPath reads "/v2/NAME/manifests/REFERENCE". A mirror that was asked says
// in ns= whose image it is.
func imageOfPath(u *url.URL) string {
	name, ok := strings.CutPrefix(u.Path, "/v2/")
	at := strings.LastIndex(name, "/manifests/")
	if !ok || at < 0 {
		return ""
	}
	name, tag := name[:at], name[at+len("/manifests/"):]
	separator := ":"
	if strings.Contains(tag, ":") {
		separator = "@"
	}
	host := u.Host
	if ns := u.Query().Get("ns"); ns != "" && !strings.ContainsAny(ns, "[]") {
		host = ns
	}
	return host + "/" + name + separator + tag
}

// stageOfPath reads the last two elements of a path: a repository may be called
// "blobs" or "manifests", too. An object store's path tells nothing, and then
// the wrapper decides.
func stageOfPath(method string, u *url.URL) string {
	path := strings.Split(strings.Trim(u.Path, "/"), "/")
	kind := ""
	if len(path) >= 2 {
		kind = path[len(path)-2]
	}
	switch {
	case kind == "manifests" && path[0] == "v2" && method == "HEAD":
		return "resolve"
	case kind == "manifests" && path[0] == "v2":
		return "manifest"
	case kind == "blobs" && path[0] == "v2":
		return "blob"
	case asksForToken(u):
		return "token"
	case strings.Contains(u.Path, "/blobs/sha256/"): // the layout of distribution's storage
		return "blob"
	case strings.Trim(u.Path, "/") == "v2":
		return "resolve"
	default:
		return ""
	}
}

// asksForToken tells a token request by its parameters (distribution's token
// specification); their values may have been removed.
func asksForToken(u *url.URL) bool {
	query := "&" + u.RawQuery
	return strings.Contains(query, "&service=") || strings.Contains(query, "&scope=")
}
